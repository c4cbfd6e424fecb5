"""Sampling with a shared cache: what is recorded is what a fresh forward gives, and what may not be said is not."""

from __future__ import annotations

import pytest

from medgrpo.policy import Kept, measure, sample_group, sample_groups

torch = pytest.importorskip("torch", reason="needs the extra `models`")


def _generator(seed: int = 0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rule", ["side", "maximum"])
def test_recorded_log_probabilities_are_those_of_a_fresh_forward_at_four_seconds_per_patch(tiny, rule) -> None:
    policy = tiny.policy(rule, temperature=0.9)
    prompt = policy.prompt(tiny.encoded(frames_per_second=0.5))  # transformers' own cached steps are 3.6 nats off here
    group = sample_group(policy, prompt, 6, 12, _generator())
    with torch.no_grad():
        fresh = [tiny.plain(policy, prompt, answer.token_ids) for answer in group]
        packed = measure(policy, prompt, [answer.token_ids for answer in group]).logprobs
    for answer, plain, shared in zip(group, fresh, packed, strict=True):
        assert (answer.logprobs - plain).abs().max().item() < 3e-6
        assert (answer.logprobs - shared).abs().max().item() < 3e-6


def test_prompts_that_are_sampled_together_do_not_see_each_other(tiny) -> None:
    policy = tiny.policy()
    clips = [tiny.encoded(frames=frames, seed=seed) for seed, frames in enumerate((8, 4, 6))]
    prompts = [policy.prompt(clip) for clip in clips]
    assert len({prompt.tokens for prompt in prompts}) == 3
    policy.ends = frozenset(range(0, 256, 9))  # so that answers end at different steps
    groups = sample_groups(policy, prompts, 4, 12, _generator())
    lengths = {len(answer.token_ids) for group in groups for answer in group}
    assert len(lengths) > 2
    for prompt, group in zip(prompts, groups, strict=True):
        assert len(group) == 4
        for answer in group:
            fresh = tiny.plain(policy, prompt, answer.token_ids)
            assert (answer.logprobs - fresh).abs().max().item() < 3e-6


def test_no_prompt_is_refused(tiny25) -> None:
    with pytest.raises(ValueError, match="for 0 prompts"):
        sample_groups(tiny25.policy(), [], 4, 12, _generator())


def test_kept_features_say_what_pixels_say_and_are_looked_at_once(tiny, monkeypatch) -> None:
    kept = Kept()
    policy = tiny.policy(clips_kept=2, kept=kept)
    encoded = tiny.encoded()
    first, looked = policy.prompt(encoded), policy.prompt(encoded, looking=True)
    assert first.pixels is None
    assert looked.pixels is not None
    answers = sample_group(policy, first, 3, 8, _generator())
    with torch.no_grad():
        pairs = [measure(policy, prompt, [answer.token_ids for answer in answers]).logprobs for prompt in (first, looked)]
    for one, other, answer in zip(*pairs, answers, strict=True):
        assert (one - other).abs().max().item() < 3e-6
        assert (one - answer.logprobs).abs().max().item() < 3e-6
    with pytest.raises(ValueError, match="looking"):
        first.blind()

    def fail(*args, **kwargs):
        raise AssertionError("looked again")

    monkeypatch.setattr(tiny.network.model, "get_video_features", fail)
    tiny.policy(clips_kept=2, kept=kept).prompt(encoded)  # another policy of the same tower
    with pytest.raises(AssertionError, match="looked again"):
        policy.prompt(tiny.encoded(seed=1))


def test_only_the_latest_are_kept() -> None:
    kept = Kept().features
    made = []

    def get(key: str) -> None:
        kept.get(key, 2, lambda: made.append(key))

    for key in ("a", "b", "a", "c", "a", "b"):
        get(key)
    assert made == ["a", "b", "c", "b"]


def test_the_same_generator_gives_the_same_answers_and_another_does_not(tiny25) -> None:
    policy = tiny25.policy()
    prompt = policy.prompt(tiny25.encoded())
    first, again, other = (sample_group(policy, prompt, 4, 10, _generator(seed)) for seed in (0, 0, 1))
    said = [[answer.token_ids.tolist() for answer in group] for group in (first, again, other)]
    assert said[0] == said[1] != said[2]
    assert len({tuple(answer) for answer in said[0]}) > 1


def test_an_end_token_ends_an_answer_and_the_budget_cuts_one(tiny25) -> None:
    policy = tiny25.policy()
    prompt = policy.prompt(tiny25.encoded())
    free = sample_group(policy, prompt, 8, 12, _generator())
    assert {answer.finish for answer in free} == {"length"}
    policy.ends = frozenset(int(answer.token_ids[3]) for answer in free[:4])
    group = sample_group(policy, prompt, 8, 12, _generator())
    assert {answer.finish for answer in group} == {"stop", "length"}
    for answer in group:
        inside, last = answer.token_ids[:-1].tolist(), int(answer.token_ids[-1])
        assert not policy.ends & set(inside)
        assert (answer.finish == "stop") == (last in policy.ends)
        assert len(answer.token_ids) == len(answer.logprobs) <= 12
        fresh = tiny25.plain(policy, prompt, answer.token_ids)
        assert (answer.logprobs - fresh).abs().max().item() < 3e-6  # also after others have left the cache's rows


def test_words_of_vision_are_never_said(tiny25) -> None:
    policy = tiny25.policy()
    weights = tiny25.network.lm_head.weight
    before = weights.detach().clone()
    prompt = policy.prompt(tiny25.encoded())
    with torch.no_grad():
        hidden = policy.hidden(prompt.token_ids, prompt.positions, prompt, None)[0, -1]
        weights[list(tiny25.encoder.vision.all)] = 50 * hidden / hidden.norm() ** 2  # they would now be all that is said
    try:
        group = sample_group(policy, prompt, 8, 6, _generator())
    finally:
        with torch.no_grad():
            weights.copy_(before)
    said = {token for answer in group for token in answer.token_ids.tolist()}
    assert not said & set(tiny25.encoder.vision.all)


def test_frequencies_are_those_of_the_distribution(tiny25) -> None:
    policy = tiny25.policy(temperature=0.5)
    prompt = policy.prompt(tiny25.encoded())
    group = sample_group(policy, prompt, 4000, 1, _generator())
    with torch.no_grad():
        table = policy.log_probabilities(policy.hidden(prompt.token_ids, prompt.positions, prompt, None)[0, -1:])[0].exp()
    counts = torch.bincount(torch.stack([answer.token_ids[0] for answer in group]), minlength=len(table)) / 4000
    assert (counts - table).abs().max().item() < 0.04


def test_blacked_out_pictures_change_what_is_said(tiny) -> None:
    policy = tiny.policy()
    prompt = policy.prompt(tiny.encoded())
    answer = sample_group(policy, prompt, 1, 8, _generator())[0]
    with torch.no_grad():
        blind = measure(policy, prompt.blind(), [answer.token_ids]).logprobs[0]
    assert (blind - answer.logprobs).abs().max().item() > 1e-2
