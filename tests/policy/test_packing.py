"""The shared-prompt forward is exact: log-probabilities and gradients of plain copies."""

from __future__ import annotations

import pytest

from medgrpo.core import ModelError
from medgrpo.policy import Policy, answer_mask, block_mask, measure

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_LENGTHS = (5, 1, 8, 3)


def _answers():
    generator = torch.Generator().manual_seed(1)
    return [torch.randint(97, 122, (length,), generator=generator) for length in _LENGTHS]


@pytest.mark.parametrize("rule", ["side", "maximum"])
def test_log_probabilities_and_gradients_are_those_of_plain_copies(tiny, rule) -> None:
    policy = tiny.policy(rule, temperature=0.8)
    prompt = policy.prompt(tiny.encoded(0.5))
    answers = _answers()
    tiny.network.zero_grad()
    packed = measure(policy, prompt, answers)
    sum((k - 1.5) * row.sum() for k, row in enumerate(packed.logprobs)).backward()
    ours = {name: value.grad.clone() for name, value in tiny.network.named_parameters() if value.grad is not None}
    assert any("visual" in name for name in ours)
    tiny.network.zero_grad()
    plain = [tiny.plain(policy, prompt, answer) for answer in answers]
    sum((k - 1.5) * row.sum() for k, row in enumerate(plain)).backward()
    assert max((a - b).abs().max().item() for a, b in zip(packed.logprobs, plain, strict=True)) < 3e-6
    for name, value in tiny.network.named_parameters():
        if value.grad is not None:
            scale = max(1.0, value.grad.abs().max().item())
            most = 2e-5 if "linear_attn" in name else 3e-6  # states are summed up in chunks of 64 tokens, cut elsewhere here
            assert (value.grad - ours[name]).abs().max().item() / scale < most, name


def test_cut_into_pieces_it_gives_the_same(tiny) -> None:
    policy = tiny.policy()
    prompt, answers = policy.prompt(tiny.encoded()), _answers()
    with torch.no_grad():
        whole = measure(policy, prompt, answers)
        pieces = [*measure(policy, prompt, answers[:3]).logprobs, *measure(policy, prompt, answers[3:]).logprobs]
    assert max((a - b).abs().max().item() for a, b in zip(whole.logprobs, pieces, strict=True)) < 3e-6


def test_equal_answers_have_equal_numbers_wherever_they_stand(tiny) -> None:
    policy = tiny.policy()
    prompt, answer = policy.prompt(tiny.encoded()), _answers()[2]
    with torch.no_grad():
        rows = measure(policy, prompt, [answer] * 4).logprobs
    assert max((row - rows[0]).abs().max().item() for row in rows) < 2e-6


def test_entropy_is_that_of_the_distribution(tiny25) -> None:
    policy = tiny25.policy()
    prompt = policy.prompt(tiny25.encoded())
    with torch.no_grad():
        entropy = measure(policy, prompt, [torch.tensor([100])]).entropies[0]
        table = policy.log_probabilities(policy.hidden(prompt.token_ids, prompt.positions, prompt, None)[0, -1:])
    finite = table[torch.isfinite(table)]
    assert entropy.item() == pytest.approx(-(finite.exp() * finite).sum().item(), abs=1e-5)


def test_masks_by_hand() -> None:
    expected = [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],
        [1, 1, 0, 0, 1, 1],
    ]
    assert answer_mask(2, [2, 2], torch.device("cpu"))[0, 0].int().tolist() == expected
    blocks = block_mask(2, [2, 2], torch.device("cpu"))
    rows, columns = torch.meshgrid(torch.arange(6), torch.arange(6), indexing="ij")
    seen = blocks.mask_mod(torch.tensor(0), torch.tensor(0), rows, columns).int().tolist()
    assert seen == [[1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], *expected]


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_the_path_for_a_gpu_gives_the_same_numbers_uncompiled(tiny) -> None:
    prompt, answers = tiny.policy().prompt(tiny.encoded()), _answers()
    with torch.no_grad():
        blocks = measure(tiny.policy(), prompt, answers).logprobs
        flex = measure(tiny.policy(attention="flex"), prompt, answers).logprobs
    tiny.policy()  # back to what a processor can do
    assert max((a - b).abs().max().item() for a, b in zip(blocks, flex, strict=True)) < 3e-6


def test_an_empty_answer_is_refused(tiny25) -> None:
    policy = tiny25.policy()
    with pytest.raises(ValueError, match="at least one token"):
        measure(policy, policy.prompt(tiny25.encoded()), [torch.tensor([], dtype=torch.long)])


def test_a_class_whose_packed_sequence_is_not_known_to_be_exact_is_refused(tiny25) -> None:
    class Other:
        class config:
            model_type = "qwen3_next"

    with pytest.raises(ModelError, match="qwen3_next: only qwen2_5_vl, qwen3_vl, qwen3_5 can share a prompt"):
        Policy(Other(), [], [], "side")
