"""What is asked about a clip, from what is known of its recording: as annotated, at a border, about something absent.

Every answer keeps the form that MedVidBench's evaluator reads. How it was made is in `struc_info`: `case` is one of CASES.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from medgrpo.core import Span
from medgrpo.curation.chance import draw
from medgrpo.curation.counts import Tally
from medgrpo.curation.cutting import Clip, before, tiles
from medgrpo.curation.footage import Footage, Mark, Recording, Told, Track
from medgrpo.curation.recipe import Recipe
from medgrpo.sources import BenchmarkRecord, ClipBounds
from medgrpo.tasks import (
    NO_STEP,
    AnyTask,
    DenseAnswer,
    DenseCaptioning,
    Event,
    NextAction,
    NextActionAnswer,
    PixelBox,
    SpatiotemporalGrounding,
    TemporalAnswer,
    TemporalGrounding,
    TrackAnswer,
    estimated_tokens,
    next_action_labels,
    task_of,
)

PLAIN, BORDER, ABSENT, NO_FURTHER = "plain", "border", "absent", "no further step"
CASES = (PLAIN, BORDER, ABSENT, NO_FURTHER)
"""As annotated; the action reaches over the clip's border; the action is not in the clip; the recording has no further step."""
MOST_LISTED = 12
"""A question names the actions that may occur where there are not more of them."""


def case_of(record: BenchmarkRecord) -> str:
    """The case that a built question states, PLAIN where it states none."""
    told: object = record.struc_info
    held = cast("list[object]", told) if isinstance(told, list) else []
    first = cast("dict[str, object]", held[0]) if held and isinstance(held[0], dict) else {}
    return str(first.get("case", PLAIN))


class Asker:
    """Makes the questions of one source, one recording after the other, and counts what it took, kept and dropped."""

    def __init__(self, recipe: Recipe, source: str) -> None:
        self._recipe, self._source = recipe, source
        self.cut = Tally("cut", "stretches")
        self.ask = Tally("ask", "questions")
        self._count = 0

    def questions(self, recording: Recording) -> Iterator[BenchmarkRecord]:
        """All questions of a recording, numbered on from those before."""
        for footage in recording.footage:
            self.cut.take()
            clips = self._tiles(recording, footage)
            if not clips:
                self.cut.drop("shorter than the shortest clip")
                continue
            self.cut.keep()
            self.cut.make("clips", len(clips))
            for clip in clips:
                yield from self._grounding(recording, footage, clip)
                yield from self._dense(recording, footage, clip)
                yield from self._tracking(recording, footage, clip)
        yield from self._next_steps(recording)
        for record in recording.whole:
            self.cut.take()
            self.cut.keep()
            self.cut.make("clips kept as they were")
            yield from self._counted(recording, record)

    def _tiles(self, recording: Recording, footage: Footage) -> list[Clip]:
        actions = [mark.span for mark in footage.marks] + [one.span for one in footage.told]
        return tiles(self._recipe, footage.source, footage.video, footage.span, actions, _fastest(recording))

    def _grounding(self, recording: Recording, footage: Footage, clip: Clip) -> Iterator[BenchmarkRecord]:
        if not footage.marks:
            return
        task = TemporalGrounding()
        labels = list(dict.fromkeys(mark.label for mark in footage.marks))
        may_miss = draw(self._recipe.seed, "absence", clip.id) < self._recipe.absence_share
        asked: list[tuple[str, tuple[Span, ...], str]] = []
        for label in labels:
            spans, case = self._parts(clip, [mark.span for mark in footage.marks if mark.label == label])
            if not spans:
                continue
            fills = spans == (Span(0.0, round(clip.seconds, 2)),)
            if fills and draw(self._recipe.seed, "whole", clip.id, label) >= self._recipe.whole_share:
                self.ask.take()
                self.ask.drop("the action fills the whole clip")
            else:
                asked.append((label, spans, case))
        absent = self._absent(recording, clip) if may_miss else None
        if absent is not None:
            asked.append((absent, (Span(0.0, 0.0),), ABSENT))
        for label, spans, case in asked:
            listed = _family(self._source, label, _labels(recording))
            words = self._words(clip, "tal", label)
            question = task.prompt(self._source, label, listed if len(listed) <= MOST_LISTED else (), words, may_be_absent=may_miss)
            held = [{"start": span.start_seconds, "end": span.end_seconds} for span in spans]
            yield from self._counted(
                recording,
                record_of(
                    recording,
                    clip,
                    "tal",
                    question,
                    task.write(TemporalAnswer(spans)),
                    [{"action": label, "spans": held, "case": case}],
                ),
            )

    def _absent(self, recording: Recording, clip: Clip) -> str | None:
        """A label that the recording has, or its source's list, with no mark in the clip or near it; None where there is none."""
        marks = [mark for footage in recording.footage for mark in footage.marks]
        if not marks:
            return None
        known = sorted({label for mark in marks for label in (mark.label, *_family(self._source, mark.label, _labels(recording)))})
        margin = self._recipe.absence_margin_seconds
        near = {mark.label for mark in marks if _shared(mark.span, clip.span, margin) is not None}
        left = [label for label in known if label not in near]
        return left[int(draw(self._recipe.seed, "absent", clip.id) * len(left))] if left else None

    def _dense(self, recording: Recording, footage: Footage, clip: Clip) -> Iterator[BenchmarkRecord]:
        task = DenseCaptioning()
        for kind, author in sorted({(one.qa_type, one.author or "") for one in footage.told}):
            events = self._events(clip, [one for one in footage.told if (one.qa_type, one.author or "") == (kind, author)])
            if events:
                question = task.prompt(self._source, (), self._words(clip, kind, ""))
                told = [{"start": one.span.start_seconds, "end": one.span.end_seconds, "caption": one.caption} for one in events]
                answer = task.write(DenseAnswer(tuple(events)))
                yield from self._counted(recording, record_of(recording, clip, kind, question, answer, [told], author or None))

    def _events(self, clip: Clip, told: Sequence[Told]) -> list[Event]:
        events: list[Event] = []
        for one in sorted(told, key=lambda one: (one.span, one.caption)):
            spans, _ = self._parts(clip, [one.span])
            events += [Event(span, one.caption) for span in spans]
        return list(dict.fromkeys(events))

    def _tracking(self, recording: Recording, footage: Footage, clip: Clip) -> Iterator[BenchmarkRecord]:
        task = SpatiotemporalGrounding()
        for number, track in enumerate(footage.tracks):
            boxes = _boxes(track, clip)
            if len(boxes) < 2:
                if boxes:
                    self.ask.take()
                    self.ask.drop("fewer than two boxes in the clip")
                continue
            first, last = boxes[0][0], boxes[-1][0]
            words = self._words(clip, "stg", f"{number}:{track.thing}")
            question = task.prompt(self._source, track.thing, first, last, track.stride_seconds, words)
            corners = {str(time): [box.x0, box.y0, box.x1, box.y1] for time, box in boxes}
            told = {"start": first, "end": last, "stride": track.stride_seconds, "object": track.thing, "bbox_dict": corners}
            yield from self._counted(
                recording, record_of(recording, clip, "stg", question, task.write(TrackAnswer(tuple(boxes))), [told])
            )

    def _next_steps(self, recording: Recording) -> Iterator[BenchmarkRecord]:
        task = NextAction()
        fixed = next_action_labels().fixed.get(self._source, ())
        steps = _steps(self._source, recording)
        wanted = [(step.before, step.label, PLAIN) for step in recording.steps]
        last = _last_step(recording, fixed)
        if last is not None:
            wanted.append((last, NO_STEP, NO_FURTHER))
        for stretch, answer, case in wanted:
            self.cut.take()
            clip = before(self._recipe, self._source, recording.video, stretch, _fastest(recording))
            if clip is None:
                self.cut.drop("begins too soon for the shortest clip")
                continue
            self.cut.keep()
            self.cut.make("clips before a step")
            may_end = bool(fixed) and draw(self._recipe.seed, "absence", clip.id) < self._recipe.absence_share
            offered = may_end or case == NO_FURTHER
            question = task.prompt(self._source, (*steps, NO_STEP) if offered else steps, self._words(clip, "next_action", ""))
            yield from self._counted(
                recording,
                record_of(recording, clip, "next_action", question, task.write(NextActionAnswer(answer)), [{"case": case}]),
            )

    def _parts(self, clip: Clip, spans: Sequence[Span]) -> tuple[tuple[Span, ...], str]:
        """What of each span is in the clip, in its seconds; a part that the border leaves between two frames is not asked for."""
        found: list[Span] = []
        case = PLAIN
        for span in sorted(set(spans)):
            part = _shared(span, clip.span)
            if part is None or part.duration_seconds == 0:
                continue
            cut = part != span
            if cut and part.duration_seconds * clip.frames_per_second < 1:
                self.ask.make("parts shorter than the time between two frames, left out at a border")
                continue
            case = BORDER if cut else case
            zero = clip.span.start_seconds
            found.append(Span(round(part.start_seconds - zero, 2), round(part.end_seconds - zero, 2)))
        return tuple(dict.fromkeys(found)), case

    def _counted(self, recording: Recording, record: BenchmarkRecord) -> Iterator[BenchmarkRecord]:
        self.ask.take()
        task = _task(record.qa_type)
        if recording.pictures and not record.frames:
            self.ask.drop("the recording has no picture in the clip")
            return
        if estimated_tokens(record.answer or "") > task.card.answer_tokens:
            self.ask.drop("the answer needs more tokens than its task's budget")
            return
        self.ask.keep()
        self.ask.make(case_of(record))
        yield replace(record, index=self._count)
        self._count += 1

    def _words(self, clip: Clip, kind: str, about: str) -> int:
        return int(draw(self._recipe.seed, "words", clip.id, kind, about) * 1_000_003)


def record_of(
    recording: Recording, clip: Clip, kind: str, question: str, answer: str, told: object, author: str | None = None
) -> BenchmarkRecord:
    """A question about a clip, with the frames that its recording names; its index is 0."""
    numbers = frames_of(recording, clip)
    return BenchmarkRecord(
        index=0,
        id=clip.id,
        qa_type=kind,
        source=clip.source,
        train=False,
        frames=tuple(recording.pictures[number] for number in numbers),
        frame_numbers=numbers,
        video=clip.video,
        clip=ClipBounds("input_video_time", str(clip.span.start_seconds), str(clip.span.end_seconds)),
        frames_per_second=clip.frames_per_second,
        question=question,
        answer=answer,
        struc_info=told,
        author=author,
    )


def _task(qa_type: str) -> AnyTask:
    task = task_of(qa_type)
    if task is None:
        raise ValueError(f"no task {qa_type!r}")
    return task


def _labels(recording: Recording) -> list[str]:
    return sorted({mark.label for footage in recording.footage for mark in footage.marks})


def _fastest(recording: Recording) -> float:
    """The rate at which there are pictures, where the source names them: a picture at most each second."""
    return 1.0 if recording.pictures else 1000.0


def frames_of(recording: Recording, clip: Clip) -> tuple[int, ...]:
    """The seconds of the pictures that the clip's rate asks for, as far as the source names them."""
    first, every = clip.span.start_seconds, 1 / clip.frames_per_second
    wanted = [round(first + float(place * every)) for place in range(clip.frame_count)] if recording.pictures else []
    return tuple(sorted({second for second in wanted if second in recording.pictures}))


def _family(source: str, label: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The labels of the same kind: the source's fixed list of steps, or whatever else is marked in the recording."""
    fixed = next_action_labels().fixed.get(source, ())
    return fixed if label in fixed else tuple(one for one in labels if one not in fixed)


def _shared(span: Span, clip: Span, margin: float = 0.0) -> Span | None:
    """The part of the span that lies in the clip, widened by the margin on both sides."""
    start = max(span.start_seconds, clip.start_seconds - margin)
    end = min(span.end_seconds, clip.end_seconds + margin)
    return Span(start, end) if start <= end else None


def _boxes(track: Track, clip: Clip) -> list[tuple[float, PixelBox]]:
    """Times in seconds of the clip, to a tenth as references have them; a time that rounding would give twice is there once."""
    found: dict[float, PixelBox] = {}
    for time, box in track.boxes:
        if clip.span.start_seconds <= time <= clip.span.end_seconds:
            found.setdefault(round(time - clip.span.start_seconds, 1), box)
    return sorted(found.items(), key=lambda entry: entry[0])


def _steps(source: str, recording: Recording) -> tuple[str, ...]:
    """What a next step is chosen from: the evaluator's list of the source or, in NurViD, of the procedure that has all the
    recording's next steps and most of its other ones; whatever is marked or follows in the recording where there is none.
    """
    labels = next_action_labels()
    if source in labels.fixed:
        return labels.fixed[source]
    following = {step.label for step in recording.steps}
    lists = [held for _, held in labels.nurvid if following <= set(held)] if source == "NurViD" else []
    marked = set(_labels(recording))
    best = min(lists, key=lambda held: (-len(marked & set(held)), len(held), held), default=())
    return best or tuple(sorted({*following, *marked}))


def _last_step(recording: Recording, steps: Sequence[str]) -> Span | None:
    """The last step of a recording annotated from its beginning in one stretch; None where nothing shows that it is the last."""
    marked = [footage for footage in recording.footage if any(mark.label in steps for mark in footage.marks)]
    if len(marked) != 1 or marked[0].span.start_seconds > 1:
        return None
    last = max((mark for mark in marked[0].marks if mark.label in steps), key=_end)
    return last.span


def _end(mark: Mark) -> tuple[float, float]:
    return mark.span.end_seconds, mark.span.start_seconds
