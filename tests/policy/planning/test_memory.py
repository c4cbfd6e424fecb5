"""Bytes kept for the backward pass, against hooks on what autograd saves in the real classes."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import pytest

from medgrpo.policy import Policy, Reader, add_adapters, measure
from medgrpo.policy.planning import memory
from medgrpo.policy.planning.geometry import find_geometry
from medgrpo.policy.planning.memory import Kept, Sequence_

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_ALL = Kept(half=False, checkpointing=False, tower="all", projector="all", language="all", head="all")


def _saved(network: Any, work: Any) -> int:
    known = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    held: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            held[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        work()
    return sum(storage.nbytes() for storage in held.values())


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("how", ["all", "frozen vision", "adapters"])
def test_a_packed_group_keeps_what_is_planned(tiny: Any, half: bool, how: str) -> None:
    network = copy.deepcopy(tiny.network).train()
    kept = dataclasses.replace(_ALL, half=half)
    if how != "all":
        network.model.visual.requires_grad_(False)
        kept = dataclasses.replace(kept, tower="none", projector="none")
    if how == "adapters":
        add_adapters(network.model.language_model, 4, 8.0)
        kept = dataclasses.replace(kept, language="adapters", rank=4)
    policy = Policy(network, tiny.encoder.vision.all, [], "maximum", half=half)
    prompt = policy.prompt(tiny.encoded(frames=32))
    said = [torch.full((24,), 50) for _ in range(4)]
    held: list[Any] = []
    found = _saved(network, lambda: held.append(measure(policy, prompt, said)))
    g = find_geometry(str(tiny.folder))
    patches = int(prompt.grid.prod())
    language, _ = memory.language(g, Sequence_(prompt.tokens, 96), kept)
    vision, _ = memory.vision(g, patches, kept)
    seen = patches * g.patch_values * (2 if half else 4) if how == "all" else 0
    planned = language + vision + seen + memory.logits(g, 96, kept, 1)
    # of two layers, the first has an input without gradients under adapters; Qwen3.5's, with a state, would keep much of it
    assert planned == pytest.approx(found, rel=0.30 if how == "adapters" and g.recurrent else 0.10)


def test_packed_samples_keep_what_is_planned(tiny: Any) -> None:
    network = copy.deepcopy(tiny.network).train()
    network.model.visual.requires_grad_(False)
    samples = [
        tiny.encoded(frames=16, seed=seed).with_reply(tiny.encoder.reply_ids("it lifts the gallbladder")) for seed in (0, 1, 2)
    ]
    reader = Reader(network, "maximum", half=False)
    held: list[Any] = []
    found = _saved(network, lambda: held.append(torch.cat(reader.losses(samples))))
    g = find_geometry(str(tiny.folder))
    kept = dataclasses.replace(_ALL, tower="none", projector="none")
    tokens, replies = sum(len(one.token_ids) for one in samples), sum(len(one.reply_ids) for one in samples)
    planned = memory.language(g, Sequence_(tokens, 0, 3), kept)[0] + memory.logits(g, replies, kept, 1)
    assert planned == pytest.approx(found, rel=0.10)


def test_checkpointing_keeps_a_layer_at_a_time() -> None:
    g = find_geometry("Qwen/Qwen2.5-VL-7B-Instruct")
    s = Sequence_(1000, 512)
    whole, none = memory.language(g, s, _ALL)
    inputs, one = memory.language(g, s, dataclasses.replace(_ALL, checkpointing=True))
    assert none == 0
    assert one == memory.attending_layer(g, s, _ALL)
    assert inputs < 0.1 * whole
    assert whole == pytest.approx(28 * one, rel=0.01)


def test_a_cache_holds_the_prompt_once() -> None:
    g = find_geometry("Qwen/Qwen2.5-VL-7B-Instruct")
    assert memory.cache(g, 1000, 8, 100, half=False) == 28 * (1000 + 8 * 100) * 2 * 4 * 128 * 4
    assert memory.cache(g, 1000, 8, 100, half=True) == 28 * (1000 + 8 * 100) * 4 * 128 * (4 + 2)
    g = find_geometry("Qwen/Qwen3.5-4B")  # of 32 layers every fourth attends; 32 heads of states of 128 x 128, 4 columns of 8,192
    states = 24 * 8 * 4 * (32 * 128 * 128 + 4 * (2 * 16 * 128 + 32 * 128))
    assert memory.cache(g, 1000, 8, 100, half=False) == 8 * (1000 + 8 * 100) * 2 * 4 * 256 * 4 + states
