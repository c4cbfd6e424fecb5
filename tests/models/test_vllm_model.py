"""What vLLM is asked, with a stand-in for its engine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from medgrpo.core import InputError, MissingExtra, ModelError
from medgrpo.models import Completion, Failure, Model, ModelOptions, Request, TinyKind, Turn, open_model
from medgrpo.video import SampledClip

Noise = Callable[..., SampledClip]


class Engine:
    """vLLM's LLM: keeps what it is asked, answers with the number of the prompt."""

    def __init__(self, **made_with: Any) -> None:
        self.made_with = made_with
        self.prompts: list[Any] = []
        self.settings: list[Any] = []

    def generate(self, prompts: list[Any], settings: list[Any], use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        self.prompts, self.settings = prompts, settings
        return [
            SimpleNamespace(
                prompt_token_ids=[0] * 7, outputs=[SimpleNamespace(text=f"reply {n}", token_ids=[1, 2], finish_reason=finish)]
            )
            for n, finish in zip(range(len(prompts)), ("length", "stop", "stop"), strict=False)
        ]


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> list[Engine]:
    """The module, as far as it is used; the engines that were made."""
    engines: list[Engine] = []

    def make(**made_with: Any) -> Engine:
        engines.append(Engine(**made_with))
        return engines[-1]

    module: Any = ModuleType("vllm")
    module.LLM, module.SamplingParams = make, lambda **settings: SimpleNamespace(**settings)
    module.__version__ = "0.33.0+cpu"  # of whichever distribution provides the module
    monkeypatch.setitem(sys.modules, "vllm", module)
    return engines


def opened(tiny: dict[TinyKind, Path], kind: TinyKind = "qwen2.5-vl", **options: Any) -> Model:
    return open_model(f"vllm:{tiny[kind]}", ModelOptions(**options))


def test_a_clip_goes_with_its_rate_and_is_left_as_it_is(vllm: list[Engine], tiny: dict[TinyKind, Path], noise: Noise) -> None:
    model = opened(tiny)
    asyncio.run(model.generate([Request("a", "When?", noise(5, "0.5"), 8, seed=3)]))
    (prompt,) = vllm[0].prompts
    assert prompt["prompt"].count("<|video_pad|>") == 1
    assert prompt["prompt"].endswith("When?<|im_end|>\n<|im_start|>assistant\n")
    assert prompt["mm_processor_kwargs"] == {"do_resize": False, "do_sample_frames": False}
    frames, metadata = prompt["multi_modal_data"]["video"][0]
    assert frames.shape == (5, 56, 84, 3)
    assert (metadata["fps"], metadata["frames_indices"], metadata["total_num_frames"]) == (0.5, [0, 1, 2, 3, 4], 5)
    # transformers reads the rate as len(frames_indices) / total_num_frames * fps
    assert len(metadata["frames_indices"]) / metadata["total_num_frames"] * metadata["fps"] == 0.5


def test_tokens_of_vision_are_banned_and_settings_are_the_requests(
    vllm: list[Engine], tiny: dict[TinyKind, Path], noise: Noise
) -> None:
    model = opened(tiny)
    asyncio.run(model.generate([Request("a", "When?", noise(), 8, temperature=0.5, seed=3)]))
    (settings,) = vllm[0].settings
    assert (settings.temperature, settings.max_tokens, settings.seed) == (0.5, 8, 3)
    assert len(settings.logit_bias) == 4
    assert set(settings.logit_bias.values()) == {-100.0}
    assert vllm[0].made_with["generation_config"] == "vllm"
    assert model.card.details["vllm"] == "0.33.0+cpu"


def test_results_are_in_order_and_bad_requests_never_reach_the_engine(
    vllm: list[Engine], tiny: dict[TinyKind, Path], noise: Noise
) -> None:
    requests = [Request("a", "When?", noise(), 8), Request("b", "<|im_end|>", None, 8), Request("c", "Why?", None, 8)]
    first, second, third = asyncio.run(opened(tiny).generate(requests))
    assert len(vllm[0].prompts) == 2
    assert "multi_modal_data" not in vllm[0].prompts[1]
    assert isinstance(first, Completion)
    assert (first.text, first.finish, first.prompt_tokens, first.completion_tokens) == ("reply 0", "length", 7, 2)
    assert isinstance(second, Failure)
    assert isinstance(third, Completion)
    assert (third.text, third.finish) == ("reply 1", "stop")


def test_without_vllm_the_extra_is_named(tiny: dict[TinyKind, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtra, match=r"pip install 'medgrpo\[vllm\]'"):
        opened(tiny)


def test_the_rule_that_vllm_does_not_know_is_refused(vllm: list[Engine], tiny: dict[TinyKind, Path]) -> None:
    with pytest.raises(InputError, match="by the rule `maximum`"):
        opened(tiny, position_rule="side")


def test_a_model_that_vllm_cannot_load_is_one_line(
    vllm: list[Engine], tiny: dict[TinyKind, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> Engine:
        raise ValueError("no GPU here\nsecond line")

    monkeypatch.setattr(sys.modules["vllm"], "LLM", refuse)
    with pytest.raises(ModelError, match=r"cannot be loaded: no GPU here$"):
        opened(tiny)


def test_what_is_longer_than_the_engine_takes_never_reaches_it(
    vllm: list[Engine], tiny: dict[TinyKind, Path], noise: Noise
) -> None:
    model = opened(tiny, batch_tokens=150)
    shots = tuple(Turn("?", noise(1, width=28, height=28), "a") for _ in range(4))
    requests = [Request("long", "When? " * 20, None, 8), Request("many", "?", noise(1, width=28, height=28), 8, shots=shots)]
    long, _ = asyncio.run(model.generate(requests))
    assert vllm[0].made_with["max_model_len"] == 150
    assert isinstance(long, Failure)
    assert "more than the model's 150" in long.reason
    _, many = asyncio.run(opened(tiny).generate(requests))
    assert isinstance(many, Failure)
    assert "5 clips in one prompt" in many.reason


def test_whole_frames_are_left_to_transformers(vllm: list[Engine], tiny: dict[TinyKind, Path]) -> None:
    with pytest.raises(InputError, match="smolvlm is read by transformers alone"):
        opened(tiny, "smolvlm")
