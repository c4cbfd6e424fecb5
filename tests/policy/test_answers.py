"""Packed samples against each on its own by transformers' plain forward; features kept; adapters."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import ModelError
from medgrpo.models import Encoded, rope_positions
from medgrpo.policy import FeatureStore, Reader, SftModelSettings, add_adapters, merge_adapters, prepare_network, tower_digest
from tests.policy.gradients import assert_same_gradients, gradients_of

torch = pytest.importorskip("torch", reason="needs the extra `models`")


def _samples(tiny: Any) -> list[Encoded]:
    """Clips of three rates and lengths; the last asks about the first one's clip."""
    prompts = [tiny.encoded(0.5, 8, 0), tiny.encoded(2.0, 4, 1), tiny.encoded(0.1, 6, 2), tiny.encoded(0.5, 8, 0)]
    replies = ["0-5 seconds", "no", "the grasper lifts the gallbladder", "7-8 seconds"]
    return [prompt.with_reply(tiny.encoder.reply_ids(reply)) for prompt, reply in zip(prompts, replies, strict=True)]


def _plain(network: Any, sample: Encoded, tokens_per_second: float | None) -> Any:
    """The loss per answer token by transformers' own forward over one sample, nothing packed, its own attention."""
    network.model.language_model.set_attn_implementation("sdpa")
    positions = torch.from_numpy(rope_positions(sample, tokens_per_second, "maximum"))[:, None]
    ids = torch.from_numpy(sample.token_ids.copy())[None]
    logits = network(
        input_ids=ids,
        position_ids=positions,
        pixel_values_videos=torch.cat([torch.from_numpy(clip.values()) for clip in sample.clips]),
        video_grid_thw=torch.tensor([clip.grid_thw for clip in sample.clips]),
    ).logits[0]
    first = sample.prompt_tokens
    return torch.nn.functional.cross_entropy(logits[first - 1 : -1], ids[0, first:], reduction="none")


@pytest.mark.parametrize("checkpointing", [False, True])
def test_packed_losses_and_gradients_are_those_of_samples_on_their_own(tiny: Any, checkpointing: bool) -> None:
    network, samples = copy.deepcopy(tiny.network).train(), _samples(tiny)
    per_second = tiny.encoder.family.tokens_per_second
    alone = [_plain(network, sample, per_second) for sample in samples]
    torch.cat(alone).mean().backward()
    expected = gradients_of(network)
    network.zero_grad()
    if checkpointing:
        network.activation_checkpointing_enable({"use_reentrant": False})
    packed = Reader(network, "maximum", half=False).losses(samples)
    assert [len(one) for one in packed] == [len(sample.reply_ids) for sample in samples]
    for ours, theirs in zip(packed, alone, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=2e-5)
    torch.cat(packed).mean().backward()
    assert_same_gradients(gradients_of(network), expected)


def test_a_black_clip_changes_the_loss(tiny: Any) -> None:
    reader, samples = Reader(copy.deepcopy(tiny.network), "maximum", half=False), _samples(tiny)
    with torch.no_grad():
        seeing, blind = reader.losses(samples), reader.losses(samples, blind=True)
    assert max((one - other).abs().max().item() for one, other in zip(seeing, blind, strict=True)) > 1e-2


def test_half_arithmetic_leaves_weights_whole(tiny25: Any) -> None:
    network, samples = copy.deepcopy(tiny25.network), _samples(tiny25)
    exact = Reader(network, "maximum", half=False).losses(samples)
    half = Reader(network, "maximum", half=True).losses(samples)
    apart = max((one - other).abs().max().item() for one, other in zip(exact, half, strict=True))
    assert 0 < apart < 1.0
    torch.cat(half).mean().backward()
    assert {weight.grad.dtype for weight in network.parameters() if weight.grad is not None} == {torch.float32}


def test_kept_features_are_used_and_equal(tiny: Any, tmp_path: Path) -> None:
    network, samples = copy.deepcopy(tiny.network), _samples(tiny)
    network.model.visual.requires_grad_(False)
    without = torch.cat(Reader(network, "maximum", half=False).losses(samples))
    digest = tower_digest(network.model.visual, "float32")
    first = FeatureStore(tmp_path, digest)
    torch.testing.assert_close(torch.cat(Reader(network, "maximum", False, first).losses(samples)), without, rtol=0, atol=1e-6)
    assert (first.computed, first.found) == (3, 0)
    again = FeatureStore(tmp_path, digest)
    network.model.visual.forward = None  # whoever looks once more fails
    assert torch.equal(
        torch.cat(Reader(network, "maximum", False, again).losses(samples)),
        torch.cat(Reader(network, "maximum", False, first).losses(samples)),
    )
    assert (again.computed, again.found) == (0, 3)
    again.path(samples[0].clips[0]).write_bytes(b"cut")
    with pytest.raises(ModelError, match="cannot be read as features, delete it"):
        again.read(samples[0].clips[0], torch.device("cpu"))


def test_another_tower_or_picture_is_another_file(tiny25: Any, tmp_path: Path) -> None:
    visual = copy.deepcopy(tiny25.network.model.visual)
    before = tower_digest(visual, "float32")
    assert before == tower_digest(tiny25.network.model.visual, "float32") != tower_digest(visual, "bfloat16")
    with torch.no_grad():
        visual.merger.mlp[0].bias[0] += 1e-3
    assert tower_digest(visual, "float32") != before
    changed = tower_digest(visual, "float32")
    visual.register_buffer("seen", torch.tensor(7))  # a number without a shape, as batch normalisation has
    assert tower_digest(visual, "float32") != changed
    store = FeatureStore(tmp_path, before)
    assert store.path(tiny25.encoded(seed=1).clips[0]) != store.path(tiny25.encoded(seed=2).clips[0])
    assert store.path(tiny25.encoded(seed=1).clips[0]) == store.path(tiny25.encoded(seed=1).clips[0])


def test_adapters_begin_as_nothing_and_are_added_in(tiny: Any) -> None:
    network, samples = copy.deepcopy(tiny.network), _samples(tiny)
    with torch.no_grad():
        before = torch.cat(Reader(network, "maximum", half=False).losses(samples))
        names = {name for name, _ in network.named_parameters()}
        add_adapters(network.model.language_model, 3, 6.0)
        assert torch.equal(torch.cat(Reader(network, "maximum", half=False).losses(samples)), before)
        for name, weight in network.named_parameters():
            if name.endswith(".up"):
                weight.normal_(std=0.1)
        changed = torch.cat(Reader(network, "maximum", half=False).losses(samples))
        assert (changed - before).abs().max() > 1e-2
        merge_adapters(network)
        assert {name for name, _ in network.named_parameters()} == names
        torch.testing.assert_close(torch.cat(Reader(network, "maximum", half=False).losses(samples)), changed, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "trained"),
    [
        ({"frozen": ()}, {"tower", "projector", "language", "head"}),
        ({}, {"language", "head"}),
        ({"frozen": ("tower", "head")}, {"projector", "language"}),
        ({"frozen": ("language", "head", "projector")}, {"tower"}),
        ({"lora_rank": 2, "frozen": ("tower", "projector", "head")}, {"adapters"}),
    ],
)
def test_each_part_is_a_switch(tiny: Any, settings: dict[str, Any], trained: set[str]) -> None:
    network = copy.deepcopy(tiny.network)
    prepare_network(network, SftModelSettings(checkpoint="m", **settings))

    def part(name: str) -> str:
        if name.startswith("model.visual"):
            return "projector" if "merger" in name else "tower"
        if name.endswith((".up", ".down")):
            return "adapters"
        return "language" if name.startswith("model.language_model") else "head"

    assert {part(name) for name, weight in network.named_parameters() if weight.requires_grad} == trained
