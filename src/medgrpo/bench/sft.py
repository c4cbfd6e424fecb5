"""`medgrpo bench sft`: one update of supervised fine-tuning, packed, beside transformers' own forward over a padded batch."""

from __future__ import annotations

import os
import platform

from medgrpo import __version__
from medgrpo.core import Config, needing


class SftBench(Config):
    """Seconds of processor time for loss and gradients of one step, the least of the rounds after the first.

    Tokens are those of the samples, padding not counted. `token_ratio` is how many the padded batch holds for each of them;
    `memory_ratio` what autograd keeps, ours over the peer's; `largest_gradient` stands beside the largest difference of one.
    """

    medgrpo_version: str
    samples: int
    rounds: int
    threads: int
    tokens: int
    answer_tokens: int
    packed_seconds: float
    padded_seconds: float
    packed_tokens_per_second: float
    padded_tokens_per_second: float
    ratio: float
    token_ratio: float
    packed_saved_bytes: int
    padded_saved_bytes: int
    memory_ratio: float
    loss_difference: float
    max_gradient_difference: float
    largest_gradient: float
    processors: int
    system: str


def bench_sft(samples: int, rounds: int, threads: int, seed: int = 0) -> SftBench:
    """MissingExtra without the extra `models`."""
    with needing("medgrpo bench sft", "models", "torch", "transformers"):
        from medgrpo.bench.sft_sides import measure_sft
    found = measure_sft(samples, rounds, threads, seed)
    packed, padded = found.seconds["packed"], found.seconds["padded"]
    return SftBench(
        medgrpo_version=__version__,
        samples=samples,
        rounds=rounds,
        threads=threads,
        tokens=found.tokens,
        answer_tokens=found.answer_tokens,
        packed_seconds=packed,
        padded_seconds=padded,
        packed_tokens_per_second=found.tokens / packed,
        padded_tokens_per_second=found.tokens / padded,
        ratio=padded / packed,
        token_ratio=found.padded_tokens / found.tokens,
        packed_saved_bytes=found.saved_bytes["packed"],
        padded_saved_bytes=found.saved_bytes["padded"],
        memory_ratio=found.saved_bytes["packed"] / found.saved_bytes["padded"],
        loss_difference=found.loss_difference,
        max_gradient_difference=found.max_gradient_difference,
        largest_gradient=found.largest_gradient,
        processors=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
    )
