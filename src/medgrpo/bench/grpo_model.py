"""What all sides of `bench grpo` share: one model, one clip, one answer length. Torch is imported by this module."""

# transformers and trl leave many of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
from __future__ import annotations

import resource
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForImageTextToText
from transformers.utils.logging import disable_progress_bar

from medgrpo.core import Config
from medgrpo.models import Encoded, Encoder, Request, build_tiny, open_encoder
from medgrpo.policy import Policy
from medgrpo.video import SampledClip

SIDE_TOKENS = 8
"""A picture is 8 x 8 merged patches: 64 tokens."""
_TEXT = {"hidden_size": 128, "intermediate_size": 352, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
_VISION = {"hidden_size": 64, "intermediate_size": 176, "num_heads": 4, "out_hidden_size": 128}


class Case(Config):
    """One measurement. `pictures`: temporal patches of the clip, or still images for a trainer without video, 64 tokens each."""

    pictures: int = 16
    group: int = 8
    answer_tokens: int = 48
    rounds: int = 2
    threads: int = 1
    seed: int = 0


@dataclass
class Model:
    """A Qwen2.5-VL of 2 layers with random weights; its folder holds tokenizer and configuration."""

    folder: Path
    encoder: Encoder
    network: Any

    def policy(self) -> Policy:
        """Without an end token, so that all answers have one length."""
        return Policy(self.network, self.encoder.vision.all, [], "side")


def build_model(folder: Path, case: Case) -> Model:
    """The same weights for the same seed."""
    disable_progress_bar()
    torch.set_num_threads(case.threads)
    build_tiny("qwen2.5-vl", folder, case.seed)
    config = AutoConfig.from_pretrained(folder)
    for part, values in ((config.text_config, _TEXT), (config.vision_config, _VISION)):
        for name, value in values.items():
            setattr(part, name, value)
    config.text_config.rope_parameters = {**config.text_config.rope_parameters, "mrope_section": [8, 4, 4]}
    config.text_config.layer_types = ["full_attention"] * _TEXT["num_hidden_layers"]
    torch.manual_seed(case.seed)
    network = AutoModelForImageTextToText.from_config(config, dtype=torch.float32)
    return Model(folder, open_encoder(str(folder)), network)


def pictures(model: Model, count: int, seed: int = 0) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Noise of the size that gives 64 tokens each."""
    side = model.encoder.family.form.side_multiple * SIDE_TOKENS
    random = np.random.default_rng(seed)
    return [random.integers(0, 255, (side, side, 3), dtype=np.uint8) for _ in range(count)]


def encoded(model: Model, case: Case, seed: int = 0) -> Encoded:
    """A clip of twice as many frames as temporal patches, two of each picture, as a still image is doubled by its processor."""
    frames = [image for image in pictures(model, case.pictures, seed) for _ in range(2)]
    side = frames[0].shape[0]
    clip = SampledClip(f"clip{seed}", tuple(frames), tuple(float(k) for k in range(len(frames))), Fraction(1), side, side)
    return model.encoder.encode(Request(f"q{seed}", "What happens?", clip, case.answer_tokens))


@dataclass
class Watch:
    """Seconds of processor time by stage, of every round: on a busy machine the clock on the wall measures the neighbours."""

    seconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    @contextmanager
    def timed(self, stage: str) -> Generator[None]:
        start = time.process_time()
        yield
        self.seconds.setdefault(stage, []).append(time.process_time() - start)

    def least(self) -> dict[str, float]:
        """The least of the rounds after the first, which warms up."""
        return {stage: min(values[1:] or values) for stage, values in self.seconds.items()}


def saved_bytes(network: Any, work: Callable[[], None]) -> int:
    """Bytes that autograd keeps for the backward pass of `work`, each storage once, parameters and their views not counted."""
    known = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    held: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            held[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        work()
    return sum(held.values())


def peak_bytes() -> int:
    """The largest resident size that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
