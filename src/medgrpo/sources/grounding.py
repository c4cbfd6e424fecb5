"""What the sources of timed actions share: a video's segments -> questions of when an action happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from medgrpo.core import Span
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.tasks import NextAction, NextActionAnswer, TemporalAnswer, TemporalGrounding


@dataclass(frozen=True, slots=True)
class TimedVideo:
    """A clip, by default a whole video: its labelled segments in order of start, in seconds of the video; `labels` may occur."""

    source: str
    id: str
    train: bool
    end_seconds: float
    segments: tuple[tuple[Span, str], ...]
    labels: Sequence[str]
    start_seconds: float = 0.0


RATE = Fraction(1, 2)
"""Nominal sampling rate: MedVidBench samples most of its clips at 0.5 frames per second."""


def grounding(video: TimedVideo, index: int) -> Iterator[BenchmarkRecord]:
    """One question per label that occurs, in order of first occurrence; numbered from `index`. Empty segments are no answer."""
    task = TemporalGrounding()
    by_label: dict[str, list[Span]] = {}
    zero = video.start_seconds
    for held, label in video.segments:
        span = Span(held.start_seconds - zero, held.end_seconds - zero)
        if span.duration_seconds > 0 and span not in by_label.get(label, []):
            by_label.setdefault(label, []).append(span)
    for place, (label, spans) in enumerate(by_label.items()):
        number = index + place
        yield _record(
            video,
            number,
            "tal",
            zero,
            video.end_seconds,
            task.prompt(video.source, label, video.labels, number),
            task.write(TemporalAnswer(tuple(spans))),
            [{"action": label, "spans": [{"start": span.start_seconds, "end": span.end_seconds} for span in spans]}],
        )


def next_actions(video: TimedVideo, index: int) -> Iterator[BenchmarkRecord]:
    """One question per segment that another of a different label follows: the clip is the segment. Numbered from `index`."""
    task = NextAction()
    number = index
    held = [(span, label) for span, label in video.segments if span.duration_seconds > 0]
    for place, (span, label) in enumerate(held[:-1]):
        after, following = held[place + 1]
        if following == label or after.start_seconds < span.end_seconds:
            continue
        question = task.prompt(video.source, video.labels, number)
        answer = task.write(NextActionAnswer(following))
        yield _record(video, number, "next_action", span.start_seconds, span.end_seconds, question, answer, None)
        number += 1


def _record(
    video: TimedVideo, index: int, kind: str, start: float, end: float, question: str, answer: str, structure: object
) -> BenchmarkRecord:
    fps = float(RATE)
    return BenchmarkRecord(
        index=index,
        id=f"{video.id}&&{start}&&{end}&&{fps}",
        qa_type=kind,
        source=video.source,
        train=video.train,
        frames=(),
        frame_numbers=(),
        video=video.id,
        clip=ClipBounds("input_video_time", str(start), str(end)),
        frames_per_second=RATE,
        question=question,
        answer=answer,
        struc_info=structure,
    )
