"""The transformers backend on tiny checkpoints: it sees its clips, knows their times, and says what a fresh forward says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.core import ModelError
from medgrpo.models import Completion, Encoded, Failure, ModelOptions, PositionRule, Request, TinyKind, batches
from medgrpo.video import SampledClip, Sampling

torch = pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.models.batch import collate  # noqa: E402
from medgrpo.models.transformers_model import TransformersModel, open_transformers  # noqa: E402

Noise = Callable[..., SampledClip]
KINDS: tuple[TinyKind, ...] = ("qwen2.5-vl", "qwen3-vl", "qwen3.5", "smolvlm")
QWEN = KINDS[:3]
RATES = ("4", "2", "1", "0.5", "0.1")


@pytest.fixture(scope="module")
def models(tiny: dict[TinyKind, Path]) -> dict[tuple[TinyKind, PositionRule], TransformersModel]:
    rules: tuple[PositionRule, ...] = ("side", "maximum")
    return {
        (kind, rule): open_transformers(str(tiny[kind]), ModelOptions(position_rule=rule, device="cpu"))
        for kind in KINDS
        for rule in rules
    }


def fitting(noise: Noise, kind: TinyKind, frames: int = 6, rate: str = "0.5", seed: int = 0) -> SampledClip:
    side = 28 if kind == "qwen2.5-vl" else 32
    return noise(frames, rate, side, side, seed) if kind == "smolvlm" else noise(frames, rate, 3 * side, 2 * side, seed)


def forward(model: TransformersModel, encoded: Sequence[Encoded]) -> list[Any]:
    """Log-probabilities of each reply's tokens by one fresh pass, tokens of vision banned as in sampling."""
    network, encoder = model._network, model._encoder
    inputs = collate(
        encoded,
        encoder.end_of_turn,
        encoder.family,
        model._options.position_rule,
        network.device,
        network.dtype,
    )
    with torch.no_grad():
        logits = network(**inputs).logits.float().clone()
    logits[:, :, list(encoder.vision.all)] = float("-inf")
    table = torch.log_softmax(logits, dim=-1)[:, :-1].gather(2, inputs["input_ids"][:, 1:, None])[:, :, 0]
    return [table[row, -len(one.reply_ids) :] for row, one in enumerate(encoded)]


def ask(model: TransformersModel, requests: Sequence[Request]) -> list[Completion | Failure]:
    return asyncio.run(model.generate(requests))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", ["side", "maximum"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_what_is_generated_has_the_probability_of_a_fresh_forward(
    models: dict[Any, TransformersModel], noise: Noise, kind: TinyKind, rule: PositionRule, temperature: float
) -> None:
    model = models[kind, rule]
    requests = [
        Request(
            f"q{place}",
            "What comes next?" * (place + 1),
            fitting(noise, kind, 4 + 3 * place, rate, place),
            8,
            "",
            temperature,
            place,
        )
        for place, rate in enumerate(RATES)
    ]
    encoded = [model._encoder.encode(request) for request in requests]
    said = model.say(requests, encoded)
    assert all(len(one.ids) == 8 or one.ended for one in said)
    whole = [prompt.with_reply(one.ids) for prompt, one in zip(encoded, said, strict=True)]
    for place, expected in enumerate(forward(model, whole)):
        np.testing.assert_allclose(said[place].logprobs, expected.numpy(), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_two_clips_of_unlike_rate_and_length_in_a_batch_equal_each_alone(
    models: dict[Any, TransformersModel], noise: Noise, kind: TinyKind
) -> None:
    model = models[kind, "maximum"]
    prompts = [
        model._encoder.encode(Request("a", "When?", fitting(noise, kind, 3, "2", 1), 8)),
        model._encoder.encode(Request("b", "What comes next here?", fitting(noise, kind, 8, "0.25", 2), 8)),
    ]
    whole = [prompt.with_reply(model._encoder.reply_ids("1.0-2.0 seconds.")) for prompt in prompts]
    together = forward(model, whole)
    for place, one in enumerate(whole):
        np.testing.assert_allclose(together[place].numpy(), forward(model, [one])[0].numpy(), rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_zeroed_and_shuffled_pictures_change_what_is_said(
    models: dict[Any, TransformersModel], noise: Noise, kind: TinyKind
) -> None:
    model = models[kind, "maximum"]
    prompt = model._encoder.encode(Request("a", "When?", fitting(noise, kind), 8))
    seen = prompt.with_reply(model._encoder.reply_ids("1.0-2.0 seconds."))
    rows = seen.clips[0].rows
    shuffled = np.random.default_rng(0).permutation(rows)
    for other in (np.zeros_like(rows), shuffled):
        blind = replace(seen, clips=(replace(seen.clips[0], rows=other),))
        change = (forward(model, [seen])[0] - forward(model, [blind])[0]).abs().max().item()
        assert change > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_another_rate_changes_what_is_said(models: dict[Any, TransformersModel], noise: Noise, kind: TinyKind) -> None:
    model = models[kind, "maximum"]
    reply = model._encoder.reply_ids("1.0-2.0 seconds.")
    slow, fast = (model._encoder.encode(Request("a", "When?", fitting(noise, kind, 6, rate), 8)) for rate in ("0.5", "2"))
    change = (forward(model, [slow.with_reply(reply)])[0] - forward(model, [fast.with_reply(reply)])[0]).abs().max().item()
    assert change > 1e-3


@pytest.mark.parametrize("kind", QWEN)
@pytest.mark.parametrize("rate", ["4", "3", "2", "1.5", "1", "0.5", "0.25", "0.2", "0.1"])
def test_our_positions_under_rule_side_are_those_of_transformers(
    models: dict[Any, TransformersModel], noise: Noise, kind: TinyKind, rate: str
) -> None:
    model = models[kind, "side"]
    encoded = [
        model._encoder.encode(Request("a", "When?" * (1 + n), fitting(noise, kind, 8 - 3 * n, rate, n), 8)) for n in range(2)
    ]
    inputs = collate(encoded, 0, model._encoder.family, "side", model._network.device, model._network.dtype)
    theirs, _ = model._network.model.get_rope_index(
        inputs["input_ids"],
        inputs["mm_token_type_ids"],
        video_grid_thw=inputs["video_grid_thw"],
        second_per_grid_ts=[one.clips[0].seconds_per_grid for one in encoded],
        attention_mask=inputs["attention_mask"],
    )
    assert torch.equal(inputs["position_ids"], theirs)


def test_the_two_rules_are_two_models_after_a_long_clip(models: dict[Any, TransformersModel], noise: Noise) -> None:
    clip = fitting(noise, "qwen2.5-vl", 16, "0.25")
    said = []
    for rule in ("side", "maximum"):
        model = models["qwen2.5-vl", rule]
        said.append(forward(model, [model._encoder.encode(Request("a", "When?", clip, 8)).with_reply([65, 66, 67])])[0])
    assert (said[0] - said[1]).abs().max() > 2e-4  # ten times what a batch differs from one alone


def test_a_seeded_draw_is_the_same_alone_and_in_a_batch(models: dict[Any, TransformersModel], noise: Noise) -> None:
    model = models["qwen2.5-vl", "maximum"]
    asked = [Request(str(seed), "When?", fitting(noise, "qwen2.5-vl"), 12, temperature=1.0, seed=seed) for seed in (1, 2, 1)]
    together = ask(model, asked)
    texts = [one.text for one in together if isinstance(one, Completion)]
    assert texts[0] == texts[2] != texts[1]
    alone = ask(model, asked[:1])[0]
    assert isinstance(alone, Completion)
    assert alone.text == texts[0]


def test_no_token_of_vision_is_ever_said(models: dict[Any, TransformersModel], noise: Noise) -> None:
    model = models["qwen3-vl", "maximum"]
    vision = model._encoder.vision.all
    bias = model._network.lm_head.weight.data
    before = bias[list(vision)].clone()
    try:
        bias[list(vision)] *= 1000
        request = Request("a", "When?", fitting(noise, "qwen3-vl"), 8)
        said = model.say([request], [model._encoder.encode(request)])[0]
    finally:
        bias[list(vision)] = before
    assert not set(said.ids) & set(vision)


def test_bad_requests_fail_in_their_place_and_budgets_are_each_ones_own(models: dict[Any, TransformersModel], noise: Noise) -> None:
    model = models["qwen2.5-vl", "maximum"]
    clip = fitting(noise, "qwen2.5-vl")
    requests = [
        Request("short", "When?", clip, 2),
        Request("size", "When?", noise(width=100, height=56), 8),
        Request("word", "<|im_end|>", clip, 8),
        Request("long", "When?", None, 9000),
        Request("text", "When?", None, 5),
    ]
    got = ask(model, requests)
    assert [type(one).__name__ for one in got] == ["Completion", "Failure", "Failure", "Failure", "Completion"]
    assert all(one.lasting for one in got if isinstance(one, Failure))
    first = got[0]
    assert isinstance(first, Completion)
    assert (first.finish, first.completion_tokens) == ("length", 2)
    assert first.prompt_tokens == len(model._encoder.encode(requests[0]).token_ids)


def test_too_little_memory_halves_the_batch_and_fails_the_one_that_never_fits(
    models: dict[Any, TransformersModel], noise: Noise, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models["qwen2.5-vl", "maximum"]
    say, sizes = model.say, list[int]()

    def small(requests: Sequence[Request], encoded: Sequence[Encoded]) -> Any:
        sizes.append(len(requests))
        if len(requests) > 1 or requests[0].key == "big":
            raise torch.OutOfMemoryError("no room")
        return say(requests, encoded)

    monkeypatch.setattr(model, "say", small)
    got = ask(model, [Request(key, "When?", fitting(noise, "qwen2.5-vl"), 2) for key in ("a", "big", "c")])
    assert [isinstance(one, Completion) for one in got] == [True, False, True]
    assert sizes == [3, 1, 2, 1, 1]


def test_the_card_says_what_ran(models: dict[Any, TransformersModel]) -> None:
    card = models["qwen3-vl", "side"].card
    assert card.sampling == Sampling(side_multiple=32, least_pixels=8 * 1024, most_pixels=48 * 1024)
    assert card.revision.startswith("sha256:")
    assert card.details["position_rule"] == "side"
    assert card.details["dtype"] == "float32"


def test_load_errors_are_one_line(tiny: dict[TinyKind, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="torch sees no GPU here"):
        open_transformers(str(tiny["qwen3-vl"]), ModelOptions(device="cuda"))
    for file in tiny["qwen3-vl"].iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_transformers(str(tmp_path), ModelOptions())


def test_batches_are_neighbours_in_length_longest_first() -> None:
    assert batches([5, 100, 7, 90, 300], 200) == [[4], [1, 3], [2, 0]]
    assert batches([], 200) == []
