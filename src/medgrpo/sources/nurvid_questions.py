"""NurViD -> questions. The actions listed in a question are those of the video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.grounding import TimedVideo, grounding
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.nurvid import read_nurvid
from medgrpo.sources.problem import Problem


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    path = folder / "annotations" / "NurViD_annotations.json"
    index = 0
    for video in read_nurvid(folder):
        for segment in video.segments:
            if segment.span.duration_seconds == 0:
                yield Problem(path, f"{video.id}: annotation {segment.number}", "a segment of length 0: no answer is made of it")
            elif segment.span.end_seconds > video.duration_seconds + 1:
                reason = f"ends at {segment.span.end_seconds:g} s, but the video at {video.duration_seconds:g} s"
                yield Problem(path, f"{video.id}: annotation {segment.number}", reason)
        named = tuple((segment.span, segment.action) for segment in video.segments)
        end = max([video.duration_seconds, *(span.end_seconds for span, _ in named)])
        listed = sorted({action for _, action in named})
        for record in grounding(TimedVideo("NurViD", video.id, video.split == "train", end, named, listed), index):
            yield record
            index += 1


NURVID = Source(
    SourceCard(
        name="NurViD",
        licence="CC BY 4.0 (annotations)",
        where="minghu0830/NurViD-benchmark on GitHub; the videos stay on YouTube",
        tasks=("temporal_grounding",),
        left_out="dense captioning: its captions are written by language models; next action: in the evaluator's lists only",
        on_real_files=True,
    ),
    _records,
)
