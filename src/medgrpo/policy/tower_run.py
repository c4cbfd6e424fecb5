"""The loop that trains the nano model's tower (`tower`): draw pairs, one update, write down, keep; resumable at any step to the
same losses.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medgrpo import __version__
from medgrpo.core import InputError, Interrupted
from medgrpo.models import Patches, VideoForm, open_encoder, patchify
from medgrpo.policy.checkpoints import Checkpoints
from medgrpo.policy.exporting import export
from medgrpo.policy.features import seen_by
from medgrpo.policy.keeping import RunFolder
from medgrpo.policy.loading import load_network
from medgrpo.policy.recipe import ModelSettings
from medgrpo.policy.repeating import repeatable
from medgrpo.policy.spreading import spread_over
from medgrpo.policy.team import ALONE
from medgrpo.policy.tower import Pair, TowerFigures, Words, figures_of, tower_loss, truths_of
from medgrpo.sources import Problem, SimulatedCase, read_simulated
from medgrpo.video import Sampling, clip_from_frames

CHECKPOINT_EVERY = 100
"""Steps between two checkpoints: about half a minute of two cores, and a hundredth of that to write one."""
_GAPS = (1, 2, 4, 4, 8)
"""Seconds between two pictures of a pair: 16 pictures of one or two minutes are 4 or 8 apart, those of short clips 1."""
_PAIRS = 24
_RISE = 50
"""Steps in which the learning rate rises; afterwards it falls to 0."""


@repeatable(torch.device("cpu"))
def train_tower(
    cases: Path, held_out: Path, model: str, out: Path, steps: int, seed: int,
    progress: Callable[[str, int, int], None], stop: Callable[[], bool], learning_rate: float = 1e-3,
    checkpoint_every: int = CHECKPOINT_EVERY,
) -> TowerFigures:  # fmt: skip
    """Train the tower and projector of `model` in the run folder `out`, or go on there; the whole checkpoint is `out`/model.

    Interrupted when `stop` says so: the run's own checkpoint then holds the last whole step.
    """
    told, other = _cases(cases), _cases(held_out)
    words = _words([case for own in told for case in own])
    encoder = open_encoder(model)
    folder = RunFolder(out)
    settings = {
        "medgrpo": __version__, "model": model, "steps": steps, "seed": seed, "learning_rate": learning_rate, "cases": str(cases),
        "drawn": sorted(case.name for own in told for case in own), "held_out": sorted(case.name for own in other for case in own),
    }  # fmt: skip
    goes_on = folder.start(settings)
    torch.manual_seed(seed)
    network = load_network(ModelSettings(checkpoint=model))
    network.model.language_model.requires_grad_(False)
    layer = torch.nn.Linear(int(network.config.vision_config.out_hidden_size), words.outputs)
    kept = {f"visual.{name}": weight for name, weight in network.model.visual.named_parameters()}
    kept |= {f"layer.{name}": weight for name, weight in layer.named_parameters()}
    optimiser = torch.optim.AdamW(kept.values(), lr=learning_rate, weight_decay=0.01)
    spread = spread_over(network, ALONE, "replicate")
    checkpoints = Checkpoints(folder, ALONE, spread, "trained", kept, optimiser)
    draw, first, loss_mean = random.Random(seed), 0, 0.0
    if goes_on:
        state = checkpoints.restore(network.device)
        first, loss_mean = int(state["step"]), float(state["loss_mean"])
        draw.setstate(_as_state(state["draw"]))
    folder.cut_back(first)

    def keep(step: int) -> None:
        checkpoints.save({"step": step, "loss_mean": loss_mean, "draw": draw.getstate()})

    shown, before = _sampling(encoder.family.form), time.monotonic()
    for step in range(first, steps):
        if stop():
            keep(step)
            raise Interrupted(f"stopped after step {step} of {steps}; the same command goes on")
        pairs = [_pair(draw.choice(draw.choice(told)), cases, draw) for _ in range(_PAIRS)]
        rate = learning_rate * min((step + 1) / _RISE, (steps - step) / max(1, steps - _RISE), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = rate
        said, grid = _said(network, layer, pairs, encoder.family.form, shown)
        loss = tower_loss(said, truths_of(pairs, words, grid), words)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(kept.values(), 1.0)
        optimiser.step()
        loss_mean = 0.98 * loss_mean + 0.02 * loss.item()
        folder.append("metrics.jsonl", {"step": step, "loss": loss.item(), "learning_rate": rate})
        if step + 1 == steps or (step + 1) % checkpoint_every == 0:
            keep(step + 1)
        if time.monotonic() - before > 1 or step + 1 == steps:
            before = time.monotonic()
            progress(f"tower: loss {loss_mean / (1 - 0.98 ** (step + 1)):.3f}", step + 1, steps)
    draw = random.Random(seed + 1)
    with torch.no_grad():
        pairs = [_pair(draw.choice(draw.choice(other)), held_out, draw) for _ in range(10 * _PAIRS)]
        said, grid = _said(network, layer, pairs, encoder.family.form, shown)
        figures = figures_of(said, truths_of(pairs, words, grid), words)
    export(network, encoder, model, 0, out, spread, ALONE)
    return figures


def _as_state(stored: Sequence[Any]) -> tuple[Any, ...]:
    """What `random.Random.setstate` takes, wherever tuples came back as lists."""
    version, numbers, gauss = stored
    return version, tuple(numbers), gauss


def _cases(folder: Path) -> list[list[SimulatedCase]]:
    """By what is operated, so that each world is shown alike often."""
    found = [one for one in read_simulated(folder) if not isinstance(one, Problem) and len(one.pictures) > max(_GAPS)]
    if not found:
        raise InputError(f"{folder}: no whole simulated case with pictures lies in it; medgrpo simulate --frames makes them")
    by_world: dict[str, list[SimulatedCase]] = {}
    for case in found:
        by_world.setdefault(case.told.opening, []).append(case)
    return list(by_world.values())


def _words(cases: Sequence[SimulatedCase]) -> Words:
    labels = {label for case in cases for segments, _ in case.told.timed for _, label in segments}
    tools = {tool for case in cases for boxes in case.boxes.values() for tool in boxes}
    skills = {name for case in cases for name in case.told.skill or {}}
    views = {f"view {place}" for case in cases if case.told.view is not None for place in range(len(case.told.view[1]))}
    return Words(tuple(sorted(labels)), tuple(sorted(tools)), tuple(sorted(skills)) + tuple(sorted(views)))


def _pair(case: SimulatedCase, root: Path, draw: random.Random) -> Pair:
    held = sorted(case.pictures)
    gap = draw.choice(_GAPS)
    first = draw.choice(held[:-gap])
    second = min((one for one in held if one >= first + gap), default=held[-1])
    return Pair(case, (first, second), (root / case.pictures[first], root / case.pictures[second]))


def _sampling(form: VideoForm) -> Sampling:
    unit = form.side_multiple**2
    return Sampling(side_multiple=form.side_multiple, least_pixels=12 * unit, most_pixels=12 * unit)


def _said(
    network: Any, layer: torch.nn.Linear, pairs: Sequence[Pair], form: VideoForm, shown: Sampling
) -> tuple[Tensor, tuple[int, int]]:
    """What the linear layer says of every token, (N, tokens, outputs), and the rows and columns of tokens."""
    clips: list[Patches] = []
    for pair in pairs:
        rate = Fraction(1, pair.seconds[1] - pair.seconds[0])
        clips.append(patchify(clip_from_frames(pair.paths, rate, shown), form))
    if len({clip.grid_thw for clip in clips}) != 1:
        raise InputError("the pictures of the cases are of several sizes: simulate all with one --size")
    with torch.autocast(network.device.type, torch.bfloat16):
        features = seen_by(network, clips, network.device)
    _, rows, columns = clips[0].grid_thw
    merged = torch.stack([one[0] for one in features]).float()
    return layer(merged), (rows // form.merge_size, columns // form.merge_size)
