"""verl's estimators: numbers checked by hand, groups in any order, unscored answers in no mean."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.cluster.advantages import SCALES, estimate, estimators  # noqa: E402

_NAN = float("nan")


def _rewards(values: list[float]) -> object:
    """The reward of an answer stands on its last token, as verl writes it."""
    rewards = torch.zeros(len(values), 3)
    rewards[:, 2] = torch.tensor(values)
    return rewards


def test_groups_need_not_lie_together_and_padding_gets_nothing() -> None:
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 1, 1], [1, 0, 0]])
    advantages, returns = estimate("none", _rewards([1.0, 0.5, 0.0, 0.1]), mask, ["a", "b", "a", "b"])
    expected = torch.tensor([[0.5, 0.5, 0.5], [0.2, 0.2, 0.0], [-0.5, -0.5, -0.5], [-0.2, 0.0, 0.0]])
    torch.testing.assert_close(advantages, expected)
    assert returns is advantages


def test_the_groups_own_deviation_is_that_of_the_population() -> None:
    advantages, _ = estimate("group", _rewards([1.0, 0.0, 0.5, 0.3]), torch.ones(4, 3), ["a", "a", "b", "b"], config=None)
    torch.testing.assert_close(advantages[:, 0], torch.tensor([1.0, -1.0, 1.0, -1.0]))


def test_the_deviation_of_the_whole_step() -> None:
    # rewards 1, 0, 0.6, 0.4: mean 0.5, deviation sqrt((.25 + .25 + .01 + .01) / 4) = .360555
    advantages, _ = estimate("batch", _rewards([1.0, 0.0, 0.6, 0.4]), torch.ones(4, 3), ["a", "a", "b", "b"])
    torch.testing.assert_close(advantages[:, 0], torch.tensor([1.386750, -1.386750, 0.277350, -0.277350]))


@pytest.mark.parametrize("scale", SCALES)
def test_an_unscored_answer_is_in_no_mean_and_gets_no_gradient(scale: str) -> None:
    rewards = [1.0, _NAN, 0.0, _NAN, _NAN, _NAN]
    advantages, _ = estimate(scale, _rewards(rewards), torch.ones(6, 3), ["a", "a", "a", "b", "b", "b"])  # pyright: ignore
    assert not advantages.isnan().any()
    assert advantages[1, 0] == 0
    assert advantages[0, 0] == -advantages[2, 0] > 0
    assert not advantages[3:].any()


def test_each_scale_has_a_name() -> None:
    assert set(estimators()) == {"medgrpo_group", "medgrpo_batch", "medgrpo_none"}
