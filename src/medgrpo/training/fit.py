"""The training loop of the specialist: deterministic for a recipe, and resumable after any epoch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from medgrpo.core import whole_file
from medgrpo.training.augmentation import cover, random_views, relight, warp, warp_boxes
from medgrpo.training.backbone import load_imagenet
from medgrpo.training.network import Specialist
from medgrpo.training.objective import TipTargets, loss, tip_targets
from medgrpo.training.recipe import PerceptionRecipe

Boxes = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Samples:
    """Training pictures in memory. images (n, 3, h, w) uint8; presence: component -> (n, classes) float; boxes: per picture
    class ids (k,), centres (k, 2), sizes (k, 2) in 0..1; video: per picture the number of its video (n,)."""

    images: Tensor
    presence: dict[str, Tensor]
    boxes: list[Boxes]
    video: Tensor

    def sampling_weights(self) -> Tensor:
        """Chance of each picture to be drawn: long videos count as the root of their length, rare triplets more."""
        lengths = torch.bincount(self.video).float()[self.video]
        frequency = self.presence["triplet"].sum(0).clamp(min=1)
        rarity = (self.presence["triplet"] * frequency**-0.5).amax(1).clamp(min=frequency.max() ** -0.5)
        weights = lengths**-0.5 * rarity**0.5
        return weights / weights.sum()


def build(recipe: PerceptionRecipe) -> Specialist:
    torch.manual_seed(recipe.seed)  # pyright: ignore[reportUnknownMemberType]
    backbone = load_imagenet(recipe.backbone, recipe.drop_path, recipe.frozen_blocks)
    return Specialist(backbone, recipe.dropout).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def fit(recipe: PerceptionRecipe, samples: Samples, checkpoint: Path, progress: Callable[[int, int, float], None]) -> Specialist:
    """Train and give the averaged (EMA) network. `progress(step, steps, loss)` is called after every step.

    After each epoch the whole state goes to `checkpoint` (written beside it and renamed); a run that finds one with the
    same recipe goes on from it and ends with the same weights as an uninterrupted run.
    """
    network = build(recipe)
    average = copy.deepcopy(network).eval()
    steps_per_epoch = len(samples.images) // recipe.batch_size
    steps = recipe.epochs * steps_per_epoch
    rates = [recipe.learning_rate, recipe.head_learning_rate]
    body = list(network.backbone.parameters())
    heads = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    groups: list[dict[str, Any]] = [{"params": body, "lr": rates[0]}, {"params": heads, "lr": rates[1]}]
    optimiser = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps, pct_start=0.2)
    generator = torch.Generator().manual_seed(recipe.seed)
    weights = samples.sampling_weights()
    step = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        if state["recipe"] == recipe.model_dump_json():
            network.load_state_dict(state["network"])
            average.load_state_dict(state["average"])
            optimiser.load_state_dict(state["optimiser"])
            schedule.load_state_dict(state["schedule"])
            generator.set_state(state["generator"])
            torch.set_rng_state(state["rng"])
            step = int(state["step"])
    while step < steps:
        network.train()
        drawn = torch.multinomial(weights, steps_per_epoch * recipe.batch_size, replacement=True, generator=generator)
        for chosen in drawn.split(recipe.batch_size):
            images, presence, tips = make_batch(recipe, samples, chosen, generator)
            value = loss(network(images), presence, tips, recipe.label_smoothing)
            optimiser.zero_grad()
            value.backward()  # pyright: ignore[reportUnknownMemberType]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            step += 1
            _follow(average, network, min(0.99, (1 + step) / (10 + step)))
            progress(step, steps, value.item())
        parts: dict[str, Any] = {
            "recipe": recipe.model_dump_json(), "network": network.state_dict(), "average": average.state_dict(),
            "optimiser": optimiser.state_dict(), "schedule": schedule.state_dict(),
            "generator": generator.get_state(), "rng": torch.get_rng_state(), "step": step,
        }  # fmt: skip
        with whole_file(checkpoint) as unfinished:
            torch.save(parts, unfinished)
    return average


def make_batch(
    recipe: PerceptionRecipe, samples: Samples, chosen: Tensor, generator: torch.Generator
) -> tuple[Tensor, dict[str, Tensor], TipTargets]:
    """Augmented pictures (0..255) with their targets."""
    views = random_views(generator, len(chosen))
    images = warp(samples.images[chosen].float() / 255, views, recipe.height, recipe.width)
    images = cover(generator, relight(generator, images))
    moved: list[Boxes] = []
    for view, index in zip(views, chosen.tolist(), strict=True):
        kinds, centres, sizes = samples.boxes[index]
        moved.append((kinds, *warp_boxes(centres, sizes, view)))
    tips = tip_targets(moved, recipe.height, recipe.width)
    presence = {name: values[chosen] for name, values in samples.presence.items()}
    return (images * 255).contiguous(memory_format=torch.channels_last), presence, tips


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, keep: float) -> None:
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(value, 1 - keep)
        else:
            mean.copy_(value)
