"""Adapters: in GRPO, saved apart as peft reads them, switched off as the reference, beside weights of four bits."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.policy import (
    GrpoRecipe,
    Reader,
    add_adapters,
    merge_adapters,
    read_grpo_recipe,
    save_adapters,
    train_grpo,
    without_adapters,
)
from medgrpo.policy.four_bit import FourBitLinear, four_bit_maker
from medgrpo.video import encode_png

torch = pytest.importorskip("torch", reason="needs the extra `models`")


class _Letters:
    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _adapted(tiny: Any, quantise: Any = None) -> Any:
    """A copy with adapters that say something."""
    network = copy.deepcopy(tiny.network)
    with torch.random.fork_rng():
        torch.manual_seed(0)  # how they begin
        add_adapters(network.model.language_model, 3, 6.0, quantise)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name.endswith(".up"):
                weight.normal_(std=0.1, generator=generator)
    return network


def _sample(tiny: Any) -> Any:
    return tiny.encoded().with_reply(tiny.encoder.reply_ids("the grasper lifts"))


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated")
def test_saved_apart_they_are_what_peft_reads(tiny: Any, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="reads the saved adapters")
    network = _adapted(tiny)
    save_adapters(network, str(tiny.folder), tmp_path / "adapter")
    start = copy.deepcopy(tiny.network)
    sample = _sample(tiny)
    with torch.no_grad():
        ours = Reader(network, "maximum", half=False).losses([sample])[0]
        before = Reader(start, "maximum", half=False).losses([sample])[0]
        theirs = peft.PeftModel.from_pretrained(start, tmp_path / "adapter")
        read = Reader(theirs.base_model.model, "maximum", half=False).losses([sample])[0]
    assert (ours - before).abs().max() > 1e-2
    torch.testing.assert_close(read, ours, rtol=0, atol=1e-5)


def test_without_them_the_network_is_the_one_before(tiny: Any) -> None:
    network, sample = _adapted(tiny), _sample(tiny)
    with torch.no_grad():
        before = Reader(copy.deepcopy(tiny.network), "maximum", half=False).losses([sample])[0]
        reader = Reader(network, "maximum", half=False)
        adapted = reader.losses([sample])[0]
        with without_adapters(network):
            assert torch.equal(reader.losses([sample])[0], before)
        assert torch.equal(reader.losses([sample])[0], adapted)


def test_four_bits_are_few_and_gradients_are_those_of_what_they_stand_for(tiny: Any) -> None:
    pytest.importorskip("bitsandbytes", reason="needs the extra `qlora`")
    network, sample = _adapted(tiny, four_bit_maker()), _sample(tiny)
    plain = _adapted(tiny)
    layers = {name: module for name, module in network.named_modules() if isinstance(module, FourBitLinear)}
    assert layers
    with torch.no_grad():
        for name, layer in layers.items():
            assert layer.codes.numel() * 2 == plain.get_submodule(name).weight.numel()  # two weights in a byte
            assert layer.codes.dtype == torch.uint8
            exact = plain.get_submodule(name).weight
            assert 0 < (layer.weights() - exact).abs().max() < 0.2 * exact.abs().max()
            exact.copy_(layer.weights())
    found, expected = ({}, {})
    for held, one in ((found, network), (expected, plain)):
        losses = Reader(one, "maximum", half=False).losses([sample])[0]
        losses.sum().backward()
        held["loss"] = losses.detach()
        held |= {name: weight.grad for name, weight in one.named_parameters() if name.endswith((".up", ".down"))}
    torch.testing.assert_close(found["loss"], expected["loss"], rtol=0, atol=1e-5)
    largest = max(value.abs().max().item() for value in expected.values())
    for name, value in expected.items():
        assert (found[name] - value).abs().max().item() < 1e-5 * max(1.0, largest), name
    merge_adapters(network)
    merge_adapters(plain)
    with torch.no_grad():
        whole = [Reader(one, "maximum", half=False).losses([sample])[0] for one in (network, plain)]
    torch.testing.assert_close(*whole, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    names = [f"{frame}.png" for frame in range(4)]
    for name in names:
        (folder / name).write_bytes(encode_png(random.integers(0, 255, (64, 64, 3), dtype=np.uint8)))
    clip = {"video_id": "v", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "8"}
    said = [{"from": "human", "value": "<video>\nSay."}, {"from": "gpt", "value": "ace"}]
    row = {"id": "v", "qa_type": "video_summary_gpt", "data_source": "CoPESD", "video": names, "metadata": clip}
    (folder / "q.json").write_text(json.dumps([row | {"conversations": said}]), encoding="utf-8")
    return folder


def _recipe(tiny: Any, folder: Path, **model: Any) -> GrpoRecipe:
    return GrpoRecipe.model_validate(
        {
            "model": {"checkpoint": str(tiny.folder), "frozen": ("vision", "head")} | model,
            "data": {"questions": str(folder / "q.json"), "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 4096},
            "rewards": {"normaliser": "none", "captions": {"similarity": 1.0}},
            "rollout": {"group_size": 3, "prompts_per_step": 1, "draws_per_step": 2, "most_new_tokens": 8},
            "update": {"learning_rate": 1e-2, "mask_overlong": False, "kl": 0.1},
            "run": {"steps": 2, "checkpoint_every": 1},
            "stop": {"most_overlong": False},
        }
    )


def test_grpo_trains_adapters_alone_against_the_network_without_them(tiny: Any, data: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText

    recipe = _recipe(tiny, data, lora_rank=2, gradient_checkpointing=True)
    train_grpo(recipe, tmp_path / "run", lambda *_: None, lambda: False, _Letters())
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [line["keys"]["CoPESD/video_summary"] for line in lines]
    assert rows[0]["kl"] == pytest.approx(0, abs=1e-5)  # before the first update nothing was learned
    assert rows[1]["kl"] > 1e-5
    start, trained = (
        AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
        for folder in (tiny.folder, tmp_path / "run" / "model")
    )
    changed = {name for name, weight in trained.named_parameters() if not torch.equal(weight, start.get_parameter(name))}
    assert changed
    assert all(name.endswith(("_proj.weight", "in_proj_qkv.weight", "in_proj_z.weight")) for name in changed)
    told = json.loads((tmp_path / "run" / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (told["peft_type"], told["r"], told["lora_alpha"]) == ("LORA", 2, 16.0)


def test_stopped_with_adapters_of_four_bit_weights_it_goes_on_to_the_same_numbers(tiny25: Any, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="needs the extra `qlora`")
    recipe = _recipe(tiny25, data, lora_rank=2, frozen_weights="nf4", gradient_checkpointing=True)

    class Killed(BaseException):
        pass

    def kill(title: str, done: int, total: int) -> None:
        if done == 2:
            raise Killed

    train_grpo(recipe, tmp_path / "whole", lambda *_: None, lambda: False, _Letters())
    with pytest.raises(Killed):
        train_grpo(recipe, tmp_path / "killed", kill, lambda: False, _Letters())
    train_grpo(recipe, tmp_path / "killed", lambda *_: None, lambda: False, _Letters())
    whole, killed = (
        [json.loads(line)["loss"] for line in (tmp_path / run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
        for run in ("whole", "killed")
    )
    assert whole == killed


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ('frozen = ["language"]\nlora_rank = 2', "take `language` out of frozen"),
        ('frozen_weights = "nf4"', "is for weights beside adapters: set lora_rank"),
        ('frozen_weights = "nf4"\nlora_rank = 2', "shares out float weights"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(model: str, said: str, tmp_path: Path) -> None:
    tables = {"data": 'questions = "q"', "rewards": 'normaliser = "none"', "run": 'steps = 1\nspread = "shard"'}
    text = f'[model]\ncheckpoint = "m"\n{model}\n' + "".join(f"[{name}]\n{content}\n" for name, content in tables.items())
    (tmp_path / "r.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_grpo_recipe(tmp_path / "r.toml")
