"""CholecT50 -> questions about phases and action triplets. A label holds for the second that begins with its frame.

Seconds without labels say nothing, so that a clip is an unbroken stretch of labelled seconds: the whole video where none is
missing. One thing can be known across a gap. In all 50 videos the operation goes preparation, Calot triangle dissection, clipping
and cutting, gallbladder dissection, each followed by nothing else than the next, and comes back to none of the first three
(289 changes of phase, counted by a third party in the whole data set; not checked here). So between two seconds of one of
them all seconds are of it, and the phase after it is known however many seconds miss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast

from medgrpo.core import DataError, Span
from medgrpo.knowledge import PHASES, TRIPLETS, Instance, label
from medgrpo.sources.captions import OPENINGS, act_caption, act_clause, summary_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import (
    LONGEST_CLIP_SECONDS,
    SHORTEST_CLIP_SECONDS,
    Clip,
    dense,
    next_action,
    rate_for,
    summary,
    temporal,
)
from medgrpo.sources.runs import label_runs, spaced, unbroken, windows

ONLY_NEXT: Mapping[int, int] = {0: 1, 1: 2, 2: 3}
"""Phases that only one other phase ever follows, and that never come back."""
SHORTEST_LOOK_SECONDS = 10
"""A clip of a phase that lasts less is too little to tell from what comes next."""
SHORTEST_EVENT_SECONDS = 3
"""A triplet seen for less is no event of a dense caption: at one label a second its bounds would be mostly guess."""
Second = tuple[set[int], set[int]]
"""The phases and the triplets of one labelled second, by index."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One video: its labelled seconds in order, and the names of its pictures by second where they are there."""

    name: str
    seconds: Mapping[int, Second]
    pictures: Mapping[int, str] | None

    def clip(self, first: int, last: int) -> Clip:
        """From second `first` to the end of second `last`; frames are named as the data set names them."""
        rate = rate_for(last + 1 - first)
        picked = spaced([second for second in range(first, last + 1) if second in (self.pictures or self.seconds)], float(1 / rate))
        names = [f"{second:06d}.png" if self.pictures is None else self.pictures[second] for second in picked]
        frames = tuple(f"videos/{self.name}/{name}" for name in names)
        return Clip("CholecT50", self.name, False, float(first), float(last + 1), frames, picked, rate)

    def runs(self, part: Literal[0, 1], first: int, last: int) -> list[tuple[int, int, int]]:
        """Unbroken runs of each phase (part 0) or triplet (part 1) between two seconds, as (first, last, index)."""
        return label_runs({second: self.seconds[second][part] for second in range(first, last + 1)})


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    paths = sorted(folder.glob("labels/*.json"))
    if not paths:
        raise DataError(folder, "holds no CholecT50 labels: expected labels/VIDxx.json")
    for path in paths:
        seconds: dict[int, Second] = {}
        for second, found in _labels(path):
            if isinstance(found, Problem):
                yield found
            else:
                seconds[second] = found
        seconds = dict(sorted(seconds.items()))
        video = Labelled(path.stem, seconds, _pictures(folder / "videos" / path.stem))
        yield from _missing_pictures(path, video)
        yield from _of_video(video)


def _labels(path: Path) -> Iterator[tuple[int, Second | Problem]]:
    try:
        annotations = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8"))["annotations"])
        entries = list(annotations.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        yield -1, Problem(path, "the file", f"not a CholecT50 label file ({error})")
        return
    seen: set[int] = set()
    for key, rows in entries:
        try:
            second = int(key)
            if second < 0 or second in seen:
                raise ValueError("the second occurs twice" if second in seen else "a second before the video")
            held = [Instance.from_vector(row) for row in rows]
        except (ValueError, TypeError, OverflowError) as error:
            yield -1, Problem(path, f"second {key}", str(error))
            continue
        seen.add(second)
        acts = {one.triplet for one in held if one.triplet is not None and TRIPLETS[one.triplet].verb != "null_verb"}
        phases = {one.phase for one in held if one.phase is not None}
        if len(phases) > 1:
            yield (
                -1,
                Problem(path, f"second {key}", f"{len(phases)} phases at once: {', '.join(PHASES[one] for one in sorted(phases))}"),
            )
        yield second, (phases, acts)


def _pictures(folder: Path) -> Mapping[int, str] | None:
    """Second -> file name, None where there is no such folder: labels alone are a data set, too."""
    return {int(one.stem): one.name for one in folder.iterdir() if one.stem.isdecimal()} if folder.is_dir() else None


def _missing_pictures(path: Path, video: Labelled) -> Iterator[Problem]:
    if video.pictures is not None:
        for second in video.seconds.keys() - video.pictures.keys():
            yield Problem(path, f"second {second}", f"has no picture {second:06d} in videos/{video.name}")


def _of_video(video: Labelled) -> Iterator[BenchmarkRecord]:
    for first, last in unbroken(video.seconds):
        if last + 1 - first < SHORTEST_CLIP_SECONDS:
            continue
        clip = video.clip(first, last)
        yield from temporal(clip, [(Span(start, end + 1), PHASES[one]) for start, end, one in video.runs(0, first, last)], PHASES)
        acts = video.runs(1, first, last)
        yield from temporal(clip, [(Span(start, end + 1), _words(one)) for start, end, one in acts], ())
        for begin, finish in windows(first, last, LONGEST_CLIP_SECONDS):
            yield from dense(video.clip(begin, finish), list(_events(video, begin, finish)))
        yield summary(clip, _told(clip, [video.seconds[second] for second in range(first, last + 1)]))
    yield from _next_phases(video)


def _words(triplet: int) -> str:
    act = TRIPLETS[triplet]
    return f"{act.instrument} {act.verb} {act.target}".replace("_", " ")


def _clause(triplet: int) -> str:
    act = TRIPLETS[triplet]
    return act_clause(act.instrument, act.verb, act.target)


def _events(video: Labelled, first: int, last: int) -> Iterator[tuple[Span, str]]:
    for start, end, one in video.runs(1, first, last):
        if end + 1 - start >= SHORTEST_EVENT_SECONDS:
            during = sorted({phase for second in range(start, end + 1) for phase in video.seconds[second][0]})
            yield Span(start, end + 1), act_caption(_clause(one), [PHASES[phase] for phase in during])


def _told(clip: Clip, held: Sequence[Second]) -> str:
    """Phases in order of time, then triplets from the longest to the shortest, each with its seconds."""
    phases: dict[str, float] = {}
    acts: dict[str, float] = {}
    for found, triplets in held:
        for phase in found:
            name = f"the phase is {label(PHASES[phase])}"
            phases[name] = phases.get(name, 0.0) + 1
        for one in triplets:
            acts[_clause(one)] = acts.get(_clause(one), 0.0) + 1
    longest = dict(sorted(acts.items(), key=lambda act: (-act[1], act[0]))[:6])
    return summary_caption(OPENINGS["CholecT50"], {**phases, **longest}, clip.seconds)


def _next_phases(video: Labelled) -> Iterator[BenchmarkRecord]:
    """The clip is one phase, whole or as far as its seconds are labelled without a gap; see the head of this file."""
    held = [(second, next(iter(found))) for second, (found, _) in video.seconds.items() if len(found) == 1]
    changes = [place for place, ((_, one), (_, two)) in enumerate(pairwise(held)) if one != two]
    begin = 0
    for change in changes:
        (last, phase), (after, following) = held[change], held[change + 1]
        first = held[begin][0]
        begin = change + 1
        known = ONLY_NEXT.get(phase)
        if known is None:  # only without a gap is the following phase known, and only as far back as no gap is the clip
            first = unbroken([second for second, _ in held[: change + 1] if second >= first])[-1][0]
        if (known == following or (known is None and after == last + 1)) and last + 1 - first >= SHORTEST_LOOK_SECONDS:
            yield next_action(video.clip(first, last), PHASES, PHASES[following])


CHOLECT50 = Source(
    SourceCard(
        name="CholecT50",
        licence="CC BY-NC-SA 4.0",
        where="CAMMA, University of Strasbourg, by request form (labels/VIDxx.json)",
        tasks=("temporal_grounding", "next_action", "dense_captioning", "video_summary"),
        left_out="no split is given: `train` is false; the captions are templates, where MedVidBench's are a language model's",
        on_real_files=True,
    ),
    _records,
)
