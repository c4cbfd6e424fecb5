"""What a judge said of captions, which captions to ask about, and figures of what is said of events. No judge is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medgrpo.core import Score, Unparsed
from medgrpo.scoring.leaderboard_captions import caption_pair
from medgrpo.scoring.leaderboard_dense import judge_pairs, parse_segments, true_segments
from medgrpo.scoring.records import Record, Records
from medgrpo.tasks import Caption, CaptionPair, DenseAnswer, Rating, RubricKind, best_assignment, span_iou, task_of

DENSE = "dense_captioning"


@dataclass(frozen=True, slots=True)
class Ratings:
    """Ratings by pair, None where the judge failed. `judge` names model, prompt version and hash; `kind` is its rubric."""

    judge: str
    kind: RubricKind
    by_pair: Mapping[CaptionPair, Rating | None]

    def of(self, prediction: str, reference: str) -> Rating | None:
        """None too for a pair that nobody asked about."""
        if not (prediction.strip() and reference.strip()):
            return None
        return self.by_pair.get(CaptionPair(prediction, reference))

    def as_json(self, scale: str) -> dict[str, Any]:
        """What stands beside each figure."""
        scored = sum(rating is not None for rating in self.by_pair.values())
        return {
            "judge": self.judge,
            "rubric": self.kind.value,
            "scale": scale,
            "pairs": len(self.by_pair),
            "scored": scored,
            "success_rate": scored / len(self.by_pair) if self.by_pair else None,
        }


def caption_pairs(records: Records, protocol: Literal["leaderboard", "strict"]) -> list[CaptionPair]:
    """The distinct pairs that the protocol needs ratings of, in the order of the records."""
    found: dict[CaptionPair, None] = {}
    for record in records.records:
        if record.broken is None and isinstance(record.prediction, str):
            for prediction, reference in _leaderboard(record) if protocol == "leaderboard" else _strict(record):
                if prediction.strip() and reference.strip():
                    found[CaptionPair(prediction, reference)] = None
    return list(found)


def _leaderboard(record: Record) -> list[tuple[str, str]]:
    if "region_caption" in record.qa_type or "video_summary" in record.qa_type:
        return [caption_pair(record)]
    lowered = record.qa_type.lower()
    if "dense_caption" in lowered or "dc" in lowered:
        return [pair for members in dense_pairs(record).values() for pair in members]
    return []


def dense_pairs(record: Record) -> Mapping[str, Sequence[tuple[str, str]]]:
    """The pairs of one record of dense captioning by threshold, as the evaluator makes them; none where it would raise."""
    if not isinstance(record.prediction, str):
        return {}
    try:
        return judge_pairs(parse_segments(record.prediction), true_segments(record.struc_info))
    except TypeError:
        return {}


def _strict(record: Record) -> list[tuple[str, str]]:
    task = task_of(record.qa_type)
    if task is None or not (task.card.needs_judge or task.card.name == DENSE):
        return []
    gold, answer = task.reference(record.struc_info, record.gnd), task.parse(str(record.prediction))
    if isinstance(gold, Unparsed) or isinstance(answer, Unparsed):
        return []
    if isinstance(answer, Caption):
        return [(answer.text, gold.text)]
    return [pair for pair, _ in matched_events(answer, gold)]


def matched_events(answer: DenseAnswer, gold: DenseAnswer) -> list[tuple[tuple[str, str], float]]:
    """Captions of the events that optimal assignment by time pairs, each with the IoU of its spans."""
    table = [[span_iou(one.span, other.span) for other in gold.events] for one in answer.events]
    return [
        ((answer.events[row].caption, gold.events[column].caption), table[row][column]) for row, column in best_assignment(table)
    ]


def rated_caption(answer: Caption | Unparsed, gold: Caption, ratings: Ratings) -> Score:
    """The rating's share, 0..1, with the five grades; an answer without text is wrong, one that the judge failed on unscored."""
    if isinstance(answer, Unparsed):
        return Score(0.0, {}, answer.reason)
    rating = ratings.of(answer.text, gold.text)
    if rating is None:
        return Score(None, {}, "the judge gave no rating")
    return Score(rating.share, {code: float(grade) for code, grade in rating.grades.items()})


def rated_events(answer: DenseAnswer | Unparsed, gold: DenseAnswer, ratings: Ratings) -> Score:
    """Twice the summed IoU x share of paired events over the number of both: a caption counts as far as its event is the right one.

    0..1; a missed or surplus event counts 0, and None where a paired caption has no rating.
    """
    if isinstance(answer, Unparsed):
        return Score(0.0, {}, answer.reason)
    matched = matched_events(answer, gold)
    shares: list[float] = []
    for (prediction, reference), iou in matched:
        rating = ratings.of(prediction, reference)
        if rating is None:
            return Score(None, {}, "the judge gave no rating of a paired event")
        shares.append(iou * rating.share)
    return Score(2 * sum(shares) / (len(answer.events) + len(gold.events)), {"paired": float(len(matched))})
