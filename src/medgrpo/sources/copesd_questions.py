"""CoPESD -> questions. Times count images, one per second (assumed); boxes are in thousandths of the annotation's square."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from medgrpo.core import Span
from medgrpo.sources.captions import COPESD_CLAUSES, OPENINGS, motion_caption, summary_caption
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.copesd import INSTRUMENTS, RATE, CopesdVideo, copesd_videos
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds
from medgrpo.sources.problem import Problem
from medgrpo.sources.questions import LONGEST_CLIP_SECONDS, SHORTEST_CLIP_SECONDS, Clip, dense, rate_for, summary, temporal, track
from medgrpo.sources.runs import label_runs, spaced, unbroken, windows
from medgrpo.sources.timed import next_of_segments
from medgrpo.sources.tracks import LONGEST_TRACK_SECONDS, SHORTEST_TRACK_SECONDS, stops
from medgrpo.tasks import next_action_labels

SHORTEST_LOOK_SECONDS = 3
"""A motion of fewer images is too little to tell from what comes next."""


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    for video in copesd_videos(folder):
        if isinstance(video, Problem):
            yield video
        else:
            yield from _Asked(video).records()


class _Asked:
    """One video and what is asked of it. Seconds of the video count from image 0, so that an image's number is its second."""

    def __init__(self, video: CopesdVideo) -> None:
        self.video = video
        self.images = {image.number: image for image in video.images}
        self.steps = next_action_labels().fixed["CoPESD"]

    def records(self) -> Iterator[BenchmarkRecord]:
        for first, last in unbroken(self.images):
            motions = self._motions(first, last)
            yield from temporal(self._clip(first, last), motions, self.steps)
            yield from next_of_segments(self._cut, motions, self.steps, SHORTEST_LOOK_SECONDS)
            for begin, finish in windows(first, last, LONGEST_CLIP_SECONDS):
                if finish + 1 - begin >= SHORTEST_CLIP_SECONDS:
                    clip, held = self._clip(begin, finish), self._motions(begin, finish)
                    yield from dense(clip, [(span, self._told(span, motion)) for span, motion in held], self.steps)
                    yield summary(clip, self._shares(held, clip.seconds))
            yield from self._tracks(first, last)

    def _tracks(self, first: int, last: int) -> Iterator[BenchmarkRecord]:
        for name in INSTRUMENTS:
            shown = [number for number in range(first, last + 1) if name in self.images[number].boxes]
            for start, end in unbroken(shown):
                for begin, finish in windows(start, end, LONGEST_TRACK_SECONDS):
                    boxes = {number: self.images[number].boxes[name] for number in range(begin, finish + 1)}
                    found = stops(boxes, float(RATE))
                    if found is not None and finish - begin >= SHORTEST_TRACK_SECONDS:
                        yield track(self._clip(begin, finish), name.lower(), found.boxes, found.stride_seconds)

    def _motions(self, first: int, last: int) -> list[tuple[Span, str]]:
        labels = {number: {self.images[number].motion} for number in range(first, last + 1)}
        return [(Span(start, end + 1), motion) for start, end, motion in label_runs(labels)]

    def _told(self, span: Span, motion: str) -> str:
        numbers = range(int(span.start_seconds), int(span.end_seconds))
        ways = dict.fromkeys(self.images[number].direction for number in numbers)
        return motion_caption(motion, [way for way in ways if way])

    @staticmethod
    def _shares(held: Sequence[tuple[Span, str]], whole: float) -> str:
        seconds: dict[str, float] = {}
        for span, motion in held:
            seconds[COPESD_CLAUSES[motion]] = seconds.get(COPESD_CLAUSES[motion], 0.0) + span.duration_seconds
        return summary_caption(OPENINGS["CoPESD"], seconds, whole)

    def _cut(self, start_seconds: float, end_seconds: float) -> Clip:
        return self._clip(int(start_seconds), int(end_seconds) - 1)

    def _clip(self, first: int, last: int) -> Clip:
        rate = rate_for(last + 1 - first)
        numbers = spaced(range(first, last + 1), float(RATE / rate))
        bounds = ClipBounds("input_video_frame", str(first), str(last))
        frames = tuple(self.images[number].file for number in numbers)
        return Clip("CoPESD", self.video.id, False, float(first), float(last + 1), frames, numbers, rate, bounds)


COPESD = Source(
    SourceCard(
        name="CoPESD",
        licence="CC BY 4.0 (annotations)",
        where="gkw0010/CoPESD on GitHub (smllm_test.json)",
        tasks=("temporal_grounding", "spatiotemporal_grounding", "next_action", "dense_captioning", "video_summary"),
        left_out="three of the eight motions do not occur in the published part, which is the data set's test part (`train` is "
        "false); 1 image per second is assumed; boxes are in thousandths of a square, because no picture's size is given",
        on_real_files=True,
    ),
    _records,
)
