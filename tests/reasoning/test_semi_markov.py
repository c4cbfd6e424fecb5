"""The semi-Markov model against results that can be worked out by hand, and against its own matrix exponential."""

from __future__ import annotations

import math

import numpy as np
import pytest

from medgrpo.reasoning.durations import Duration, erlang_cdf, erlang_quantile, fit_duration, learn_duration
from medgrpo.reasoning.prediction import END, next_cells, next_states, remaining, time_left, time_to_cell, time_to_state
from medgrpo.reasoning.semi_markov import Modes, SemiMarkov, State, transition

TWO_MODES = Modes(("x", "y"), np.array([[0, 0.5], [0.5, 0]]), np.array([1.0, 0.0]))


def two_states(**settings: object) -> SemiMarkov:
    """a for 10 s (two stages), then b for 5 s (one stage, two modes); b ends the whole or goes back to a by 0.3."""
    states = [State("a", Duration(2, 10.0)), State("b", Duration(1, 5.0), TWO_MODES)]
    return SemiMarkov(states, np.array([[0, 1.0], [0.3, 0]]), np.array([1.0, 0.0]), fresh=("a",), **settings)


def test_erlang_by_hand():
    assert erlang_cdf(1, math.log(2)) == pytest.approx(0.5)
    assert erlang_cdf(2, 1.0) == pytest.approx(1 - 2 / math.e)
    assert erlang_quantile(1, 0.5) == pytest.approx(math.log(2))
    assert Duration(1, 10.0).quantile(0.5) == pytest.approx(10 * math.log(2))
    with pytest.raises(ValueError, match="probability"):
        erlang_quantile(1, 1.0)


@pytest.mark.parametrize("stages", [1, 2, 3, 5])
def test_a_duration_is_found_again_from_its_own_quantiles(stages: int):
    true = Duration(stages, 120.0)
    fitted = fit_duration(true.quantile(0.05), true.quantile(0.5), true.quantile(0.95))
    assert fitted.stages == stages
    assert fitted.mean_seconds == pytest.approx(120.0)


def test_durations_are_learned_from_lengths():
    random = np.random.default_rng(1)
    assert learn_duration(random.gamma(3, 20, 2000).tolist()).stages == 3
    assert learn_duration([7.0]).mean_seconds == 7.0
    for wrong in ([], [0.0], [math.nan], [math.inf]):
        with pytest.raises(ValueError, match="positive"):
            learn_duration(wrong)


@pytest.mark.parametrize("early", [0.0, 0.2])
def test_the_mean_holds_with_early_exits(early: float):
    states = [State("a", Duration(3, 30.0)), State("b", Duration(1, 1.0))]
    model = SemiMarkov(states, np.array([[0, 1.0], [0, 0]]), np.array([1.0, 0]), fresh=("a",), early_share=early)
    assert time_left(model, model.initial, 1000, 0.5).mean_within() == pytest.approx(30.0, abs=0.05)


def test_prediction_is_the_matrix_exponential():
    model = two_states(paces=(1.0, 0.25), pace_prior=(0.6, 0.4))
    for seconds in (0.2, 7.0, 400.0):
        whole = (model.initial[:, None, :] @ model.kernel(seconds))[:, 0, :]
        assert model.predict(model.initial, seconds) == pytest.approx(whole, abs=1e-9)
    assert model.predict(model.initial, 0.0) is model.initial
    halves = model.predict(model.predict(model.initial, 3.0), 4.0)
    assert model.predict(model.initial, 7.0) == pytest.approx(halves, abs=1e-9)
    assert model.predict(model.initial, 9.0).sum(axis=1) == pytest.approx([0.6, 0.4])  # time says nothing about the pace


def test_an_exponential_state_by_hand():
    states = [State("a", Duration(1, 10.0)), State("b", Duration(1, 1e9))]
    model = SemiMarkov(states, np.array([[0, 1.0], [0, 0]]), np.array([1.0, 0]))
    assert model.state_belief(model.predict(model.initial, 5.0))[0] == pytest.approx(math.exp(-0.5))
    assert transition(np.array([[-0.1, 0.1], [0, 0]]), np.array([5.0]))[0, 0, 0] == pytest.approx(math.exp(-0.5))


def test_evidence_is_bayes():
    model = two_states()
    even = model.update(model.initial, np.array([0.0, 0.0, 0.0]))
    assert even[0] == pytest.approx(model.initial)
    assert even[1] == pytest.approx(0.0)
    mixed = model.predict(model.initial, 10.0)
    before = model.state_belief(mixed)
    after, likelihood = model.update(mixed, np.log([0.2, 0.6, 0.6]))
    assert likelihood == pytest.approx(math.log(0.2 * before[0] + 0.6 * before[1]))
    assert model.state_belief(after)[1] == pytest.approx(0.6 * before[1] / math.exp(likelihood))


def test_what_comes_next():
    model = two_states()
    assert next_states(model, model.initial) == {"a": 0.0, "b": pytest.approx(1.0), END: pytest.approx(0.0)}
    in_b = model.known("b")
    assert next_states(model, in_b) == {"a": pytest.approx(0.3), "b": 0.0, END: pytest.approx(0.7)}
    # from (b, x): switching at 0.5 per second against leaving at 0.2 per second, of which 0.3 go to a
    cells = next_cells(model, in_b)
    assert cells["b", "y"] == pytest.approx(0.5 / 0.7)
    assert cells["a", ""] == pytest.approx(0.2 * 0.3 / 0.7)


def test_times_to_come():
    model = two_states()
    to_b = time_to_state(model, model.initial, "b", 400.0, 1.0)
    assert to_b.quantiles((0.5,))[0] == pytest.approx(Duration(2, 10.0).quantile(0.5), abs=0.1)
    assert to_b.mean_within() == pytest.approx(10.0, abs=0.05)
    assert time_to_state(model, model.initial, "a", 50.0, 1.0).quantiles((0.5,)) == (0.0,)
    back = time_to_state(model, model.known("b"), "a", 400.0, 1.0)
    assert back.cdf[-1] == pytest.approx(0.3)
    assert back.quantiles((0.1, 0.5))[1] is None
    # from (b, x): straight to y by 5/7; else by way of a (0.3 of the 2/7 that leave), and the same again
    straight, again = 0.5 / 0.7, 0.2 / 0.7 * 0.3
    reached = time_to_cell(model, model.known("b"), ("b", "y"), 800.0, 1.0).cdf[-1]
    assert reached == pytest.approx(straight / (1 - again))
    # the mean of the whole: 15 s, and 0.3 of the times once more
    assert remaining(model, model.initial, 2000.0, 1.0).mean_within() == pytest.approx(15 / 0.7, abs=0.05)
    with pytest.raises(ValueError, match="grid"):
        remaining(model, model.initial, 1.0, 2.0)


def test_time_spent_ages_the_belief():
    model = two_states()
    fresh, aged = (time_left(model, model.known("a", spent), 400, 0.5).mean_within() for spent in (0.0, 60.0))
    assert fresh == pytest.approx(10.0, abs=0.05)
    assert aged == pytest.approx(5.0, abs=0.5)  # the second of the two stages, most likely


def test_the_pace_is_learned_from_how_long_states_last():
    model = two_states(paces=(1.0, 0.1), pace_prior=(0.5, 0.5))
    belief = model.initial
    for look in range(9):  # b after 1.5 s instead of 10 s
        belief = model.predict(belief, 0.25)
        belief, _ = model.update(belief, np.log([0.9, 0.1, 0.1]) if look < 6 else np.log([0.1, 0.9, 0.9]))
    assert model.pace_belief(belief)[1] > 0.6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exits": np.array([[0.5, 0.5], [0, 0]])}, "follows itself"),
        ({"exits": np.array([[0, 1.5], [0, 0]])}, "at most 1"),
        ({"exits": np.zeros((3, 3))}, "shape"),
        ({"initial": np.array([0.5, 0.2])}, "sum to 1"),
        ({"paces": (0.0,)}, "positive"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, words: str):
    states = [State("a", Duration(1, 1.0)), State("b", Duration(1, 1.0))]
    settings = {"exits": np.array([[0, 1.0], [0, 0]]), "initial": np.array([1.0, 0.0])} | change
    with pytest.raises(ValueError, match=words):
        SemiMarkov(states, settings.pop("exits"), settings.pop("initial"), **settings)


def test_wrong_durations_and_modes_are_refused():
    with pytest.raises(ValueError, match="positive mean"):
        Duration(1, math.nan)
    with pytest.raises(ValueError, match="low <= middle"):
        fit_duration(5, 3, 9)
    with pytest.raises(ValueError, match="entry"):
        Modes(("x",), np.zeros((1, 1)), np.zeros(1))
