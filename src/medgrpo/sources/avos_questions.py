"""AVOS -> questions. Background and `abstain` are no answers; the next action is the next named one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medgrpo.sources.avos import read_avos
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.grounding import TimedVideo, grounding, next_actions
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem
from medgrpo.tasks import next_action_labels


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    labels = next_action_labels().fixed["AVOS"]
    index = 0
    for video in read_avos(folder):
        named = tuple((segment.span, str(segment.label)) for segment in video.segments if segment.label in labels)
        last = max((segment.span.end_seconds for segment in video.segments), default=0.0)
        if video.duration_seconds is not None and last > video.duration_seconds + 1:
            reason = f"{video.id}: labelled to {last:g} s, but the table gives {video.duration_seconds:g} s"
            yield Problem(folder / "segments.csv", f"line {video.segments[-1].line}", reason)
        end = max(video.duration_seconds or 0.0, last)
        timed = TimedVideo("AVOS", video.id, video.split == "train", end, named, labels)
        for make in (grounding, next_actions):
            for record in make(timed, index):
                yield record
                index += 1


AVOS = Source(
    SourceCard(
        name="AVOS",
        licence="MIT",
        where="the AVOS group's working repository (segments.csv, videos.csv); the videos stay on YouTube",
        tasks=("temporal_grounding", "next_action"),
        left_out="dense captioning: its captions are written by language models",
        on_real_files=True,
    ),
    _records,
)
