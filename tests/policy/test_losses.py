"""Losses by hand, and their gradients against the plainest way of writing them."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.policy import LossKind, answer_loss, clipped, importance, is_clipped, k3, ratios, token_weights  # noqa: E402

_KINDS: tuple[LossKind, ...] = ("grpo", "dapo", "dr_grpo", "gspo")


def test_weights_by_hand() -> None:
    lengths = [2, 0, 4]  # the second is masked
    assert token_weights("grpo", lengths, 8) == [1 / 4, 0.0, 1 / 8]
    assert token_weights("gspo", lengths, 8) == [1 / 4, 0.0, 1 / 8]
    assert token_weights("dapo", lengths, 8) == [1 / 6, 0.0, 1 / 6]
    assert token_weights("dr_grpo", lengths, 8) == [1 / 16, 0.0, 1 / 16]
    assert token_weights("grpo", [0, 0], 8) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("ratio", "advantage", "value", "stopped"),
    [
        (1.0, 2.0, 2.0, False),
        (1.25, 2.0, 2.5, False),  # above 1.2, below 1.3: the upper clip is the wider one
        (1.5, 2.0, 2.6, True),
        (0.5, 2.0, 1.0, False),
        (0.5, -2.0, -1.6, True),
        (1.5, -2.0, -3.0, False),
        (1.5, 0.0, 0.0, False),
    ],
)
def test_clip_by_hand(ratio: float, advantage: float, value: float, stopped: bool) -> None:
    one = torch.tensor([ratio], requires_grad=True)
    surrogate = clipped(one, advantage, 0.2, 0.3)
    assert surrogate.tolist() == pytest.approx([value])
    assert is_clipped(one, advantage, 0.2, 0.3).tolist() == [stopped]
    surrogate.backward()
    assert one.grad.tolist() == pytest.approx([0.0 if stopped else advantage])


def test_k3_by_hand() -> None:
    values = k3(torch.tensor([0.0, math.log(2), 0.0]), torch.tensor([0.0, 0.0, math.log(2)]))
    assert values.tolist() == pytest.approx([0.0, 0.5 + math.log(2) - 1, 2 - math.log(2) - 1])


def test_gspo_has_one_ratio_per_answer() -> None:
    given = ratios("gspo", torch.tensor([-1.0, -3.0]), torch.tensor([-1.5, -2.0]))
    assert given.tolist() == pytest.approx([math.exp(-0.25)] * 2)


def _slow(kind: LossKind, logprobs: Any, old: Any, advantages: list[float], lengths: list[int], most: int, kl: float) -> Any:
    """Token by token over padded rows: how the papers write it."""
    per_answer, tokens = [], sum(lengths)
    for row, length, advantage in zip(range(len(lengths)), lengths, advantages, strict=True):
        parts = []
        for place in range(length):
            log_ratio = logprobs[row, place] - old[row, place]
            if kind == "gspo":
                log_ratio = sum(logprobs[row, k] - old[row, k] for k in range(length)) / length
            ratio = torch.exp(log_ratio)
            kept = torch.min(ratio * advantage, torch.clamp(ratio, 0.8, 1.3) * advantage)
            away = old[row, place] + 0.1 - logprobs[row, place]
            parts.append(kept - kl * (torch.exp(away) - away - 1))
        divisor = {"dapo": tokens, "dr_grpo": len(lengths) * most}.get(kind, len(lengths) * length)
        per_answer.append(sum(parts) / divisor)
    return -sum(per_answer)


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("kl", [0.0, 0.1])
def test_gradients_equal_the_plain_way(kind: LossKind, kl: float) -> None:
    torch.manual_seed(0)
    lengths, advantages = [3, 5, 1], [1.2, -0.7, 0.4]
    old = -torch.rand(3, 5, dtype=torch.float64)
    logprobs = (old + 0.4 * torch.randn(3, 5, dtype=torch.float64)).requires_grad_()
    slow = _slow(kind, logprobs, old, advantages, lengths, 5, kl)
    expected = torch.autograd.grad(slow, logprobs)[0]
    weights = token_weights(kind, lengths, 5)
    ours = sum(
        answer_loss(kind, logprobs[i, :n], advantages[i], weights[i], old[i, :n], (0.2, 0.3), old[i, :n] + 0.1, kl)
        for i, n in enumerate(lengths)
    )
    assert ours.item() == pytest.approx(slow.item(), rel=1e-12)
    given = torch.autograd.grad(ours, logprobs)[0]
    assert (given - expected).abs().max().item() < 1e-12


def test_without_an_old_policy_the_gradient_is_that_of_the_log_probability() -> None:
    logprobs = torch.tensor([-1.0, -2.0], requires_grad=True)
    answer_loss("dapo", logprobs, 0.5, 0.25).backward()
    assert logprobs.grad.tolist() == pytest.approx([-0.125, -0.125])


def test_importance_by_hand() -> None:
    """min(p_old / p_rollout, cap), per token, and no gradient through it."""
    old = torch.log(torch.tensor([0.5, 0.2, 0.9])).requires_grad_()
    rollout = torch.log(torch.tensor([0.25, 0.4, 0.1]))
    drawn = importance(old, rollout, 2.0)
    assert drawn.tolist() == pytest.approx([2.0, 0.5, 2.0])  # 2, 1/2, and 9 cut to 2
    assert not drawn.requires_grad
    assert importance(old, rollout, 100.0).tolist() == pytest.approx([2.0, 0.5, 9.0])


def test_importance_multiplies_each_tokens_objective_and_gradient_but_not_the_kl() -> None:
    logprobs = torch.log(torch.tensor([0.5, 0.2])).requires_grad_()
    drawn = importance(logprobs, torch.log(torch.tensor([0.25, 0.4])), 1.5)  # 2 cut to 1.5, and 1/2
    loss = answer_loss("dapo", logprobs, 0.8, 0.25, drawn=drawn)
    assert loss.item() == pytest.approx(-0.25 * 0.8 * (1.5 + 0.5))
    loss.backward()
    assert logprobs.grad.tolist() == pytest.approx([-0.25 * 0.8 * 1.5, -0.25 * 0.8 * 0.5])
    far = logprobs.detach() + math.log(2)  # k3 = 2 - log 2 - 1 a token
    both = answer_loss("dapo", logprobs, 0.8, 0.25, reference=far, kl=0.1, drawn=drawn)
    assert both.item() == pytest.approx(loss.item() + 0.1 * 0.25 * 2 * (1 - math.log(2)))


def test_the_expectation_of_a_corrected_gradient_is_that_of_the_policy_itself() -> None:
    """Over all tokens of a small vocabulary, drawn from another distribution than the policy's, no cap in the way."""
    torch.manual_seed(0)
    logits = torch.randn(5, dtype=torch.float64, requires_grad=True)
    advantages = [1.0, -0.5, 0.3, 2.0, -1.0]
    policy = torch.log_softmax(logits, 0)
    rollout = torch.log_softmax(logits.detach() + torch.tensor([0.3, -0.2, 0.1, 0.0, -0.4], dtype=torch.float64), 0)

    def gradient(drawn_from: Any, corrected: bool) -> Any:
        loss = sum(
            drawn_from[token].exp().detach()
            * answer_loss(
                "dapo", policy[token : token + 1], advantages[token], 1.0,
                drawn=importance(policy[token : token + 1], rollout[token : token + 1], 10.0) if corrected else None,
            )
            for token in range(5)
        )  # fmt: skip
        return torch.autograd.grad(loss, logits, retain_graph=True)[0]

    wanted = gradient(policy, corrected=False)
    assert (gradient(rollout, corrected=True) - wanted).abs().max().item() < 1e-12
    assert (gradient(rollout, corrected=False) - wanted).abs().max().item() > 1e-2
