"""What all sources share: a clip and its labels -> questions with gold answers in MedVidBench's form, one function per task.

No record here has its number yet: `Source.records` counts. Times in questions and answers are seconds from the start of the clip.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from medgrpo.core import Span
from medgrpo.sources.captions import TEMPLATE
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds, Region
from medgrpo.tasks import (
    Caption,
    CriticalView,
    CriticalViewAnswer,
    DenseAnswer,
    DenseCaptioning,
    Event,
    NextAction,
    NextActionAnswer,
    PixelBox,
    RegionCaption,
    SkillAnswer,
    SkillAssessment,
    SpatiotemporalGrounding,
    TemporalAnswer,
    TemporalGrounding,
    TrackAnswer,
    VideoSummary,
)

RATE = Fraction(1, 2)
"""Nominal sampling rate: MedVidBench samples most of its clips at 0.5 frames per second."""
RATES = (Fraction(1), RATE, Fraction(1, 4), Fraction(1, 5), Fraction(1, 10))
"""The rates at or below 1 frame per second at which MedVidBench samples, fastest first."""
MOST_FRAMES = 256
"""Frames of a clip are sampled at the fastest of RATES that gives no more of them."""
LONGEST_CLIP_SECONDS = 300
"""Longer stretches are cut for dense captions: most of MedVidBench's clips last under 370 s, and its answers have to fit."""
SHORTEST_CLIP_SECONDS = 20
"""MedVidBench's shortest clip."""


def rate_for(seconds: float) -> Fraction:
    """The nominal rate at which a clip of this length is sampled."""
    return next((rate for rate in RATES if seconds * rate <= MOST_FRAMES), RATES[-1])


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of one video, in seconds of that video. `frames` and `frame_numbers` where the data set's layout names frames.

    `bounds`: how the record says where the clip lies, by default in seconds; `dollars`: its id is in the form `fps$video$start$end`
    instead of `video&&start&&end&&fps`.
    """

    source: str
    video: str
    train: bool
    start_seconds: float
    end_seconds: float
    frames: tuple[str, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    rate: Fraction = RATE
    bounds: ClipBounds | None = None
    dollars: bool = False

    @property
    def seconds(self) -> float:
        return self.end_seconds - self.start_seconds

    @property
    def place(self) -> ClipBounds:
        return self.bounds or ClipBounds("input_video_time", str(float(self.start_seconds)), str(float(self.end_seconds)))

    @property
    def span(self) -> Span:
        return Span(self.start_seconds, self.end_seconds)

    @property
    def id(self) -> str:
        """As MedVidBench writes it; it is no key."""
        place, rate = self.place, float(self.rate)
        if self.dollars:
            return f"{rate}${self.video}${place.start}${place.end}"
        return f"{self.video}&&{place.start}&&{place.end}&&{rate}"

    def cut(self, start_seconds: float, end_seconds: float) -> Clip:
        """Another stretch of the same video, where no frames are named."""
        return replace(self, start_seconds=start_seconds, end_seconds=end_seconds)

    def within(self, span: Span) -> Span:
        """A span of the video, in seconds of the clip, to the millisecond."""
        return Span(round(span.start_seconds - self.start_seconds, 3), round(span.end_seconds - self.start_seconds, 3))


def temporal(clip: Clip, segments: Sequence[tuple[Span, str]], listed: Sequence[str]) -> Iterator[BenchmarkRecord]:
    """One question per label that occurs, in order of first occurrence; spans in seconds of the video, empty ones left out."""
    task = TemporalGrounding()
    by_label: dict[str, list[Span]] = {}
    for held, label in segments:
        span = clip.within(held)
        if span.duration_seconds > 0 and span not in by_label.get(label, []):
            by_label.setdefault(label, []).append(span)
    for label, spans in by_label.items():
        structure = [{"action": label, "spans": [{"start": span.start_seconds, "end": span.end_seconds} for span in spans]}]
        question = task.prompt(clip.source, label, listed, _variant(clip, "tal", label))
        yield _record(clip, "tal", question, task.write(TemporalAnswer(tuple(spans))), structure)


def next_action(clip: Clip, steps: Sequence[str], following: str) -> BenchmarkRecord:
    """The step that follows the clip, out of `steps`."""
    task = NextAction()
    question = task.prompt(clip.source, steps, _variant(clip, "next_action", following))
    return _record(clip, "next_action", question, task.write(NextActionAnswer(following)), None)


def dense(clip: Clip, events: Sequence[tuple[Span, str]], listed: Sequence[str] = ()) -> Iterator[BenchmarkRecord]:
    """One question for all events of the clip, spans in seconds of the video; none where there is no event."""
    held = [Event(span, text) for one, text in events if (span := clip.within(one)).duration_seconds > 0]
    held = sorted(dict.fromkeys(held), key=lambda event: (event.span, event.caption))
    if not held:
        return
    task = DenseCaptioning()
    structure = [{"start": event.span.start_seconds, "end": event.span.end_seconds, "caption": event.caption} for event in held]
    question = task.prompt(clip.source, listed, _variant(clip, "dense_captioning", ""))
    answer = task.write(DenseAnswer(tuple(held)))
    yield _record(clip, "dense_captioning_gpt", question, answer, structure, author=TEMPLATE)


def summary(clip: Clip, text: str) -> BenchmarkRecord:
    """The clip in a paragraph."""
    task = VideoSummary()
    question = task.prompt(clip.source, _variant(clip, "video_summary", ""))
    return _record(clip, "video_summary_gpt", question, task.write(Caption(text)), None, author=TEMPLATE)


def region(clip: Clip, box: PixelBox, text: str) -> BenchmarkRecord:
    """What the object in the box drawn on the clip's first frame does until the clip's end."""
    task = RegionCaption()
    question = task.prompt(clip.source, 0.0, 0.0, clip.seconds, _variant(clip, "region_caption", text))
    drawn = Region(clip.frames[0], box)
    return _record(clip, "region_caption_gpt", question, task.write(Caption(text)), None, drawn, TEMPLATE)


def track(clip: Clip, thing: str, boxes: Sequence[tuple[float, PixelBox]], stride: float) -> BenchmarkRecord:
    """Where one object is every `stride` seconds; times in seconds of the clip, boxes in pixels of the original frame."""
    task = SpatiotemporalGrounding()
    start, end = boxes[0][0], boxes[-1][0]
    question = task.prompt(clip.source, thing, start, end, stride, _variant(clip, "stg", thing))
    corners = {f"{time:.1f}": [box.x0, box.y0, box.x1, box.y1] for time, box in boxes}
    structure = [{"start": start, "end": end, "stride": stride, "object": thing, "bbox_dict": corners}]
    return _record(clip, "stg", question, task.write(TrackAnswer(tuple(boxes))), structure)


def critical_view(clip: Clip, grades: Mapping[str, int]) -> BenchmarkRecord:
    """The three criteria of the critical view of safety, by the names of `medgrpo.tasks.CRITERIA`."""
    task = CriticalView()
    structure = [{"cvs_scores": {name.lower().replace(" ", "_"): grade for name, grade in grades.items()}}]
    question = task.prompt(clip.source, _variant(clip, "cvs_assessment", ""))
    return _record(clip, "cvs_assessment", question, task.write(CriticalViewAnswer(grades)), structure)


def skill(clip: Clip, grades: Mapping[str, int], level: str) -> BenchmarkRecord:
    """The six aspects of skill, by the names of `medgrpo.tasks.ASPECTS`; `level` is N, I or E."""
    task = SkillAssessment()
    structure = [{"skill_scores": dict(grades), "skill_level": level}]
    question = task.prompt(clip.source, _variant(clip, "skill_assessment", ""))
    return _record(clip, "skill_assessment", question, task.write(SkillAnswer(grades)), structure)


def _variant(clip: Clip, kind: str, detail: str) -> int:
    """Which wording: depends on the question alone, so that a row left out changes no other question."""
    return zlib.crc32(f"{clip.video} {clip.start_seconds} {kind} {detail}".encode())


def _record(
    clip: Clip,
    kind: str,
    question: str,
    answer: str,
    structure: object,
    drawn: Region | None = None,
    author: str | None = None,
) -> BenchmarkRecord:
    return BenchmarkRecord(
        index=0,
        id=clip.id,
        qa_type=kind,
        source=clip.source,
        train=clip.train,
        frames=clip.frames,
        frame_numbers=clip.frame_numbers,
        video=clip.video,
        clip=clip.place,
        frames_per_second=clip.rate,
        question=question,
        answer=answer,
        region=drawn,
        struc_info=structure,
        author=author,
    )
