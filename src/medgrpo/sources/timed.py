"""What the sources of timed segments share: which stretches of a video are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from medgrpo.core import Span
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.questions import LONGEST_CLIP_SECONDS, Clip, dense, next_action
from medgrpo.sources.runs import groups

Cut = Callable[[float, float], Clip]
"""The clip of a video between two of its seconds."""


def next_of_segments(
    cut: Cut, segments: Sequence[tuple[Span, str]], steps: Sequence[str], shortest_seconds: float = 0.0
) -> Iterator[BenchmarkRecord]:
    """One question per segment that another of a different label follows: the clip is the segment. Segments in order of start.

    Empty segments neither ask nor follow, those under `shortest_seconds` do not ask, and a label outside `steps` is no answer.
    """
    held = [(span, label) for span, label in segments if span.duration_seconds > 0]
    for (span, label), (after, following) in pairwise(held):
        if following == label or following not in steps or after.start_seconds < span.end_seconds:
            continue
        if span.duration_seconds >= shortest_seconds:
            yield next_action(cut(span.start_seconds, span.end_seconds), steps, following)


def dense_by_group(cut: Cut, video: Span, events: Sequence[tuple[Span, str]], listed: Sequence[str]) -> Iterator[BenchmarkRecord]:
    """Events in order of start, cut into clips where nothing is under way. A clip reaches from the last event before it to the
    first after it, or to the video's ends."""
    held = [event for event in events if event[0].duration_seconds > 0]
    for first, after in groups([span for span, _ in held], LONGEST_CLIP_SECONDS):
        start = max((span.end_seconds for span, _ in held[:first]), default=video.start_seconds)
        end = held[after][0].start_seconds if after < len(held) else max(video.end_seconds, held[after - 1][0].end_seconds)
        yield from dense(cut(start, end), held[first:after], listed)
