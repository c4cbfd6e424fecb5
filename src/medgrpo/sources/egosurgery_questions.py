"""EgoSurgery -> questions about phases, and about one tool or hand while it is the only one of its kind in view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import Span
from medgrpo.sources.captions import phase_caption, region_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.egosurgery import PHASES, RATE, Session, sessions
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import (
    LONGEST_CLIP_SECONDS,
    SHORTEST_CLIP_SECONDS,
    Clip,
    dense,
    rate_for,
    region,
    temporal,
    track,
)
from medgrpo.sources.runs import label_runs, spaced, unbroken, windows
from medgrpo.sources.timed import next_of_segments
from medgrpo.sources.tracks import LONGEST_TRACK_SECONDS, SHORTEST_TRACK_SECONDS, stops

_PERIOD = float(1 / RATE)
"""Seconds from one frame to the next."""


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    for session in sessions(folder):
        if isinstance(session, Problem):
            yield session
        else:
            yield from _of_session(session)


def _of_session(session: Session) -> Iterator[BenchmarkRecord]:
    for first, last in unbroken(session.phases):
        phases = _phases(session, first, last)
        yield from temporal(_clip(session, first, last), phases, PHASES)
        yield from next_of_segments(lambda start, end: _cut(session, start, end), phases, PHASES, SHORTEST_CLIP_SECONDS)
        for begin, finish in windows(first, last, int(LONGEST_CLIP_SECONDS / _PERIOD)):
            if (finish + 1 - begin) * _PERIOD >= SHORTEST_CLIP_SECONDS:
                held = _phases(session, begin, finish)
                events = [(span, phase_caption(phase, _in_view(session, span))) for span, phase in held]
                yield from dense(_clip(session, begin, finish), events, PHASES)
    yield from _tracks(session)


def _phases(session: Session, first: int, last: int) -> list[tuple[Span, str]]:
    """Runs of one phase, in seconds of the session; its frame n begins at n times the period."""
    labels = {number: {session.phases[number]} for number in range(first, last + 1)}
    return [(Span(start * _PERIOD, (end + 1) * _PERIOD), phase) for start, end, phase in label_runs(labels)]


def _in_view(session: Session, span: Span) -> list[str]:
    """What is boxed in at least half of the boxed frames of a stretch, by name."""
    numbers = range(round(span.start_seconds / _PERIOD), round(span.end_seconds / _PERIOD))
    pictures = [session.pictures[number] for number in numbers if number in session.pictures]
    seen = Counter(name for picture in pictures for name in {name for name, _ in picture.things})
    return [_article(name) for name in sorted(seen) if 2 * seen[name] >= len(pictures)]


def _article(name: str) -> str:
    if " hand of " in name:
        return f"the {name}"
    if name == "gauze" or name.endswith(("forceps", "holders", "scissors", "tweezers")):
        return name
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _tracks(session: Session) -> Iterator[BenchmarkRecord]:
    alone: dict[int, set[str]] = {}
    for number, picture in session.pictures.items():
        counts = Counter(name for name, _ in picture.things)
        alone[number] = {name for name, count in counts.items() if count == 1}
    for start, end, name in label_runs(alone):
        for first, last in windows(start, end, int(LONGEST_TRACK_SECONDS / _PERIOD)):
            if (last - first) * _PERIOD < SHORTEST_TRACK_SECONDS:
                continue
            held = {number: dict(session.pictures[number].things)[name] for number in range(first, last + 1)}
            clip = _clip(session, first, last, whole=False)
            found = stops(held, float(RATE))
            if found is not None:
                yield track(clip, name, found.boxes, found.stride_seconds)
            boxes, picture = list(held.values()), session.pictures[first]
            yield region(clip, boxes[0], region_caption(name, boxes, picture.width, picture.height))


def _cut(session: Session, start_seconds: float, end_seconds: float) -> Clip:
    return _clip(session, round(start_seconds / _PERIOD), round(end_seconds / _PERIOD) - 1)


def _clip(session: Session, first: int, last: int, whole: bool = True) -> Clip:
    """From frame `first` to the end of what frame `last` stands for, or (not `whole`) to frame `last` itself."""
    end = (last + 1 if whole else last) * _PERIOD
    rate = min(RATE, rate_for(end - first * _PERIOD))
    numbers = spaced(range(first, last + 1), float(RATE / rate))
    frames = tuple(_file(session, number) for number in numbers)
    bounds = ClipBounds("input_video_frame", str(first), str(last))
    return Clip("EgoSurgery", session.id, session.train, first * _PERIOD, end, frames, numbers, rate, bounds)


def _file(session: Session, number: int) -> str:
    picture = session.pictures.get(number)
    return f"{session.id}_{number:04d}.jpg" if picture is None else picture.file


EGOSURGERY = Source(
    SourceCard(
        name="EgoSurgery",
        licence="CC BY-NC-SA 4.0, by form",
        where="Fujiry0/EgoSurgery on GitHub, by form",
        tasks=("temporal_grounding", "spatiotemporal_grounding", "next_action", "dense_captioning", "region_caption"),
        left_out="objects of which several are in view; steps are the data set's nine phases, where MedVidBench renames some; the "
        "captions are templates, where MedVidBench's are a language model's; one frame every two seconds is assumed",
        on_real_files=False,
    ),
    _records,
)
