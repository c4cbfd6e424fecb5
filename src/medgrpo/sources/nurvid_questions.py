"""NurViD -> questions. The actions listed in a grounding question are those of the video; the steps of a next-action question are
those that MedVidBench's evaluator lists for the procedure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medgrpo.sources.captions import step_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.nurvid import NurvidVideo, nurvid_videos
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import Clip, temporal
from medgrpo.sources.timed import dense_by_group, next_of_segments
from medgrpo.tasks import next_action_labels


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    steps = dict(next_action_labels().nurvid)
    for video in nurvid_videos(folder):
        if isinstance(video, Problem):
            yield video
        else:
            yield from _odd(folder / "annotations" / "NurViD_annotations.json", video)
            yield from _of_video(video, steps.get(video.procedure, ()))


def _odd(path: Path, video: NurvidVideo) -> Iterator[Problem]:
    for segment in video.segments:
        if segment.span.duration_seconds == 0:
            yield Problem(path, f"{video.id}: annotation {segment.number}", "a segment of length 0: no answer is made of it")
        elif segment.span.end_seconds > video.duration_seconds + 1:
            reason = f"ends at {segment.span.end_seconds:g} s, but the video at {video.duration_seconds:g} s"
            yield Problem(path, f"{video.id}: annotation {segment.number}", reason)


def _of_video(video: NurvidVideo, steps: tuple[str, ...]) -> Iterator[BenchmarkRecord]:
    named = [(segment.span, segment.action) for segment in video.segments]
    end = max([video.duration_seconds, *(span.end_seconds for span, _ in named)])
    clip = Clip("NurViD", video.id, video.split == "train", 0.0, end)
    listed = sorted({action for _, action in named})
    yield from temporal(clip, named, listed)
    yield from next_of_segments(clip.cut, named, steps)
    events = [(span, step_caption(action, video.procedure)) for span, action in named]
    yield from dense_by_group(clip.cut, clip.span, events, listed)


NURVID = Source(
    SourceCard(
        name="NurViD",
        licence="CC BY 4.0 (annotations)",
        where="minghu0830/NurViD-benchmark on GitHub; the videos stay on YouTube",
        tasks=("temporal_grounding", "next_action", "dense_captioning"),
        left_out="next actions outside the evaluator's list of the procedure; the captions are templates, where MedVidBench's are "
        "a language model's",
        on_real_files=True,
    ),
    _records,
)
