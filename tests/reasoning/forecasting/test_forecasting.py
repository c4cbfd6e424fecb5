import numpy as np
import pytest

from medgrpo.core import Span
from medgrpo.reasoning import (
    AnalogueConfig,
    Analogues,
    Anticipator,
    ClassMeans,
    Course,
    FirstOrderMarkov,
    LastSeen,
    Likeness,
    Stretch,
    labels_at,
    moments_at,
    moments_between,
    outcomes_at,
    tune,
)
from medgrpo.reasoning.forecasting.likeness import Remembered, weights
from medgrpo.reasoning.forecasting.markov import witten_bell

GRID = np.arange(0.0, 61.0, 5.0)
AHEAD = np.arange(0.0, 30.0, 5.0)


def course(name: str, labels: str, length: float = 10.0, kind: int = 0) -> Course:
    stretches = tuple(Stretch("abcd".index(one), Span(place * length, (place + 1) * length)) for place, one in enumerate(labels))
    return Course(name, kind, stretches, 0.0, len(labels) * length)


def test_what_is_known_at_a_moment():
    one = Course("x", 0, (Stretch(0, Span(5, 10)), Stretch(2, Span(20, 30))), 0.0, 40.0)
    found = moments_at(one, [2.0, 7.0, 15.0, 25.0], 4)
    assert found.under_way.tolist() == [-1, 0, -1, 2]
    assert found.recent.tolist() == [[-1, -1, -1], [0, -1, -1], [0, -1, -1], [2, 0, -1]]
    assert found.done[:, [0, 2]].tolist() == [[False, False], [True, False], [True, False], [True, True]]
    assert found.spent_seconds.tolist() == [2.0, 2.0, 5.0, 5.0]
    came = outcomes_at(one, [2.0, 7.0, 15.0, 25.0], 4)
    assert came.next_label.tolist() == [0, 2, 2, -1]
    assert came.waiting_seconds[:, 2].tolist() == [18.0, 13.0, 5.0, 0.0]
    assert came.waiting_seconds[3, 0] == np.inf
    assert came.remaining_seconds.tolist() == [38.0, 33.0, 25.0, 15.0]
    assert labels_at(one, [7.0, 15.0, 40.0]).tolist() == [0, -1, -2]


def test_between_stretches_the_next_label_is_the_truth():
    moments, truth = moments_between(course("x", "aba"), 4)
    assert truth.tolist() == [1, 0]
    assert moments.recent.tolist() == [[0, -1, -1], [1, 0, -1]]
    assert moments.spent_seconds.tolist() == [10.0, 10.0]


def test_a_course_out_of_order_is_refused():
    with pytest.raises(ValueError, match="in order of start"):
        Course("x", 0, (Stretch(0, Span(5, 6)), Stretch(0, Span(1, 2))), 0.0, 10.0)
    with pytest.raises(ValueError, match="has a length"):
        Course("x", 0, (), 5.0, 5.0)


def test_witten_bell_by_hand():
    # seen 3 times with 2 successors: keeps 3 / 5; (2 + 2 * 0.5) / 5 = 0.6; a context never seen has the lower order alone
    found = witten_bell(np.array([[2.0, 1.0], [0.0, 0.0]]), np.array([0.5, 0.5]))
    assert found.tolist() == [[0.6, 0.4], [0.5, 0.5]]


def test_markov_waits_for_exponential_times():
    model = FirstOrderMarkov([course("x", "ab"), course("y", "ab")], 4)
    now = moments_at(course("z", "ab"), [5.0], 4)
    waits = model.waiting(now, 0, GRID)[0]
    assert waits[0].tolist() == [1.0] * len(GRID)  # under way
    assert 0 < waits[1, 1] < waits[1, 4] < 1
    assert waits[3].tolist() == [0.0] * len(GRID)  # never seen
    assert (np.diff(waits, axis=1) >= -1e-12).all()


def test_likeness_prefers_the_same_past():
    past = moments_at(course("x", "abc"), [15.0, 25.0], 4)
    now = moments_at(course("y", "abc"), [15.0], 4)
    found = weights(Remembered.of(past), now, Likeness())
    assert found.sum() == pytest.approx(1)
    assert found[0, 0] > 0.99


def test_analogues_know_an_order_that_the_last_label_does_not_tell():
    # after c, b comes first and d comes the second time: a first-order chain cannot know
    past = [course(f"x{place}", "acbcd") for place in range(6)]
    model = Analogues(past, 4, AHEAD, AnalogueConfig(order_share=0.9))
    moments, truth = moments_between(course("new", "acbcd"), 4)
    assert model.next_labels(moments, 0).argmax(axis=1).tolist() == truth.tolist()
    assert FirstOrderMarkov(past, 4).next_labels(moments, 0).argmax(axis=1).tolist() != truth.tolist()


def test_an_unknown_kind_is_inferred_from_what_was_done():
    past = [
        *(course(f"x{place}", "acb", kind=0) for place in range(5)),
        *(course(f"y{place}", "dca", kind=1) for place in range(5)),
    ]
    model = Analogues(past, 4, AHEAD)
    moments, _ = moments_between(course("new", "dc"), 4)
    shares = model.kind_shares(moments)
    assert shares[0, 1] > 0.9
    moments, _ = moments_between(course("new", "dca"), 4)
    assert model.next_labels(moments, None)[1].argmax() == 0


MODELS = {
    "last seen": lambda past: LastSeen(4),
    "class means": lambda past: ClassMeans(past, 4, 60.0, 5.0),
    "markov": lambda past: FirstOrderMarkov(past, 4),
    "analogues": lambda past: Analogues(past, 4, AHEAD),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", [0, None, 9])
def test_every_forecaster_gives_distributions(name: str, kind: int | None):
    model: Anticipator = MODELS[name]([course("x", "abcab"), course("y", "acb"), course("z", "db", kind=1)])
    now = moments_at(course("new", "abdc"), [0.0, 5.0, 25.0, 39.0], 4)
    assert model.next_labels(now, kind).sum(axis=1) == pytest.approx(1)
    waits = model.waiting(now, kind, GRID)
    assert waits.shape == (4, 4, len(GRID))
    assert ((waits >= 0) & (waits <= 1 + 1e-9)).all()
    assert (np.diff(waits, axis=2) >= -1e-9).all()
    left = model.remaining(now, kind, (0.1, 0.5, 0.9))
    assert ((left >= 0) & np.isfinite(left)).all()
    assert (np.diff(left, axis=1) >= 0).all()
    ahead = model.future(now, kind, AHEAD)
    assert ahead.shape == (4, len(AHEAD))
    assert set(ahead.ravel().tolist()) <= {-1, 0, 1, 2, 3}


def test_tuning_never_makes_the_validation_loss_worse():
    from medgrpo.reasoning.forecasting.tuning import asked, next_loss

    past = [course(f"x{place}", "acbcd") for place in range(3)]
    val = [course("v", "acbcd")]
    start = Analogues(past, 4, AHEAD, AnalogueConfig(memory_step_seconds=20.0))
    *_, best = tune(start, val, 4, kind_known=True)
    questions = asked(val, 4, kind_known=True)
    assert next_loss(best, questions) <= next_loss(start, questions)
