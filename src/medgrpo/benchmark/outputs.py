"""What a finished run leaves: records to score, the submission, and the counts that the official metric hides."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgrpo.benchmark.answers import Answer
from medgrpo.benchmark.questions import Row, asked_once
from medgrpo.benchmark.settings import write_whole
from medgrpo.core import InputError, Unparsed
from medgrpo.scoring import Record, record_from

RECORDS_NAME, SUBMISSION_NAME = "records.jsonl", "submission.json"


@dataclass(frozen=True, slots=True)
class Answered:
    """A row of the data file with what became of its question."""

    row: Row
    answer: Answer

    @property
    def prediction(self) -> str:
        """The reply verbatim; empty where there is none, which the strict protocol counts as wrong and the counts as failed."""
        return self.answer.text or ""


def answered_rows(rows: Sequence[Row], by_asked: Mapping[str, Answer]) -> tuple[Answered, ...]:
    """Every row with its answer, in the file's order. InputError when one has none."""
    open_rows = [row for row in rows if row.asked not in by_asked]
    if open_rows:
        raise InputError(f"{len(open_rows)} of {len(rows)} questions have no answer yet, the first is {open_rows[0].key}")
    return tuple(Answered(row, by_asked[row.asked]) for row in rows)


def record_line(row: Row, prediction: str) -> dict[str, Any]:
    """The fields that scoring reads, as MedVidBench writes them."""
    record = row.record
    return {
        "id": record.id,
        "qa_type": record.qa_type,
        "data_source": record.source,
        "metadata": {"video_id": record.video, "fps": str(float(record.frames_per_second))},
        "question": record.question,
        "struc_info": record.struc_info if record.struc_info is not None else [],
        "gnd": record.answer or "",
        "prediction": prediction,
    }


def record_values(answered: Answered) -> dict[str, Any]:
    """One line of `records.jsonl`: what scoring reads, then place, finish and failure for people."""
    about = {"place": answered.row.place, "finish": answered.answer.finish, "failure": answered.answer.failure}
    return {**record_line(answered.row, answered.prediction), **about}


def write_records(folder: Path, answered: Sequence[Answered]) -> None:
    lines = (json.dumps(record_values(one), ensure_ascii=False) for one in answered)
    write_whole(folder / RECORDS_NAME, "".join(f"{line}\n" for line in lines))


def scoring_records(answered: Sequence[Answered]) -> tuple[Record, ...]:
    """As `medgrpo.scoring` would read them back from the file."""
    return tuple(record_from(record_values(one), f"{RECORDS_NAME}:{number}") for number, one in enumerate(answered, 1))


def submission(answered: Sequence[Answered], questions: int) -> list[dict[str, str]]:
    """The leaderboard's form, in the data file's order: it joins by position alone. InputError when it is not whole."""
    if len(answered) != questions or [one.row.place for one in answered] != list(range(questions)):
        raise InputError(
            f"a submission of {len(answered)} answers to {questions} questions, or in another order, would be scored against other "
            "questions' references: none is written"
        )
    return [{"id": one.row.record.id, "qa_type": one.row.record.qa_type, "prediction": one.prediction} for one in answered]


def write_submission(folder: Path, answered: Sequence[Answered], questions: int) -> None:
    content = submission(answered, questions)
    write_whole(folder / SUBMISSION_NAME, json.dumps(content, ensure_ascii=False, indent=0) + "\n")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the questions of one task in one source; each row counts, also one that was asked with another."""

    source: str
    task: str
    rows: int
    answered: int
    truncated: int
    unparsed: int
    clips_missing: int
    model_failed: int


def tallies(answered: Sequence[Answered]) -> tuple[Tally, ...]:
    """By source and task, in the order of first occurrence. An answer that was cut off and cannot be read counts in both."""
    groups: dict[tuple[str, str], list[Answered]] = {}
    for one in answered:
        groups.setdefault((one.row.record.source, one.row.task.card.name), []).append(one)
    return tuple(_tally(source, task, own) for (source, task), own in groups.items())


def _tally(source: str, task: str, own: Sequence[Answered]) -> Tally:
    texts = [one for one in own if one.answer.text is not None]
    return Tally(
        source,
        task,
        rows=len(own),
        answered=len(texts),
        truncated=sum(one.answer.finish == "length" for one in texts),
        unparsed=sum(isinstance(one.row.task.parse(one.prediction), Unparsed) for one in texts),
        clips_missing=sum(one.answer.failed_at == "clip" for one in own),
        model_failed=sum(one.answer.failed_at == "model" for one in own),
    )


@dataclass(frozen=True, slots=True)
class Unseen:
    """Questions without pictures: how many of how many, why most of them have none, and the first of these (a path, or a video).

    They were never asked.
    """

    count: int
    questions: int
    reason: str
    first: str

    def __str__(self) -> str:
        why = f"most often: {self.reason} (first: {self.first})"
        return f"{self.count} of {self.questions} questions could not be asked, having no pictures; {why}"


def unseen(rows: Sequence[Row], by_asked: Mapping[str, Answer]) -> Unseen | None:
    """None where every question had its pictures, or needed none."""
    own = [by_asked[row.asked] for row in asked_once(rows)]
    failures = [one.failure.partition(": ") for one in own if one.failed_at == "clip" and one.failure is not None]
    if not failures:
        return None
    reason = Counter(words for _, _, words in failures).most_common(1)[0][0]  # what stands before differs from one to the next
    return Unseen(len(failures), len(own), reason, next(where for where, _, words in failures if words == reason))


@dataclass(frozen=True, slots=True)
class Usage:
    """What the answers cost. Seconds are the model's own; None where no answer tells it.

    `questions_asked` leaves out those `without_pictures`; median and 95th percentile are of the answers that came.
    """

    questions_asked: int
    without_pictures: int
    rows_sharing_an_answer: int
    asked_again: int
    torn_lines: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None
    seconds: float
    seconds_median: float | None
    seconds_95: float | None


def usage(rows: Sequence[Row], by_asked: Mapping[str, Answer], torn_lines: int) -> Usage:
    own = [by_asked[row.asked] for row in asked_once(rows)]
    unasked = sum(one.failed_at == "clip" for one in own)
    seconds = sorted(one.seconds for one in own if one.text is not None)
    return Usage(
        questions_asked=len(own) - unasked,
        without_pictures=unasked,
        rows_sharing_an_answer=len(rows) - len(own),
        asked_again=sum(one.tries - 1 for one in own),
        torn_lines=torn_lines,
        prompt_tokens=_whole_sum([one.prompt_tokens for one in own]),
        completion_tokens=_whole_sum([one.completion_tokens for one in own]),
        cost=_sum([one.cost for one in own]),
        seconds=sum(seconds),
        seconds_median=seconds[len(seconds) // 2] if seconds else None,
        seconds_95=seconds[min(len(seconds) - 1, len(seconds) * 95 // 100)] if seconds else None,
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _whole_sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
