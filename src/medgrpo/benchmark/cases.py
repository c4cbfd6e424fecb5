"""The worst cases of a run: question, gold and answer, with pictures of the clip and both answers drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from medgrpo.benchmark.clips import Pictures, picture_at
from medgrpo.benchmark.outputs import Answered
from medgrpo.core import InputError, Span, Unparsed, VideoError
from medgrpo.page import chip, jpeg_uri, shrunk, text
from medgrpo.sources import BenchmarkRecord
from medgrpo.tasks import DenseAnswer, PixelBox, TemporalAnswer, TrackAnswer

PER_GROUP = 2
MOST_CASES = 24
_PICTURES = 3
_WIDTH = 300
_KEPT_CHARACTERS, _KEPT_LINES = 900, 14


@dataclass(frozen=True, slots=True)
class Case:
    """A row with its strict score: 0..1, and whether the answer could be read."""

    answered: Answered
    score: float
    status: str
    note: str


def worst_cases(answered: Sequence[Answered], strict: Sequence[dict[str, Any]]) -> list[Case]:
    """Of each source and task the lowest scores of answers that are there, the first in the file where they are equal."""
    groups: dict[tuple[str, str], list[Case]] = {}
    for one, verdict in zip(answered, strict, strict=True):
        if verdict["score"] is not None and one.answer.text is not None and verdict["score"] < 1:
            case = Case(one, float(verdict["score"]), str(verdict["status"]), str(verdict["note"]))
            groups.setdefault((one.row.record.source, one.row.task.card.name), []).append(case)
    chosen = [case for own in groups.values() for case in sorted(own, key=_order)[:PER_GROUP]]
    return sorted(chosen, key=_order)[:MOST_CASES]


def _order(case: Case) -> tuple[float, int]:
    return case.score, case.answered.row.place


def cases_html(cases: Sequence[Case], pictures: Pictures) -> str:
    if not cases:
        return '<p class="quiet">No answer was scored below 1.</p>'
    legend = (
        '<p class="quiet">Of each source and task the lowest strict scores. <span class="key"><i class="gold"></i> reference</span>'
        '<span class="key"><i class="said"></i> answer</span></p>'
    )
    return legend + "".join(_case(case, pictures) for case in cases)


def _case(case: Case, pictures: Pictures) -> str:
    row, record = case.answered.row, case.answered.row.record
    gold: Any = row.task.reference(record.struc_info, record.answer or "")
    said: Any = row.task.parse(case.answered.prediction)
    written = record.answer or ("" if isinstance(gold, Unparsed) else row.task.write(gold))
    status = (
        chip("unchecked", f"cannot be read: {case.note}") if case.status == "unparsed" else chip("checked", f"{case.score:.3f}")
    )
    cut = chip("alert", "cut off at the token limit") if case.answered.answer.finish == "length" else ""
    return (
        f'<article class="worst-case"><h3>{text(record.source)}, {text(row.task.card.name.replace("_", " "))}, row {row.place} '
        f'{status} {cut}</h3><p class="quiet">{text(row.clip)}</p>'
        f'<div class="shots">{"".join(_pictures(case, gold, said, pictures))}</div>{_spans(gold, said, _clip_seconds(record))}'
        f"<dl><dt>Question</dt><dd>{_short(record.question)}</dd><dt>Reference</dt><dd>{_short(written)}</dd>"
        f"<dt>Answer</dt><dd>{_short(case.answered.prediction) or '(empty)'}</dd></dl></article>"
    )


def _short(words: str) -> str:
    kept = "\n".join(words[:_KEPT_CHARACTERS].splitlines()[:_KEPT_LINES])
    cut = f"\n[of {len(words):,} characters; all are in records.jsonl]" if len(kept) < len(words.rstrip()) else ""
    return text(kept) + cut


def _pictures(case: Case, gold: object, said: object, pictures: Pictures) -> list[str]:
    record = case.answered.row.record
    shown: list[str] = []
    for seconds in _moments(case, gold):
        try:
            whole = picture_at(record, pictures, seconds)
        except (VideoError, InputError) as error:
            shown.append(f'<span class="picture missing">No picture: {text(str(error))}</span>')
            break
        small = shrunk(whole, _WIDTH)
        height, width = small.shape[:2]
        scale = width / whole.shape[1]
        boxes = "".join(_box(box, scale, kind) for kind, box in _boxes(case, gold, said, seconds))
        shown.append(
            f'<figure><svg class="picture" viewBox="0 0 {width} {height}" role="img" aria-label="Picture at {seconds:.1f} s">'
            f'<image width="{width}" height="{height}" href="{jpeg_uri(small)}"/>{boxes}</svg>'
            f"<figcaption><b>{seconds:.1f} s</b></figcaption></figure>"
        )
    return shown


def _moments(case: Case, gold: object) -> list[float]:
    """Where the reference has boxes, at the region's frame, else spread over the clip."""
    record = case.answered.row.record
    if isinstance(gold, TrackAnswer):
        return _spread([time for time, _ in gold.boxes])
    times = [float(number / record.frames_per_second) for number in range(len(record.frames))]
    if record.region is not None:
        return [times[record.frames.index(record.region.frame)]]
    if times:
        return _spread(times)
    length = _clip_seconds(record)
    return [length * share for share in (0.1, 0.5, 0.9)] if length else [0.0]


def _clip_seconds(record: BenchmarkRecord) -> float:
    """By its listed frames or its times; 0 where only numbers of frames are given, and for a single picture."""
    if record.still:
        return 0.0
    if record.frames:
        return float(len(record.frames) / record.frames_per_second)
    return float(record.clip.end) - float(record.clip.start) if record.clip.form == "input_video_time" else 0.0


def _spread(times: Sequence[float]) -> list[float]:
    if len(times) <= _PICTURES:
        return list(times)
    return [times[round(number * (len(times) - 1) / (_PICTURES - 1))] for number in range(_PICTURES)]


def _boxes(case: Case, gold: object, said: object, seconds: float) -> list[tuple[str, PixelBox]]:
    found: list[tuple[str, PixelBox]] = []
    for kind, track in (("gold-box", gold), ("said-box", said)):
        if isinstance(track, TrackAnswer):
            found += [(kind, box) for time, box in track.boxes if abs(time - seconds) <= 0.05]
    region = case.answered.row.record.region
    return [("asked-box", region.box)] if region is not None else found


def _box(box: PixelBox, scale: float, kind: str) -> str:
    place = (
        f'x="{box.x0 * scale:.1f}" y="{box.y0 * scale:.1f}" width="{(box.x1 - box.x0) * scale:.1f}" '
        f'height="{(box.y1 - box.y0) * scale:.1f}"'
    )
    return f'<rect class="edge" {place}/><rect class="{kind}" {place}/>'


def _spans(gold: object, said: object, clip_seconds: float) -> str:
    """Two lanes, the reference above the answer; nothing where a task has no spans."""
    true, told = _spans_of(gold), _spans_of(said)
    if not true:
        return ""
    end = max(clip_seconds, *(span.end_seconds for span in (*true, *told))) or 1.0
    lanes = "".join(
        f'<rect class="{kind}" x="{span.start_seconds / end * 1000:.1f}" y="{top}" '
        f'width="{max(2.0, span.duration_seconds / end * 1000):.1f}" height="16"/>'
        for kind, top, spans in (("gold", 3, true), ("said", 25, told))
        for span in spans
    )
    return (
        f'<svg class="spans" viewBox="0 0 1000 44" preserveAspectRatio="none" role="img" aria-label="Spans from 0 to {end:.0f} s: '
        f'{len(true)} in the reference, {len(told)} in the answer"><rect class="track" width="1000" height="44"/>{lanes}</svg>'
    )


def _spans_of(answer: object) -> tuple[Span, ...]:
    if isinstance(answer, TemporalAnswer):
        return answer.spans
    return tuple(event.span for event in answer.events) if isinstance(answer, DenseAnswer) else ()
