"""`medgrpo train plan`: tokens, memory and time of a recipe before anything is loaded, and what does not fit."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch

from medgrpo.core import InputError
from medgrpo.models import Encoder
from medgrpo.policy.loading import prepare_network
from medgrpo.policy.planning.advice import advised
from medgrpo.policy.planning.geometry import Geometry, find_geometry
from medgrpo.policy.planning.layers import Clock, timed
from medgrpo.policy.planning.machine import Machine
from medgrpo.policy.planning.memory import Sequence_
from medgrpo.policy.planning.parts import Part, grpo_parts, in_shares, kept_visual, peak_bytes, sft_parts, vllm_room
from medgrpo.policy.planning.shape import Recipe, SftSteps, group_pieces, kept_of, sft_steps, trained_parameters
from medgrpo.policy.planning.stages import grpo_stages, sft_stages
from medgrpo.policy.planning.tokens import Counted, Tokens, assumed_tokens, count_tokens, tokenizer_of
from medgrpo.policy.planning.work import (
    Work,
    decoding,
    head_forward,
    language_forward,
    optimiser,
    trained_kinds,
    vision_forward,
    with_backward,
)
from medgrpo.policy.questions import Question, read_questions
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.sft_recipe import SftRecipe


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever plans says: `device_bytes` that may be used (None: not said), `answer_tokens` of a sampled answer (None: as the
    references are), the machine's rates (None: measured here), how many questions are counted at most, over how many processes.
    """

    device_bytes: int | None = None
    answer_tokens: int | None = None
    machine: Machine | None = None
    questions: int = 2000
    measure: bool = True
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """`stages`: seconds of a step by stage, in the mean; empty when `untimed` says why there are none. `work` is one step's.

    `engine` samples; "" of fine-tuning. `advice`: changes of the recipe, and the bytes that it would then need at most.
    """

    kind: str
    geometry: Geometry
    trained: Mapping[str, int]
    tokens: Tokens
    mean: Counted
    longest: Counted
    answer_tokens: int
    step_tokens: float
    steps: int
    sft: SftSteps | None
    parts: tuple[Part, ...]
    device_bytes: int | None
    work: Work
    stages: Mapping[str, float]
    timed_by: str
    untimed: str
    problems: tuple[str, ...]
    advice: tuple[tuple[str, int], ...]
    engine: str = ""

    @property
    def peak_bytes(self) -> int:
        return peak_bytes(self.parts)

    @property
    def step_seconds(self) -> float | None:
        return sum(self.stages.values()) if self.stages else None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read once, whatever is then changed to give advice."""

    g: Geometry
    tokens: Tokens
    questions: Sequence[Question]
    encoder: Encoder | None
    processes: int


def make_plan(recipe: Recipe, asked: Asked, clock: Clock = time.perf_counter) -> Plan:
    """InputError for what would be refused at the start anyway, and for a network whose measures are not known."""
    g = find_geometry(recipe.model.checkpoint)
    encoder = tokenizer_of(recipe.model.checkpoint)
    budget = recipe.rollout.most_new_tokens if isinstance(recipe, GrpoRecipe) else 128
    if recipe.data.questions.exists():
        questions: Sequence[Question] = read_questions(recipe.data.questions, recipe.data.tasks).kept
        tokens = count_tokens(questions, recipe.data, encoder, g, asked.questions)
    else:
        questions, tokens = (), assumed_tokens(recipe.data, g, min(budget, 128))
    known = _Known(g, tokens, questions, encoder, asked.processes)
    return _grpo(recipe, known, asked, clock) if isinstance(recipe, GrpoRecipe) else _sft(recipe, known, asked, clock)


def _grpo(recipe: GrpoRecipe, known: _Known, asked: Asked, clock: Clock) -> Plan:
    g, k, tokens = known.g, kept_of(recipe), known.tokens
    size, budget = recipe.rollout.group_size, recipe.rollout.most_new_tokens
    groups = -(-recipe.rollout.prompts_per_step // known.processes)  # of this process
    mean, longest = tokens.mean(g.merge), max(tokens.counted.values(), key=lambda one: one.prompt)
    answer = min(budget, asked.answer_tokens or mean.reply)
    cut = group_pieces(recipe, mean.prompt, answer)
    packed = sum(mean.prompt + sum(lengths) for lengths in cut)
    parts = tuple(_parts(recipe, known))
    passes = (recipe.update.updates_per_rollout > 1) + (recipe.update.kl > 0)
    updates = recipe.update.updates_per_rollout
    tensors = 12 * g.layers + 14 * g.blocks
    vision, language = trained_kinds(k)
    seen = vision_forward(g, mean.grid)
    prefill = seen + language_forward(g, Sequence_(mean.prompt, 0), k.rank) + head_forward(g, 1)
    tokens_work = decoding(g, mean.prompt, size, answer, k.half, k.rank)
    forward, update = Work(), Work()
    for lengths in cut:
        said = language_forward(g, Sequence_(mean.prompt, sum(lengths)), k.rank)
        head = head_forward(g, sum(lengths))
        forward = forward + seen + said + head
        update = update + with_backward(seen, vision, k.checkpointing) + with_backward(said, language, k.checkpointing)
        update = update + with_backward(head, "all" if k.head == "all" else "through", False)
    optimise = optimiser(sum(trained_parameters(g, k).values()), tensors)
    works = {
        "rollout": (prefill + tokens_work).times(groups),
        "scoring": forward.times(passes * groups),
        "update": update.times(updates * groups) + optimise.times(updates),
    }
    stages: Mapping[str, float] = {}
    by, why = "", ""
    if asked.machine is not None:
        stages = {name: asked.machine.seconds(work, size, 10 if k.half else 4) for name, work in works.items() if work.operations}
        by = "rates as told"
    elif why := _cannot_measure(recipe, asked):
        pass
    else:
        try:
            found = timed(
                g, _config(recipe), partial(prepare_network, settings=recipe.model), grpo_stages(recipe, g, mean, cut), clock
            )
        except InputError as error:
            why = str(error)
        else:
            one = found.stages
            stages = {
                "rollout": groups * (one["prefill"] + (answer - 1) * one["token"]),
                "scoring": passes * groups * one["score"],
                "update": updates * (groups * one["update"] + one["optimise"]),
            }
            by = _measured_words()
    plan = Plan(
        kind="grpo", geometry=g, trained=trained_parameters(g, k), tokens=tokens, mean=mean, longest=longest, answer_tokens=answer,
        step_tokens=recipe.rollout.prompts_per_step * packed, steps=recipe.run.steps, sft=None, parts=parts,
        device_bytes=asked.device_bytes,
        work=sum(works.values(), Work()), stages=stages, timed_by=by, untimed=why,
        problems=_grpo_problems(recipe, known, budget), advice=(), engine=recipe.rollout.engine,
    )  # fmt: skip
    return _advised(plan, recipe, known)


def _sft(recipe: SftRecipe, known: _Known, asked: Asked, clock: Clock) -> Plan:
    g, k, tokens = known.g, kept_of(recipe), known.tokens
    mean = tokens.mean(g.merge)
    steps = sft_steps(recipe, g, tokens, known.questions, known.encoder)
    stored = bool(recipe.model.features)
    vision, language = trained_kinds(k)
    update = Work()
    own = steps.typical[:: known.processes]  # of this process
    for pack in own:
        s = Sequence_(pack.tokens, 0, len(pack.samples))
        for one in {one.clip: one for one in pack.samples}.values():
            update = update + (Work() if stored else with_backward(vision_forward(g, one.grid), vision, k.checkpointing))
        update = update + with_backward(language_forward(g, s, k.rank), language, k.checkpointing)
        update = update + with_backward(head_forward(g, pack.replies), "all" if k.head == "all" else "through", False)
    works = {"update": update + optimiser(sum(trained_parameters(g, k).values()), 12 * g.layers + 14 * g.blocks)}
    stages: Mapping[str, float] = {}
    by, why = "", ""
    if asked.machine is not None:
        stages = {"update": asked.machine.seconds(works["update"], 1, 4)}
        by = "rates as told"
    elif not (why := _cannot_measure(recipe, asked)):
        with tempfile.TemporaryDirectory() as folder:
            timing = sft_stages(recipe, g, own, Path(folder) if stored else None)
            try:
                found = timed(g, _config(recipe), partial(prepare_network, settings=recipe.model), timing, clock)
            except InputError as error:
                why = str(error)
            else:
                stages, by = {"update": found.stages["update"] + found.stages["optimise"]}, _measured_words()
    problems = [f"{steps.skipped} samples are longer than batch.most_packed_tokens and would be skipped"] if steps.skipped else []
    plan = Plan(
        kind="sft", geometry=g, trained=trained_parameters(g, k), tokens=tokens, mean=mean, longest=tokens.longest(),
        answer_tokens=mean.reply, step_tokens=sum(steps.tokens) / len(steps.tokens), steps=steps.count, sft=steps,
        parts=tuple(_parts(recipe, known)), device_bytes=asked.device_bytes, work=works["update"], stages=stages,
        timed_by=by, untimed=why, problems=tuple(problems), advice=(),
    )  # fmt: skip
    return _advised(plan, recipe, known)


def _parts(recipe: Recipe, known: _Known) -> list[Part]:
    g, k = known.g, kept_of(recipe)
    if isinstance(recipe, GrpoRecipe):
        longest = max(known.tokens.counted.values(), key=lambda one: one.prompt)
        cut = group_pieces(recipe, longest.prompt, recipe.rollout.most_new_tokens)
        visual = kept_visual(recipe, known.tokens, bool(known.questions), g.merge)
        return in_shares(recipe.run.spread, grpo_parts(recipe, g, k, longest, cut, visual), g, known.processes)
    steps = sft_steps(recipe, g, known.tokens, known.questions, known.encoder)
    return in_shares(recipe.run.spread, sft_parts(g, k, steps.largest, bool(recipe.model.features)), g, known.processes)


def _advised(plan: Plan, recipe: Recipe, known: _Known) -> Plan:
    """The same plan with what does not fit said, and what to change."""
    most = plan.device_bytes
    if most is None or plan.peak_bytes <= most:
        return plan
    budget = recipe.rollout.most_new_tokens if isinstance(recipe, GrpoRecipe) else plan.longest.reply
    found = advised(recipe, most, lambda one: peak_bytes(_parts(one, known)), plan.longest.prompt, budget)
    lacking = f"needs {plan.peak_bytes / 1e9:.1f} GB at most, the device has {most / 1e9:.1f} GB"
    return replace(plan, problems=(lacking, *plan.problems), advice=tuple(found))


def _grpo_problems(recipe: GrpoRecipe, known: _Known, budget: int) -> tuple[str, ...]:
    rows = known.tokens.counted.values()
    reply, prompt = max(row.reply for row in rows), max(row.prompt for row in rows)
    problems: list[str] = []
    if reply > budget and known.questions:
        problems.append(f"rollout.most_new_tokens is {budget}, the longest reference has {reply}: the run would be refused")
    if prompt + budget > known.g.most_tokens:
        problems.append(f"{prompt} tokens of prompt and {budget} of answer are more than the model's {known.g.most_tokens}")
    if prompt + budget > recipe.update.most_packed_tokens:
        problems.append(
            f"one answer behind the longest prompt has {prompt + budget} tokens, more than update.most_packed_tokens = "
            f"{recipe.update.most_packed_tokens}, which a single answer is packed beyond"
        )
    if recipe.rollout.engine == "vllm" and prompt + budget > (room := vllm_room(recipe, known.g, kept_of(recipe))):
        problems.append(
            f"rollout.engine_cache_gb = {recipe.rollout.engine_cache_gb:g} holds {room} tokens, the longest prompt and its answer "
            f"are {prompt + budget}: clips like it would be skipped"
        )
    if recipe.rollout.engine == "vllm" and known.processes > 1:
        problems.append(f"rollout.engine = `vllm` samples in one process, not in {known.processes}: the run would be refused")
    return tuple(problems)


def _cannot_measure(recipe: Recipe, asked: Asked) -> str:
    """Why no time is measured on this machine; empty when it is."""
    if not asked.measure:
        return "not asked for"
    if isinstance(recipe, GrpoRecipe) and recipe.rollout.engine == "vllm":
        return "vLLM's sampling is not measured here: plan with rollout.engine = `network`, or give --teraflops and --bandwidth"
    try:
        kind = torch.empty(1, device=recipe.model.device).device.type
    except (RuntimeError, AssertionError):
        return f"this machine has no {recipe.model.device}: give --teraflops and --bandwidth of the device that it will run on"
    if kind != "cpu":
        return f"only the processor is measured, not {recipe.model.device}: give --teraflops and --bandwidth of that device"
    return ""


def _config(recipe: Recipe) -> Mapping[str, Any]:
    """The configuration as transformers reads it: of the folder, or of the table."""
    name = recipe.model.checkpoint
    if Path(name).is_dir():
        return json.loads((Path(name) / "config.json").read_text(encoding="utf-8"))
    return json.loads((files("medgrpo.policy.planning") / "geometries.json").read_text(encoding="utf-8"))[name]


def _measured_words() -> str:
    return f"layers of these widths timed here, {torch.get_num_threads()} threads"
