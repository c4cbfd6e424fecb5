"""AVOS -> questions. Background and `abstain` are no answers; the next action is the next named one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medgrpo.core import Span
from medgrpo.sources.avos import AvosVideo, avos_videos
from medgrpo.sources.captions import AVOS_CAPTIONS
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import Clip, temporal
from medgrpo.sources.timed import dense_by_group, next_of_segments
from medgrpo.tasks import next_action_labels


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    for video in avos_videos(folder):
        if isinstance(video, Problem):
            yield video
        else:
            yield from _of_video(folder, video)


def _of_video(folder: Path, video: AvosVideo) -> Iterator[BenchmarkRecord | Problem]:
    labels = next_action_labels().fixed["AVOS"]
    named = [(segment.span, str(segment.label)) for segment in video.segments if segment.label in labels]
    last = max((segment.span.end_seconds for segment in video.segments), default=0.0)
    if video.duration_seconds is not None and last > video.duration_seconds + 1:
        reason = f"{video.id}: labelled to {last:g} s, but the table gives {video.duration_seconds:g} s"
        yield Problem(folder / "segments.csv", f"line {video.segments[-1].line}", reason)
    clip = Clip("AVOS", video.id, video.split == "train", 0.0, max(video.duration_seconds or 0.0, last))
    yield from temporal(clip, named, labels)
    yield from next_of_segments(clip.cut, named, labels)
    events: list[tuple[Span, str]] = [(span, AVOS_CAPTIONS[label]) for span, label in named]
    yield from dense_by_group(clip.cut, clip.span, events, labels)


AVOS = Source(
    SourceCard(
        name="AVOS",
        licence="MIT",
        where="the AVOS group's working repository (segments.csv, videos.csv); the videos stay on YouTube",
        tasks=("temporal_grounding", "next_action", "dense_captioning"),
        left_out="nothing; the captions are templates, where MedVidBench's are a language model's",
        on_real_files=True,
    ),
    _records,
)
