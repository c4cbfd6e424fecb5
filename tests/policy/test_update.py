"""One update over groups: pieces, masks and the plain way give one gradient."""

from __future__ import annotations

import pytest

from medgrpo.policy import Group, Sampled, UpdateSettings, accumulate, measured, pieces, sample_group

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_MOST = 12


def _groups(tiny, policy):
    generator = torch.Generator().manual_seed(3)
    made = []
    for seed in (0, 1):
        encoded = tiny.encoded(seed=seed)
        answers = sample_group(policy, policy.prompt(encoded), 4, _MOST, generator)
        cut = [Sampled(one.token_ids[: 4 + 2 * k], one.logprobs[: 4 + 2 * k], "stop") for k, one in enumerate(answers)]
        made.append(Group(encoded, tuple(cut), (1.0, -0.5, 0.25, -0.75), (True, True, seed == 0, True)))
    return made


def _gradient(tiny, work):
    tiny.network.zero_grad()
    figures = work()
    return figures, {name: value.grad.clone() for name, value in tiny.network.named_parameters() if value.grad is not None}


def _worst(first, second) -> float:
    return max(((first[name] - second[name]).abs().max() / first[name].abs().max().clamp(min=1)).item() for name in first)


def test_pieces_by_hand() -> None:
    assert pieces(10, [3, 0, 4, 2, 9], 17) == [[0, 2], [3], [4]]  # 7 tokens of room; what is longer stands alone
    assert pieces(10, [0, 0], 17) == []


@pytest.mark.parametrize("loss", ["grpo", "dapo", "dr_grpo", "gspo"])
def test_cut_into_pieces_the_gradient_is_the_same(tiny25, loss) -> None:
    policy = tiny25.policy()
    groups = _groups(tiny25, policy)
    old = [[row - 0.1 for row in rows] for rows in measured(policy, groups, 10_000)]
    whole, expected = _gradient(tiny25, lambda: accumulate(policy, groups, UpdateSettings(loss=loss), _MOST, old))
    small = UpdateSettings(loss=loss, most_packed_tokens=groups[0].encoded.prompt_tokens + 11)
    cut, given = _gradient(tiny25, lambda: accumulate(policy, groups, small, _MOST, old))
    assert cut.loss == pytest.approx(whole.loss, abs=1e-5)
    assert _worst(expected, given) < 1e-5


def test_the_gradient_is_that_of_the_plain_way_and_masked_answers_are_not_in_it(tiny25) -> None:
    policy = tiny25.policy()
    groups = _groups(tiny25, policy)

    def plainly():
        kept = [
            (policy.prompt(group.encoded), answer.token_ids, advantage)
            for group in groups
            for answer, advantage, counts in zip(group.answers, group.advantages, group.counts, strict=True)
            if counts
        ]
        tokens = sum(len(ids) for _, ids, _ in kept)
        for prompt, ids, advantage in kept:
            (-advantage * tiny25.plain(policy, prompt, ids).sum() / tokens).backward()

    _, expected = _gradient(tiny25, plainly)
    figures, given = _gradient(tiny25, lambda: accumulate(policy, groups, UpdateSettings(loss="dapo"), _MOST))
    assert _worst(expected, given) < 1e-5
    assert figures.answers[1][2] is None
    assert all(one is not None and one.drift < 1e-5 and one.clipped == 0 for one in figures.answers[0])


def test_kl_pulls_towards_the_reference(tiny25) -> None:
    policy = tiny25.policy()
    groups = [Group(group.encoded, group.answers, (0.0,) * 4, group.counts) for group in _groups(tiny25, policy)]
    same = measured(policy, groups, 10_000)
    settings = UpdateSettings(kl=1.0)
    near, nothing = _gradient(tiny25, lambda: accumulate(policy, groups, settings, _MOST, None, same))
    assert near.loss == pytest.approx(0, abs=1e-5)
    assert max(value.abs().max().item() for value in nothing.values()) < 1e-3
    far = [[row + 0.5 for row in rows] for rows in same]
    away, something = _gradient(tiny25, lambda: accumulate(policy, groups, settings, _MOST, None, far))
    assert away.loss == pytest.approx(2.718281828**0.5 - 0.5 - 1, abs=1e-4)
    assert max(value.abs().max().item() for value in something.values()) > 1e-2


def test_an_update_of_four_groups_holds_the_pictures_of_one(tiny25) -> None:
    from medgrpo.policy.planning.observed import LiveBytes

    policy, answer = tiny25.policy(), Sampled(torch.tensor([40, 41]), torch.zeros(2), "stop")
    groups = [Group(tiny25.encoded(frames=128, seed=seed), (answer,), (1.0,), (True,)) for seed in range(4)]

    def peak(some) -> int:
        tiny25.network.zero_grad()
        accumulate(policy, groups[:1], UpdateSettings(), _MOST)  # gradients are there
        live = LiveBytes()
        for weight in tiny25.network.parameters():
            live.leave_out(weight)
            live.leave_out(weight.grad)
        with live:
            accumulate(policy, some, UpdateSettings(), _MOST)
            measured(policy, some, 10_000)
        return live.peak

    pictures = policy.prompt(groups[0].encoded).pixels.nbytes
    one, four = peak(groups[:1]), peak(groups)
    assert four - one < 0.1 * pictures
    assert pictures > 0.05 * one


def test_tokens_that_were_drawn_by_another_arithmetic_are_weighed_by_it(tiny25) -> None:
    """Rollout log-probabilities moved by hand: the gradient is the plain way's with each token times min(p_now / p_then, cap)."""
    policy = tiny25.policy()
    groups = []
    for group in _groups(tiny25, policy):
        moved = [
            Sampled(one.token_ids, one.logprobs + torch.linspace(-1.0, 0.5, len(one.token_ids)), one.finish)
            for one in group.answers
        ]
        groups.append(Group(group.encoded, tuple(moved), group.advantages, (True,) * 4))
    tokens = sum(len(answer.token_ids) for group in groups for answer in group.answers)

    def plainly():
        for group in groups:
            for answer, advantage in zip(group.answers, group.advantages, strict=True):
                now = tiny25.plain(policy, policy.prompt(group.encoded), answer.token_ids)
                weigh = torch.exp(now.detach() - answer.logprobs).clamp(max=1.5)
                (-advantage * (weigh * now).sum() / tokens).backward()

    _, expected = _gradient(tiny25, plainly)
    figures, given = _gradient(tiny25, lambda: accumulate(policy, groups, UpdateSettings(importance_cap=1.5), _MOST))
    assert _worst(expected, given) < 1e-5
    one = figures.answers[0][0]  # four tokens: -1, -1/2, 0 and 1/2 moved by
    assert one is not None
    assert (one.drift, one.worst_drift, one.capped) == pytest.approx((0.5, 1.0, 0.5), abs=1e-4)
    _, without = _gradient(tiny25, lambda: accumulate(policy, groups, UpdateSettings(importance_cap=False), _MOST))
    assert _worst(expected, without) > 1e-3


def test_with_several_updates_tokens_are_weighed_by_the_policy_before_the_first(tiny25) -> None:
    policy = tiny25.policy()
    groups = _groups(tiny25, policy)
    old = [[row - 0.1 for row in rows] for rows in measured(policy, groups, 10_000)]
    settings = UpdateSettings(clip_low=0.9, clip_high=9.0)  # so that nothing is clipped
    figures, corrected = _gradient(tiny25, lambda: accumulate(policy, groups, settings, _MOST, old))
    _, plain = _gradient(
        tiny25, lambda: accumulate(policy, groups, settings.model_copy(update={"importance_cap": False}), _MOST, old)
    )
    scale = 2.718281828**-0.1  # p_old / p_rollout of every token
    assert max((corrected[name] - scale * plain[name]).abs().max().item() for name in plain) < 1e-5
    assert figures.answers[0][0] is not None
    assert figures.answers[0][0].capped == 0.0
