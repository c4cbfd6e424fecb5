"""`medgrpo bench grpo`: our step beside TRL's GRPOTrainer and beside plain copies, each in a process of its own."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from medgrpo import __version__
from medgrpo.core import Config, InputError, MissingExtra

STAGES = ("preprocess", "rollout", "scoring", "update", "step")


class GrpoSide(Config):
    """One side's figures. `saved_bytes`: what autograd keeps for the backward pass; `seconds`: of processor time, by stage."""

    seconds: dict[str, float]
    saved_bytes: int
    peak_growth_bytes: int
    prompt_tokens: int


class GrpoGrowth(Config):
    """One row of how the update's ratio to plain copies grows, beside the ratio of token counts G (P + C) / (P + G C)."""

    group: int
    prompt_tokens: int
    answer_tokens: int
    packed_seconds: float
    copies_seconds: float
    ratio: float
    token_ratio: float


class GrpoBench(Config):
    """Ratios of seconds are the peer's over ours, `memory_ratio` is ours over the peer's.

    `peer` says who that is: TRL, or plain copies where TRL is not installed (then no whole step is compared).
    """

    medgrpo_version: str
    peer: str
    group: int
    answer_tokens: int
    rounds: int
    threads: int
    ours: GrpoSide
    copies: GrpoSide
    trl: GrpoSide | None
    update_ratio: float
    rollout_ratio: float
    step_ratio: float | None
    memory_ratio: float
    update_ratio_to_copies: float
    rollout_ratio_to_copies: float
    memory_ratio_to_copies: float
    max_logprob_difference: float
    max_gradient_difference: float
    largest_gradient: float
    growth: tuple[GrpoGrowth, ...]
    processors: int
    python: str
    system: str


def bench_grpo(pictures: int, group: int, answer_tokens: int, rounds: int, threads: int, grow: bool) -> GrpoBench:
    """MissingExtra without the extra `models`; InputError when a side fails."""
    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            raise MissingExtra("medgrpo bench grpo", "models", library)
    case = {"pictures": pictures, "group": group, "answer_tokens": answer_tokens, "rounds": rounds, "threads": threads}
    ours = GrpoSide.model_validate(_side("ours", [case], threads))
    copies = GrpoSide.model_validate(_side("copies", [case], threads))
    trl = GrpoSide.model_validate(_side("trl", [case], threads)) if find_spec("trl") is not None else None
    apart: dict[str, float] = _side("differences", [case], threads)
    rows: list[dict[str, Any]] = _side("growth", _growing(case), threads) if grow else []
    peer = trl or copies
    return GrpoBench(
        medgrpo_version=__version__,
        peer=f"TRL {_version('trl')} GRPOTrainer" if trl else "plain copies (TRL is not installed: it was not run)",
        group=group,
        answer_tokens=answer_tokens,
        rounds=rounds,
        threads=threads,
        ours=ours,
        copies=copies,
        trl=trl,
        update_ratio=peer.seconds["update"] / ours.seconds["update"],
        rollout_ratio=peer.seconds["rollout"] / ours.seconds["rollout"],
        step_ratio=trl.seconds["step"] / ours.seconds["step"] if trl else None,
        memory_ratio=ours.saved_bytes / peer.saved_bytes,
        update_ratio_to_copies=copies.seconds["update"] / ours.seconds["update"],
        rollout_ratio_to_copies=copies.seconds["rollout"] / ours.seconds["rollout"],
        memory_ratio_to_copies=ours.saved_bytes / copies.saved_bytes,
        max_logprob_difference=apart["max_logprob_difference"],
        max_gradient_difference=apart["max_gradient_difference"],
        largest_gradient=apart["largest_gradient"],
        growth=tuple(GrpoGrowth.model_validate(row) for row in rows),
        processors=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


def _growing(case: dict[str, int]) -> list[dict[str, int]]:
    """One of group, pictures and answer tokens at a time, once each."""
    base = {**case, "pictures": min(case["pictures"], 8), "rounds": 1}
    changes = [{}, {"group": 2}, {"group": 4}, {"group": 16}, {"pictures": 2}, {"pictures": 4}, {"pictures": 16}]
    return [{**base, **change} for change in [*changes, {"answer_tokens": 16}, {"answer_tokens": 128}]]


def _side(side: str, cases: Sequence[dict[str, int]], threads: int) -> Any:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [sys.executable, "-m", "medgrpo.bench.grpo_worker", side],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode != 0:
        raise InputError(f"bench grpo: the side `{side}` failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _version(library: str) -> str:
    from importlib.metadata import version

    return version(library)
