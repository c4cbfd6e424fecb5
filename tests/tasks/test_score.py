"""Strict scores by hand, and the optimal assignment against scipy."""

import random

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from medgrpo.core import Span, Unparsed
from medgrpo.tasks import TASKS, PixelBox, TemporalAnswer, TrackAnswer, best_assignment, parse_rating, span_iou


def spans(*pairs):
    return TemporalAnswer(tuple(Span(*pair) for pair in pairs))


def test_spans_cost_what_they_miss_and_add():
    task = TASKS["temporal_grounding"]
    gold = spans((0, 10), (20, 30))
    assert task.score(gold, gold).value == 1
    assert task.score(spans((0, 10)), gold).value == pytest.approx(2 / 3)  # one pair of IoU 1, three spans
    assert task.score(spans((0, 10), (20, 30), (40, 50)), gold).value == pytest.approx(4 / 5)
    assert task.score(spans((0, 5), (20, 30)), gold).value == pytest.approx(2 * 1.5 / 4)
    assert task.score(Unparsed("", "empty"), gold).value == 0
    assert task.score(spans((5, 5)), spans((5, 5))).value == 1  # no length, but the same


def test_the_order_of_spans_does_not_matter():
    task = TASKS["temporal_grounding"]
    # the first true span prefers the only prediction that the second can have: greedy in order would lose
    assert task.score(spans((0, 10), (2, 30)), spans((0, 12), (0, 9))).value == pytest.approx(
        2 * (span_iou(Span(0, 10), Span(0, 9)) + span_iou(Span(2, 30), Span(0, 12))) / 4
    )


def test_assignment_is_scipys():
    rng = random.Random(3)
    for _ in range(200):
        rows, columns = rng.randint(1, 7), rng.randint(1, 7)
        values = [[rng.choice((0.0, rng.random())) for _ in range(columns)] for _ in range(rows)]
        pairs = best_assignment(values)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
        where = linear_sum_assignment(np.array(values), maximize=True)
        assert sum(values[row][column] for row, column in pairs) == pytest.approx(float(np.array(values)[where].sum()))
    assert best_assignment([]) == []


def test_boxes_count_space_and_time():
    task = TASKS["spatiotemporal_grounding"]
    box = PixelBox(0, 0, 10, 10)
    gold = TrackAnswer(((0.0, box), (4.0, box)))
    assert task.score(TrackAnswer(((0.0, box),)), gold).value == 0.5  # no forward fill
    assert task.score(TrackAnswer(((0.04, box), (4.0, PixelBox(0, 0, 10, 5)))), gold).value == pytest.approx(1.5 / 2)
    assert task.score(TrackAnswer(((0.0, box), (4.0, box), (8.0, box))), gold).value == pytest.approx(2 / 3)
    assert task.score(TrackAnswer(((2.0, box),)), gold).value == 0


def test_what_a_grade_leaves_out_is_wrong():
    task = TASKS["critical_view"]
    gold = task.reference([{"cvs_scores": {"two_structures": 2, "cystic_plate": 1, "hepatocystic_triangle": 0}}], "")
    assert task.score(task.parse("Two structures: 2"), gold).value == pytest.approx(1 / 3)
    assert task.score(task.parse("nothing"), gold).parts == {"Two structures": 0, "Cystic plate": 0, "Hepatocystic triangle": 0}


def test_ratings():
    assert parse_rating("R2: 4\n**R3**: 3/5\nR8 = 5\nR5: 4\nR4: 5").mean == pytest.approx(4.2)
    for reply in ("R2: 4", "R2: 4\nR2: 4\nR3: 3\nR8: 5\nR5: 4\nR4: 5", "R2: 4\nR3: 3\nR8: 6\nR5: 4\nR4: 5"):
        assert isinstance(parse_rating(reply), Unparsed)
