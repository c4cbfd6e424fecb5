"""The constant answer of captions: of the references the one that shares most words with the others."""

from __future__ import annotations

from medgrpo.scoring.strict_baselines import constant_answer
from medgrpo.tasks import TASKS, Caption


def test_the_middle_one_is_taken_not_the_first() -> None:
    golds = [
        Caption("something else altogether"),
        Caption("the hook cuts"),
        Caption("the hook cuts tissue"),
        Caption("the hook rests"),
    ]
    # shared words: 1 + 0; 1 + 3/4 + 2/4; 1 + 3/4 + 2/5; 1 + 2/4 + 2/5
    assert constant_answer(TASKS["region_caption"], golds).text == "the hook cuts"
