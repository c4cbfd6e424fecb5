"""Where courses for the evaluation of forecasts come from: NurViD, AVOS, and scripts of simulated cholecystectomies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from medgrpo.core import InputError, Span
from medgrpo.knowledge import PHASES, load_procedure
from medgrpo.reasoning import Course, Stretch
from medgrpo.simulation import Case, Deviation, Script, scripted, simulate
from medgrpo.sources import AVOS_LABELS, AvosVideo, NurvidVideo, read_avos, read_nurvid

ForecastSource = Literal["nurvid", "avos", "simulated"]
FORECAST_SOURCES: tuple[ForecastSource, ...] = get_args(ForecastSource)
SIMULATED_PROCEDURE = "laparoscopic_cholecystectomy"
_SEEDS = {"train": range(1000, 1120), "val": range(2000, 2020), "test": range(3000, 3040)}
_DEVIATIONS = tuple(Deviation)


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses by part, the names of labels, those that are scored, and whether the kind of procedure tells courses apart."""

    train: tuple[Course, ...]
    val: tuple[Course, ...]
    test: tuple[Course, ...]
    labels: tuple[str, ...]
    scored: tuple[int, ...]
    kinds: bool


def read_courses(source: ForecastSource, folder: Path | None, procedure: str = SIMULATED_PROCEDURE) -> Courses:
    """The courses of one source. DataError names what is wrong with its files; simulated ones need no folder."""
    if source == "simulated":
        parts = {name: tuple(simulated_course(seed, procedure) for seed in seeds) for name, seeds in _SEEDS.items()}
        return Courses(parts["train"], parts["val"], parts["test"], PHASES, tuple(range(len(PHASES))), kinds=False)
    if folder is None:
        raise InputError(f"the source {source} needs the folder of its annotations")
    if source == "avos":
        videos = [video for video in read_avos(folder) if video.segments]
        chosen = {name: tuple(_avos(video) for video in videos if video.split == name) for name in ("train", "val", "test")}
        scored = tuple(place for place, label in enumerate(AVOS_LABELS) if label != "abstain")
        return Courses(chosen["train"], chosen["val"], chosen["test"], AVOS_LABELS, scored, kinds=False)
    nursing = read_nurvid(folder)
    found = {name: tuple(_nurvid(video) for video in nursing if video.split == name and video.segments) for name in _SEEDS}
    actions = {one.action_id: one.action for video in nursing for one in video.segments}
    names = tuple(actions.get(place, "") for place in range(max(actions) + 1))
    return Courses(found["train"], found["val"], found["test"], names, tuple(range(len(names))), kinds=True)


def without_background(courses: Courses) -> Courses:
    """AVOS with its named actions only: background and abstentions become gaps. One video may then have no stretch: left out."""
    kept = tuple(AVOS_LABELS.index(name) for name in ("cutting", "tying", "suturing"))

    def named(part: Sequence[Course]) -> tuple[Course, ...]:
        chosen = [
            Course(one.id, one.kind, tuple(s for s in one.stretches if s.label in kept), one.start_seconds, one.end_seconds)
            for one in part
        ]
        return tuple(one for one in chosen if one.stretches)

    return Courses(named(courses.train), named(courses.val), named(courses.test), courses.labels, kept, kinds=False)


def _nurvid(video: NurvidVideo) -> Course:
    stretches = tuple(Stretch(one.action_id, one.span) for one in video.segments)
    end = max(video.duration_seconds, *(one.span.end_seconds for one in stretches))
    return Course(video.id, video.procedure_id, stretches, 0.0, end)


def _avos(video: AvosVideo) -> Course:
    """From its first segment to its last; neighbours of the same label are one stretch."""
    found: list[Stretch] = []
    for one in video.segments:
        label = AVOS_LABELS.index(one.label)
        if found and found[-1].label == label:
            span = Span(found[-1].span.start_seconds, max(found[-1].span.end_seconds, one.span.end_seconds))
            found[-1] = Stretch(label, span)
        else:
            found.append(Stretch(label, one.span))
    start, end = found[0].span.start_seconds, max(one.span.end_seconds for one in found)
    return Course(video.id, 0, tuple(found), start, end)


def simulated_course(seed: int, procedure: str = SIMULATED_PROCEDURE) -> Course:
    """The course of phases of a case of 5 to 20 minutes, every second one with a deviation; only its script is made."""
    return course_of(scripted(load_procedure(procedure), *_played(seed)), seed)


def simulated_case(seed: int, procedure: str = SIMULATED_PROCEDURE) -> Case:
    """The whole case of that course."""
    return simulate(load_procedure(procedure), *_played(seed), size_wh=(320, 180))


def course_of(script: Script, seed: int) -> Course:
    """The true phases of a script."""
    stretches = tuple(Stretch(PHASES.index(one.phase), one.span) for one in script.phases)
    name = f"case {seed} ({', '.join(one.value for one in script.deviations)})"
    return Course(name, 0, stretches, 0.0, script.duration_seconds)


def _played(seed: int) -> tuple[float, int, tuple[Deviation, ...]]:
    """Minutes, seed and deviations."""
    deviation = _DEVIATIONS[(seed // 2) % len(_DEVIATIONS)] if seed % 2 else Deviation.NONE
    return 5 + seed * 7 % 16, seed, (deviation,)
