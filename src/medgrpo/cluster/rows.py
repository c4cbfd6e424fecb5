"""A question as verl carries it between its processes: one object of MedVidBench's form, with its place in the file."""

from __future__ import annotations

from typing import Any

from medgrpo.core import InputError, Unparsed
from medgrpo.policy import Question
from medgrpo.sources import example_of, object_of, record_of

Row = dict[str, Any]


def row_of(question: Question) -> Row:
    """What `question_of` reads; plain JSON."""
    return {"index": question.record.index, "record": object_of(question.record)}


def question_of(row: Row) -> Question:
    """InputError when the row is not one that `row_of` made."""
    try:
        record = record_of(row["index"], row["record"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"a row of the run's questions cannot be read back: {error}") from error
    example = example_of(record)
    if isinstance(example, Unparsed):
        raise InputError(f"{record.source}:{record.index}: its gold answer cannot be read: {example.reason}")
    return Question(record, example)
