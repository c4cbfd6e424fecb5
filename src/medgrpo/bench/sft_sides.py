"""The two sides of `bench sft` on one model and one step's samples, round about. Torch is imported by this module."""

# torch and transformers leave many of their own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from medgrpo.bench.grpo_model import Case, Model, Watch, build_model, encoded, saved_bytes
from medgrpo.models import Encoded, collate
from medgrpo.policy import Reader

_RULE = "maximum"


@dataclass(frozen=True, slots=True)
class SftMeasured:
    """`seconds` and `saved_bytes` by side, `packed` and `padded`; `padded_tokens` with the padding."""

    seconds: dict[str, float]
    saved_bytes: dict[str, int]
    tokens: int
    answer_tokens: int
    padded_tokens: int
    loss_difference: float
    max_gradient_difference: float
    largest_gradient: float


def samples_of(model: Model, count: int, seed: int) -> list[Encoded]:
    """Clips of 1 to 16 pictures of 64 tokens, answers of 8 to 256 tokens, as unlike as benchmarks' are."""
    chance = random.Random(seed)
    made: list[Encoded] = []
    for number in range(count):
        prompt = encoded(model, Case(pictures=chance.choice((1, 2, 4, 8, 16))), seed + number)
        made.append(prompt.with_reply(model.encoder.reply_ids("a" * (chance.choice((8, 16, 64, 256)) - 1))))
    return made


def packed_loss(network: Any, samples: Sequence[Encoded]) -> Tensor:
    """Ours: one sequence, the mean over all answer tokens."""
    return torch.cat(Reader(network, _RULE, half=False).losses(samples)).mean()


def padded_loss(model: Model, samples: Sequence[Encoded]) -> Tensor:
    """Transformers' forward with labels over a padded batch, by its own SDPA; the same mean."""
    model.network.model.language_model.set_attn_implementation("sdpa")
    pad = int(model.network.config.text_config.pad_token_id)
    batch = collate(samples, pad, model.encoder.family, _RULE, torch.device("cpu"), torch.float32)
    labels = torch.full_like(batch["input_ids"], -100)
    for row, sample in enumerate(samples):
        reply = torch.from_numpy(sample.reply_ids.copy())
        labels[row, -len(reply) :] = reply
    return model.network(**batch, labels=labels, use_cache=False).loss


def measure_sft(count: int, rounds: int, threads: int, seed: int) -> SftMeasured:
    """Both sides by turns, `rounds` times after one that warms up."""
    before = torch.get_num_threads()
    try:
        with TemporaryDirectory() as folder:
            model = build_model(Path(folder) / "model", Case(threads=threads, seed=seed))
            return _measured(model, samples_of(model, count, seed), rounds)
    finally:
        torch.set_num_threads(before)


def _measured(model: Model, samples: Sequence[Encoded], rounds: int) -> SftMeasured:
    network = model.network
    sides = {"packed": lambda: packed_loss(network, samples), "padded": lambda: padded_loss(model, samples)}
    watch, losses, gradients = Watch(), dict[str, float](), dict[str, dict[str, Tensor]]()
    for _ in range(rounds + 1):
        for name, loss_of in sides.items():
            network.zero_grad()
            with watch.timed(name):
                loss = loss_of()
                loss.backward()
            losses[name] = loss.item()
            gradients[name] = {key: weight.grad.clone() for key, weight in network.named_parameters() if weight.grad is not None}
    network.zero_grad()
    kept = {name: _kept(network, loss_of) for name, loss_of in sides.items()}
    packed, padded = gradients["packed"], gradients["padded"]
    lengths = [len(sample.token_ids) for sample in samples]
    return SftMeasured(
        seconds=watch.least(),
        saved_bytes=kept,
        tokens=sum(lengths),
        answer_tokens=sum(len(sample.reply_ids) for sample in samples),
        padded_tokens=max(lengths) * len(lengths),
        loss_difference=abs(losses["packed"] - losses["padded"]),
        max_gradient_difference=max((packed[key] - value).abs().max().item() for key, value in padded.items()),
        largest_gradient=max(value.abs().max().item() for value in padded.values()),
    )


def _kept(network: Any, loss_of: Callable[[], Tensor]) -> int:
    def forward() -> None:
        loss_of()

    return saved_bytes(network, forward)
