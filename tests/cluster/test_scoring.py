"""The reward that verl gets is `Task.score` through the calibration."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.cluster.rows import question_of, row_of
from medgrpo.cluster.scoring import compute_score
from medgrpo.core import InputError
from medgrpo.policy import Question, read_questions
from medgrpo.reward import logistic


def _asked(recipe: Path) -> Question:
    return read_questions(recipe.parent / "questions.json", ["temporal_grounding"]).kept[0]


def _score(recipe: Path, reply: str, source: str = "AVOS") -> dict[str, float]:
    row = json.dumps(row_of(_asked(recipe)))
    return asyncio.run(compute_score(source, reply, row, {"key": "AVOS:0"}, recipe=str(recipe)))


def test_a_row_survives_its_way_through_verl(recipe: Path) -> None:
    assert question_of(json.loads(json.dumps(row_of(_asked(recipe))))) == _asked(recipe)
    with pytest.raises(InputError, match="cannot be read back"):
        question_of({"index": 0, "record": {}})


def test_half_the_span_is_half_the_score_and_the_logistic_of_it_the_reward(recipe: Path) -> None:
    told = _score(recipe, "4.0-6.0 seconds.")  # of 2.0 to 6.0
    assert told["raw"] == pytest.approx(0.5)
    assert told["score"] == pytest.approx(logistic(0.5, 0.3, 0.4))
    assert (told["readable"], told["unscored"]) == (1, 0)


def test_a_reply_that_cannot_be_read_is_worth_nothing(recipe: Path) -> None:
    told = _score(recipe, "I cannot tell.")
    assert (told["score"], told["readable"], told["unscored"]) == (0, 0, 0)
    assert not math.isnan(told["raw"])


def test_a_question_of_another_source_is_an_error(recipe: Path) -> None:
    with pytest.raises(InputError, match="its row is of AVOS"):
        _score(recipe, "4.0-6.0 seconds.", "NurViD")
