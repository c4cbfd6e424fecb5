"""What the sources of timed segments share: which stretches of a video are asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from medgrpo.core import Span
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.questions import LONGEST_CLIP_SECONDS, Clip, dense, next_action
from medgrpo.sources.runs import groups


def next_of_segments(video: Clip, segments: Sequence[tuple[Span, str]], steps: Sequence[str]) -> Iterator[BenchmarkRecord]:
    """One question per segment that another of a different label follows: the clip is the segment. Segments in order of start.

    Empty segments neither ask nor follow, and a label outside `steps` is no answer.
    """
    held = [(span, label) for span, label in segments if span.duration_seconds > 0]
    for (span, label), (after, following) in pairwise(held):
        if following == label or following not in steps or after.start_seconds < span.end_seconds:
            continue
        clip = replace(video, start_seconds=span.start_seconds, end_seconds=span.end_seconds)
        yield next_action(clip, steps, following)


def dense_by_group(video: Clip, events: Sequence[tuple[Span, str]], listed: Sequence[str] = ()) -> Iterator[BenchmarkRecord]:
    """Events in order of start, cut into clips where nothing is under way. A clip reaches from the last event before it to the
    first after it, or to the video's ends."""
    held = [event for event in events if event[0].duration_seconds > 0]
    found = groups([span for span, _ in held], LONGEST_CLIP_SECONDS)
    for first, after in found:
        start = max((span.end_seconds for span, _ in held[:first]), default=video.start_seconds)
        end = held[after][0].start_seconds if after < len(held) else video.end_seconds
        yield from dense(replace(video, start_seconds=start, end_seconds=end), held[first:after], listed)
