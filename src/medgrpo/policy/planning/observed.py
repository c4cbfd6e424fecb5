"""What a recipe really takes, to hold a plan against: its own loop for time, one update of its longest sequences for memory."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from medgrpo.core import InputError
from medgrpo.models import Encoded, Encoder, open_encoder
from medgrpo.policy.answers import Reader
from medgrpo.policy.features import FeatureStore, tower_digest
from medgrpo.policy.grpo import train_grpo
from medgrpo.policy.keeping import RunFolder
from medgrpo.policy.loading import load_network, policy_of
from medgrpo.policy.packing import measure
from medgrpo.policy.planning.geometry import find_geometry
from medgrpo.policy.planning.layers import Clock, answers
from medgrpo.policy.planning.shape import Recipe, group_pieces, sft_steps
from medgrpo.policy.planning.tokens import count_tokens
from medgrpo.policy.questions import Question, encoded_prompt, read_questions
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.rollout import Sampled
from medgrpo.policy.sft import encoded_sample, train_sft
from medgrpo.policy.sft_recipe import SftRecipe
from medgrpo.policy.spreading import spread_over
from medgrpo.policy.team import ALONE
from medgrpo.policy.update import Group, accumulate
from medgrpo.scoring import Embedder


@dataclass(frozen=True, slots=True)
class Observed:
    """`prompts`: tokens of every question; `steps`: of every step (fine-tuning). Seconds of the step in the middle, by `clock`.

    Bytes by part; `peak` is the largest sum of live tensors in one update behind its weights, gradients and optimiser.
    """

    prompts: tuple[int, ...]
    steps: tuple[int, ...]
    step_seconds: float
    weights_bytes: int
    gradients_bytes: int
    optimiser_bytes: int
    kept_bytes: int
    peak_bytes: int


class LiveBytes(TorchDispatchMode):
    """Bytes of all tensors that operations made and that still live, gradients and what autograd keeps among them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for value in tree_iter(made):
            if isinstance(value, torch.Tensor):
                self._note(value.untyped_storage())
        return made

    def leave_out(self, tensor: torch.Tensor) -> None:
        """What was there before is not counted."""
        self._known.add(_identity(tensor.untyped_storage()))

    def _note(self, storage: torch.UntypedStorage) -> None:
        name, size = _identity(storage), storage.nbytes()
        if name not in self._known and size:
            self._known.add(name)
            weakref.finalize(storage, self._gone, name, size)
            self.now += size
            self.peak = max(self.peak, self.now)

    def _gone(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.now -= size


def _identity(storage: Any) -> int:
    """Of the memory itself: torch makes new Python objects for one storage."""
    return storage._cdata


def observe(
    recipe: Recipe, out: Path, sentences: Embedder | None, clock: Clock = time.process_time, memory: bool = True
) -> Observed:
    """Train into the new folder `out` for the recipe's steps, at least three, and measure; without `memory` no second network is
    loaded for its parts, which then are 0. InputError for fewer steps.
    """
    times: list[float] = []

    def listen(title: str, done: int, total: int) -> None:
        del title, done, total
        times.append(clock())

    if isinstance(recipe, GrpoRecipe):
        train_grpo(recipe, out, listen, lambda: False, sentences)
    else:
        train_sft(recipe, out, listen, lambda: False)
    if len(times) < 3:
        raise InputError(f"{len(times)} steps are too few to measure one: give at least 3")
    seconds = [later - earlier for earlier, later in pairwise(times)]
    encoder = open_encoder(recipe.model.checkpoint)
    questions = read_questions(recipe.data.questions, recipe.data.tasks).kept
    prompts = tuple(len(_prompt(one, recipe, encoder).token_ids) for one in questions)
    steps = tuple(line["tokens"] for line in RunFolder(out).lines("metrics.jsonl")) if isinstance(recipe, SftRecipe) else ()
    parts = ("weights_bytes", "gradients_bytes", "optimiser_bytes", "kept_bytes", "peak_bytes")
    held: Mapping[str, int] = dict.fromkeys(parts, 0)
    if memory and isinstance(recipe, GrpoRecipe):
        held = _grpo_memory(recipe, questions, encoder)
    elif memory and isinstance(recipe, SftRecipe):
        held = _sft_memory(recipe, questions, encoder)
    return Observed(prompts=prompts, steps=steps, step_seconds=median(seconds), **held)


def _prompt(question: Question, recipe: Recipe, encoder: Encoder) -> Encoded:
    return encoded_prompt(question, recipe.data, encoder, 1)


def _grpo_memory(recipe: GrpoRecipe, questions: tuple[Question, ...], encoder: Encoder) -> Mapping[str, int]:
    """Of an update of as many groups as a step has, the longest prompts, every answer at the whole budget; without a reference."""
    network = load_network(recipe.model)
    policy = policy_of(network, encoder, recipe, spread_over(network, ALONE, "replicate"))
    prompts = sorted((_prompt(one, recipe, encoder) for one in questions), key=lambda one: len(one.token_ids), reverse=True)
    budget, size = recipe.rollout.most_new_tokens, recipe.rollout.group_size
    cut = group_pieces(recipe, prompts[0].prompt_tokens, budget)
    lengths = max(cut, key=sum)
    said = tuple(Sampled(ids, torch.zeros(budget), "stop") for ids in answers(size, budget))
    groups = [Group(one, said, (1.0,) * size, (True,) * size) for one in prompts[: recipe.rollout.prompts_per_step]]
    settings = recipe.update.model_copy(update={"kl": 0.0})

    def forward() -> torch.Tensor:
        ready = policy.prompt(prompts[0])
        return torch.stack([one.sum() for one in measure(policy, ready, answers(len(lengths), lengths[0])).logprobs]).sum()

    return _held(recipe, policy.network, forward, lambda: accumulate(policy, groups, settings, budget))


def _sft_memory(recipe: SftRecipe, questions: tuple[Question, ...], encoder: Encoder) -> Mapping[str, int]:
    network = load_network(recipe.model)
    store = None
    if recipe.model.features:
        store = FeatureStore(recipe.model.features, tower_digest(network.model.visual, recipe.model.compute))
    reader = Reader(network, recipe.model.position_rule, recipe.model.compute == "bfloat16", store)
    geometry = find_geometry(recipe.model.checkpoint)
    tokens = count_tokens(questions, recipe.data, encoder, geometry, len(questions))
    largest = sft_steps(recipe, geometry, tokens, questions, encoder).largest
    numbers = {id(counted): number for number, counted in tokens.counted.items()}
    samples = [encoded_sample(questions[numbers[id(one)]], recipe.data, encoder) for one in largest.samples]

    def forward() -> torch.Tensor:
        return torch.cat(reader.losses(samples)).sum()

    def update() -> None:
        forward().backward()

    return _held(recipe, network, forward, update)


def _held(recipe: Recipe, network: Any, forward: Callable[[], torch.Tensor], update: Callable[[], object]) -> Mapping[str, int]:
    """`forward` of the longest sequence says what is kept for its backward pass, a whole `update` what is held at most."""
    network.train(recipe.model.gradient_checkpointing)
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=recipe.update.learning_rate)
    update()
    optimiser.step()  # gradients and moments are there from now on, as they are from the second group of a run on
    live = _watched(network)
    with live:
        loss = forward()
        kept = live.now
    del loss
    live = _watched(network)
    with live:
        update()
    moments = [one for state in optimiser.state.values() for one in state.values() if isinstance(one, torch.Tensor) and one.ndim]
    return {
        "weights_bytes": sum(weight.nbytes for weight in network.parameters()),
        "gradients_bytes": sum(weight.grad.nbytes for weight in trained if weight.grad is not None),
        "optimiser_bytes": sum(one.nbytes for one in moments),
        "kept_bytes": kept,
        "peak_bytes": live.peak,
    }


def _watched(network: Any) -> LiveBytes:
    """That counts from now on, without weights and gradients."""
    live = LiveBytes()
    for weight in network.parameters():
        live.leave_out(weight)
        if weight.grad is not None:
            live.leave_out(weight.grad)
    return live
