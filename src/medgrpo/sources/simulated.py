"""Simulated cases -> questions of all eight tasks, with exact truth. Drawings: to test and train software, never evidence.

Layout: folders that `medgrpo simulate --frames` wrote (docs/simulation.md), the given folder itself or any below it: `truth.json`,
`truth.jsonl`, and a picture a second. Times are given to a tenth of a second, boxes to a tenth of a pixel. Clips of the longer
questions are cut so that each has at most a picture a second.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError, Span
from medgrpo.knowledge import PHASES
from medgrpo.sources.captions import act_caption, act_clause, region_caption, sentence, summary_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import (
    MOST_FRAMES,
    Clip,
    critical_view,
    dense,
    rate_for,
    region,
    skill,
    summary,
    temporal,
    track,
)
from medgrpo.sources.runs import label_runs, spaced, windows
from medgrpo.sources.timed import next_of_segments
from medgrpo.tasks import ASPECTS, CRITERIA, PixelBox

NAME = "Simulated"
_CHOLECYSTECTOMY, _WORLD = "medgrpo-simulation-truth/1", "medgrpo-world-truth/1"
_LEAST_TRACK_SECONDS = 4
_LEAST_REGION_SECONDS = 10
_MOST_BOXES = 12
_STRIDES = (1, 2, 4, 8)
Segments = Sequence[tuple[Span, str]]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done in a stretch: `tool` as it is called where boxes are, `does` without a subject, `told` as a sentence."""

    span: Span
    tool: str
    clause: str
    does: str
    told: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a truth says in words. `steps`: what may come next, `segments` its stretches; `timed`: what is asked for in time, with
    the labels that may occur. `view`: the critical view's grades and the stretch in which it is dissected.
    """

    opening: str
    segments: Segments
    steps: tuple[str, ...]
    timed: tuple[tuple[Segments, tuple[str, ...]], ...]
    deeds: tuple[Deed, ...]
    skill: Mapping[str, int] | None = None
    view: tuple[Span, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True)
class SimulatedCase:
    """One case. `boxes`: second -> tool -> box in pixels, of tools that are there once; `pictures`: second -> path below DIR."""

    name: str
    seconds: int
    size_wh: tuple[int, int]
    boxes: Mapping[int, Mapping[str, PixelBox]]
    pictures: Mapping[int, str]
    told: Told

    def clip(self, start: float, end: float) -> Clip:
        """From second `start` up to second `end`, which no longer belongs to it, with the pictures of the whole seconds between."""
        rate = rate_for(end - start)
        inside = range(math.ceil(start), math.ceil(end))
        picked = spaced([second for second in inside if second in self.pictures], float(1 / rate))
        frames = tuple(self.pictures[second] for second in picked)
        return Clip(NAME, self.name, False, float(start), float(end), frames, picked, rate)


def read_simulated(folder: Path) -> Iterator[SimulatedCase | Problem]:
    """Every case, in order of its path. DataError where there is none."""
    paths = sorted(folder.rglob("truth.json"))
    if not paths:
        raise DataError(folder, "holds no simulated case: expected truth.json, as medgrpo simulate --frames writes it")
    for path in paths:
        try:
            yield _case(folder, path.parent, cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield Problem(path, "the file", f"not the truth of a simulated case ({said})")


def _case(root: Path, folder: Path, truth: dict[str, Any]) -> SimulatedCase:
    kind = truth["format"]
    if kind not in (_CHOLECYSTECTOMY, _WORLD):
        raise ValueError(f"format {kind!r} is none of {_CHOLECYSTECTOMY}, {_WORLD}")
    rows: dict[int, dict[str, Any]] = {}
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        row = cast("dict[str, Any]", json.loads(line))
        rows.setdefault(int(row["seconds"]), row)
    name, (width, height) = str(truth["case"]), truth["size_wh"]
    shots = folder / "videos" / name if kind == _CHOLECYSTECTOMY else folder / "frames"
    pictures = {int(one.stem): one.relative_to(root).as_posix() for one in sorted(shots.glob("*.jpg")) if one.stem.isdecimal()}
    boxes = {
        second: _alone([(tool, _pixels(corners, width, height)) for tool, corners in _seen(row)]) for second, row in rows.items()
    }
    told = _cholecystectomy(truth, rows) if kind == _CHOLECYSTECTOMY else _world(truth)
    return SimulatedCase(name, int(float(truth["duration_seconds"])), (width, height), boxes, pictures, told)


def _cholecystectomy(truth: dict[str, Any], rows: Mapping[int, dict[str, Any]]) -> Told:
    phases = [(_span(one), str(one["phase"])) for one in truth["phases"]]
    deeds: list[Deed] = []
    acts: list[tuple[Span, str]] = []
    for one in truth["actions"]:
        instrument, verb, target = str(one["triplet"]).split(",")
        if verb != "null_verb":
            clause = act_clause(instrument, verb, target)
            span = _span(one)
            acts.append((span, f"{instrument} {verb} {target}".replace("_", " ")))
            deeds.append(Deed(span, instrument, clause, clause.partition(f"{instrument} ")[2], act_caption(clause)))
    calot = next((span for span, phase in phases if phase == "carlot-triangle-dissection"), None)
    last = None if calot is None else max((second for second in rows if second < calot.end_seconds), default=None)
    view = None if calot is None or last is None else (calot, tuple(int(one) for one in rows[last]["critical_view"]))
    opening = "The clip shows a drawn laparoscopic cholecystectomy."
    return Told(opening, phases, PHASES, ((phases, PHASES), (acts, ())), tuple(deeds), view=view)


def _world(truth: dict[str, Any]) -> Told:
    labels = tuple(str(one) for one in truth["labels"])
    actions = [(_span(one), str(one["label"])) for one in truth["actions"]]
    deeds: list[Deed] = []
    for one in truth["deeds"]:
        does = f"{one['verb']} {one['target']}"
        clause = f"the {one['tool']} {does}"
        deeds.append(Deed(_span(one), str(one["tool"]), clause, does, sentence(clause)))
    grades = truth["skill"]
    opening = f"The clip shows a drawing: {str(truth['world']).replace('-', ' ')}."
    graded = None if grades is None else {aspect: int(grades[aspect]) for aspect in ASPECTS}
    return Told(opening, actions, labels, ((actions, labels),), tuple(deeds), graded)


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    for case in read_simulated(folder):
        if isinstance(case, Problem):
            yield case
            continue
        whole = case.clip(0, case.seconds)
        for segments, listed in case.told.timed:
            yield from temporal(whole, _until(segments, case.seconds), listed)
        following = next_of_segments(case.clip, _until(case.told.segments, case.seconds), case.told.steps)
        # a stretch between two whole seconds has no picture: nothing of it can be shown, so nothing is asked
        yield from (record for record in following if record.frames or not case.pictures)
        for first, last in windows(0, case.seconds - 1, MOST_FRAMES):
            clip = case.clip(first, last + 1)
            held = [(span, deed.told) for deed in case.told.deeds if (span := _inside(deed.span, clip)) is not None]
            yield from dense(clip, held)
            yield from _tracks(case, clip)
        yield summary(whole, summary_caption(case.told.opening, _lasting(case), whole.seconds))
        yield from _regions(case)
        if case.told.skill is not None:
            yield skill(whole, case.told.skill, _level(case.told.skill))
        if (
            case.told.view is not None
            and int(case.told.view[0].end_seconds) - int(case.told.view[0].start_seconds) >= _LEAST_REGION_SECONDS
        ):
            span, grades = case.told.view
            seen = case.clip(int(span.start_seconds), int(span.end_seconds))
            yield critical_view(seen, dict(zip(CRITERIA, grades, strict=True)))


def _tracks(case: SimulatedCase, clip: Clip) -> Iterator[BenchmarkRecord]:
    """Each tool while it is seen without a gap, at the shortest stride that gives not too many boxes."""
    start = int(clip.start_seconds)
    held = {second: set(case.boxes.get(second, {})) for second in range(start, int(clip.end_seconds))}
    for first, last, tool in label_runs(held):
        if last - first < _LEAST_TRACK_SECONDS:
            continue
        stride = next((one for one in _STRIDES if (last - first) // one < _MOST_BOXES), _STRIDES[-1])
        boxes = [(float(second - start), case.boxes[second][tool]) for second in range(first, last + 1, stride)]
        yield track(clip, tool, boxes, float(stride))


def _regions(case: SimulatedCase) -> Iterator[BenchmarkRecord]:
    held = {second: set(found) for second, found in case.boxes.items() if second in case.pictures}
    for first, last, tool in label_runs(dict(sorted(held.items()))):
        if last + 1 - first < _LEAST_REGION_SECONDS:
            continue
        span = Span(float(first), float(last + 1))
        shares = {deed: _shared(deed.span, span) for deed in case.told.deeds if deed.tool == tool}
        longest = max(shares, key=lambda deed: shares[deed], default=None)
        does = longest.does if longest is not None and shares[longest] > span.duration_seconds / 2 else ""
        boxes = [case.boxes[second][tool] for second in range(first, last + 1)]
        width, height = case.size_wh
        yield region(case.clip(first, last + 1), boxes[0], region_caption(tool, boxes, width, height, does))


def _lasting(case: SimulatedCase) -> dict[str, float]:
    """What is done for how long, the six longest first."""
    held: dict[str, float] = {}
    for deed in case.told.deeds:
        held[deed.clause] = held.get(deed.clause, 0.0) + deed.span.duration_seconds
    return dict(sorted(held.items(), key=lambda entry: (-entry[1], entry[0]))[:6])


def _level(grades: Mapping[str, int]) -> str:
    """Novice, intermediate or expert, by the mean of the grades: JIGSAWS asks for years at the console, which drawings have not."""
    mean = sum(grades.values()) / len(grades)
    return "N" if mean <= 2.5 else "I" if mean <= 3.5 else "E"


def _seen(row: dict[str, Any]) -> list[tuple[str, list[float]]]:
    if "tips" in row:
        return [(str(tip["triplet"]).partition(",")[0], tip["box_xyxy"]) for tip in row["tips"]]
    return [(str(tool["name"]), tool["box_xyxy"]) for tool in row["tools"]]


def _alone(found: Sequence[tuple[str, PixelBox]]) -> dict[str, PixelBox]:
    """Tools that are in the picture once: of two alike a question could mean either."""
    names = [tool for tool, _ in found]
    return {tool: box for tool, box in found if names.count(tool) == 1}


def _pixels(corners: Sequence[float], width: int, height: int) -> PixelBox:
    x0, y0, x1, y1 = corners
    return PixelBox(round(x0 * width, 1), round(y0 * height, 1), round(x1 * width, 1), round(y1 * height, 1))


def _span(one: dict[str, Any]) -> Span:
    """To a tenth of a second: nobody sees more in a picture a second, and answers stay short."""
    return Span(round(float(one["start_seconds"]), 1), round(float(one["end_seconds"]), 1))


def _until(segments: Segments, end: float) -> list[tuple[Span, str]]:
    return [(Span(span.start_seconds, min(span.end_seconds, end)), label) for span, label in segments if span.start_seconds < end]


def _inside(span: Span, clip: Clip) -> Span | None:
    start, end = max(span.start_seconds, clip.start_seconds), min(span.end_seconds, clip.end_seconds)
    return Span(start, end) if end - start > 0 else None


def _shared(one: Span, two: Span) -> float:
    return max(0.0, min(one.end_seconds, two.end_seconds) - max(one.start_seconds, two.start_seconds))


SIMULATED = Source(
    SourceCard(
        name=NAME,
        licence="Apache-2.0 (drawn by medgrpo)",
        where="medgrpo simulate --frames",
        tasks=(
            "temporal_grounding", "spatiotemporal_grounding", "next_action", "dense_captioning", "video_summary", "region_caption",
            "skill_assessment", "critical_view",
        ),
        left_out="next actions of stretches that lie between two whole seconds, so that no picture shows them; drawings are no "
        "evidence of accuracy on real surgery",
        on_real_files=True,
    ),
    _records,
)  # fmt: skip
