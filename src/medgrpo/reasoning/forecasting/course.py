"""A recorded course of labelled stretches, and what is known, and what is still to come, at a moment of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Span

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
NONE = -1  # no label: a gap, or nothing yet
AFTER = -2  # the course is over


@dataclass(frozen=True, slots=True)
class Stretch:
    """A label (an index) and when it holds."""

    label: int
    span: Span


@dataclass(frozen=True, slots=True)
class Course:
    """One recording. `kind`: which procedure it is (an index). Stretches in order of start; they may overlap and leave gaps."""

    id: str
    kind: int
    stretches: tuple[Stretch, ...]
    start_seconds: float
    end_seconds: float

    def __post_init__(self) -> None:
        if not self.start_seconds < self.end_seconds:
            raise ValueError(f"{self.id}: a course has a length, got {self.start_seconds} to {self.end_seconds}")
        starts = [one.span.start_seconds for one in self.stretches]
        if starts != sorted(starts):
            raise ValueError(f"{self.id}: stretches come in order of start")


@dataclass(frozen=True, slots=True)
class Moments:
    """What is known at q moments. Labels are indices, NONE where there is none.

    `under_way` (q,): the label now; `recent` (q, 3): the labels begun last, the latest first; `done` (q, labels): begun so far;
    `spent_seconds` (q,): since the latest began, or in a gap since it ended; `elapsed_seconds` (q,): since the course began.
    """

    under_way: Labels
    recent: Labels
    done: NDArray[np.bool_]
    spent_seconds: Array
    elapsed_seconds: Array

    def __len__(self) -> int:
        return len(self.under_way)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came after the same moments: the next label to begin (q,), seconds until each is under way (q, labels), inf for never,
    and seconds to the end of the course (q,)."""

    next_label: Labels
    waiting_seconds: Array
    remaining_seconds: Array


def moments_at(course: Course, seconds: Sequence[float], labels: int) -> Moments:
    """What is known at each of those moments of the course's clock."""
    names, starts, ends = _columns(course)
    now = np.asarray(seconds, dtype=np.float64)
    begun = starts <= now[:, None]
    current = begun & (now[:, None] < ends)
    count = begun.sum(axis=1)  # stretches come in order of start: the first so many have begun
    latest = np.where(current, np.arange(len(names)), NONE).max(axis=1, initial=NONE)
    ended = np.where(begun, ends, -np.inf).max(axis=1, initial=-np.inf)
    since = np.where(latest != NONE, np.append(starts, 0.0)[latest], np.where(count > 0, ended, course.start_seconds))
    padded = np.concatenate([names, np.full(3, NONE)])
    done = np.zeros((len(names) + 1, labels), dtype=np.bool_)
    for place, name in enumerate(names.tolist()):
        done[place + 1 :, name] = True
    places = count[:, None] - 1 - np.arange(3)
    recent = padded[np.where(places >= 0, places, len(names))]
    return Moments(
        padded[np.where(latest != NONE, latest, len(names))], recent, done[count], now - since, now - course.start_seconds
    )


def outcomes_at(course: Course, seconds: Sequence[float], labels: int) -> Outcomes:
    """What came after each of those moments."""
    names, starts, ends = _columns(course)
    now = np.asarray(seconds, dtype=np.float64)
    waits = np.full((len(now), labels), np.inf)
    following = np.full(len(now), NONE, dtype=np.intp)
    for name, start, end in reversed(list(zip(names.tolist(), starts, ends, strict=True))):
        wait = np.where(end > now, np.maximum(0.0, start - now), np.inf)
        waits[:, name] = np.minimum(waits[:, name], wait)
        following[start > now] = name
    return Outcomes(following, waits, course.end_seconds - now)


def moments_between(course: Course, labels: int) -> tuple[Moments, Labels]:
    """The ends of all stretches but the last, and the label (q,) that came next."""
    names = [one.label for one in course.stretches]
    known = range(len(names) - 1)
    moments = _moments(
        names[:-1],
        [_recent(names[: place + 1]) for place in known],
        [_done(names[: place + 1], labels) for place in known],
        [course.stretches[place].span.duration_seconds for place in known],
        [max(0.0, course.stretches[place].span.end_seconds - course.start_seconds) for place in known],
        labels,
    )
    return moments, np.array(names[1:], dtype=np.intp)


def labels_at(course: Course, seconds: Sequence[float] | Array) -> Labels:
    """The label under way at each moment, in the shape of `seconds`; NONE in a gap, AFTER once the course is over."""
    now = np.asarray(seconds, dtype=np.float64)
    found = np.where(now >= course.end_seconds, AFTER, NONE)
    for one in course.stretches:
        found[(one.span.start_seconds <= now) & (now < one.span.end_seconds)] = one.label
    return found


def joined(parts: Sequence[Moments]) -> Moments:
    """All moments of the parts, one after another."""
    return Moments(
        np.concatenate([one.under_way for one in parts]),
        np.concatenate([one.recent for one in parts]),
        np.concatenate([one.done for one in parts]),
        np.concatenate([one.spent_seconds for one in parts]),
        np.concatenate([one.elapsed_seconds for one in parts]),
    )


def _moments(
    under_way: Sequence[int],
    recent: Sequence[Sequence[int]],
    done: Sequence[NDArray[np.bool_]],
    spent: Sequence[float],
    elapsed: Sequence[float],
    labels: int,
) -> Moments:
    count = len(under_way)
    return Moments(
        np.array(under_way, dtype=np.intp),
        np.array(recent, dtype=np.intp).reshape(count, 3),
        np.array(done, dtype=np.bool_).reshape(count, labels),
        np.array(spent, dtype=np.float64),
        np.array(elapsed, dtype=np.float64),
    )


def _columns(course: Course) -> tuple[Labels, Array, Array]:
    """Label, start and end of every stretch, in seconds of the course's clock."""
    names = np.array([one.label for one in course.stretches], dtype=np.intp)
    starts = np.array([one.span.start_seconds for one in course.stretches], dtype=np.float64)
    return names, starts, np.array([one.span.end_seconds for one in course.stretches], dtype=np.float64)


def _recent(names: Sequence[int]) -> list[int]:
    return [*reversed(names[-3:]), NONE, NONE, NONE][:3]


def _done(names: Sequence[int], labels: int) -> NDArray[np.bool_]:
    found = np.zeros(labels, dtype=np.bool_)
    found[list(names)] = True
    return found
