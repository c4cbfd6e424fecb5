"""The loop of MedGRPO: collect groups, reward, update, write down, keep; resumable at any step to the same losses.

Of many processes each samples and learns from its share of a step's groups; what is decided and written is decided over all of them
(`team`), and the first one writes. Who samples is an engine (`engines`), which is handed the weights after each update.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medgrpo import __version__
from medgrpo.core import InputError, Interrupted, ModelError
from medgrpo.models import Encoded, Encoder, open_encoder
from medgrpo.policy.alarms import alarms
from medgrpo.policy.checkpoints import Checkpoints, start_together
from medgrpo.policy.checks import check_sight
from medgrpo.policy.collecting import Collector
from medgrpo.policy.engines.table import engine_of
from medgrpo.policy.exporting import export
from medgrpo.policy.figures import Asked, Collected, by_source_task
from medgrpo.policy.held_out import HeldOut, held_out_figures
from medgrpo.policy.keeping import RunFolder
from medgrpo.policy.kept import Kept
from medgrpo.policy.loading import load_network, policy_of
from medgrpo.policy.lora import trained_weights, without_adapters
from medgrpo.policy.policy import Policy
from medgrpo.policy.questions import Question, Sampler, encoded_prompt, read_questions
from medgrpo.policy.recipe import DataSettings, GrpoRecipe
from medgrpo.policy.repeating import repeatable
from medgrpo.policy.rewarding import Rewarder
from medgrpo.policy.spreading import spread_over
from medgrpo.policy.team import ALONE, Team
from medgrpo.policy.trackers import Trackers
from medgrpo.policy.update import (
    Group,
    Idle,
    UpdateFigures,
    accumulate,
    counted_lengths,
    measured,
    update_weights,
)
from medgrpo.reward import Calibration, SpreadAverages, batch_advantages, over_running_spread, read_calibration
from medgrpo.scoring import Embedder
from medgrpo.tasks import Judge

Progress = Callable[[str, int, int], None]
Tell = Callable[[str], None]


def _silent(words: str) -> None:
    del words


@dataclass(frozen=True, slots=True)
class Finished:
    """`stopped`: the alarms that ended the run before its last step, empty when it is done."""

    steps: int
    model: Path | None
    stopped: tuple[str, ...]


def train_grpo(
    recipe: GrpoRecipe,
    out: Path,
    progress: Progress,
    stop: Callable[[], bool],
    sentences: Embedder | None = None,
    judge: Judge | None = None,
    team: Team = ALONE,
    kept: Kept | None = None,
    tell: Tell = _silent,
) -> Finished:
    """Run or go on. Interrupted when `stop` says so in any process: the checkpoint then holds the last whole step.

    `kept`: memory that several runs in one process share (`rollout.prompts_kept`). `tell` hears, before the first step, which
    questions were left out and why.
    """
    run = GrpoRun(recipe, out, sentences, judge, team, kept)
    for reason, count in run.left_out.items() if team.first else ():
        tell(f"{count} questions left out: {reason}")
    return run.train(progress, stop)


class GrpoRun:
    """Everything that a run holds. Made whole or not at all: whatever can be refused is refused here, before the first step."""

    def __init__(
        self,
        recipe: GrpoRecipe,
        out: Path,
        sentences: Embedder | None,
        judge: Judge | None,
        team: Team = ALONE,
        kept: Kept | None = None,
    ) -> None:
        self.recipe, self.team = recipe, team
        questions = read_questions(recipe.data.questions, recipe.data.tasks)
        calibration = _calibration(recipe)
        self._rewarder = Rewarder(recipe.rewards, calibration, sentences, judge)
        self._rewarder.check(sorted({question.source_task for question in questions.kept}))
        self._encoder, opened = engine_of(recipe, open_encoder(recipe.model.checkpoint), team)
        self._held_out = HeldOut(recipe, self._encoder)
        self._kept = kept or Kept()
        self._data = (recipe.data, recipe.data.model_dump_json())
        self._held_out_data = self._data
        if recipe.held_out.questions:  # relative paths start at the file of the held-out questions
            held = recipe.data.model_copy(update={"questions": recipe.held_out.questions})
            self._held_out_data = (held, held.model_dump_json())
        _check_budget(questions.kept, self._encoder, recipe.rollout.most_new_tokens)
        self.folder = RunFolder(out)
        told = _told(recipe, calibration, judge, sentences)
        goes_on = start_together(self.folder, team, told, recipe.data.questions, questions)
        torch.manual_seed(recipe.run.seed)
        network = load_network(recipe.model, team.local)
        second = recipe.update.kl > 0 and not recipe.model.lora_rank  # without its adapters a network is its own reference
        start = copy.deepcopy(network) if second else None
        self._spread = spread_over(network, team, recipe.run.spread)
        self.policy: Policy = policy_of(network, self._encoder, recipe, self._spread, self._kept)
        self._reference_spread = self._spread if start is None else spread_over(start, team, recipe.run.spread)
        self._reference = None if start is None else policy_of(start, self._encoder, recipe, self._reference_spread)
        self._trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        settings = recipe.update
        self._optimiser = torch.optim.AdamW(self._trained, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        warm = max(1, settings.warmup_steps)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, lambda update: min(1.0, (update + 1) / warm))
        self._sampler = Sampler(questions.kept, recipe.data.balance, recipe.run.seed)
        self._averages = SpreadAverages(recipe.rewards.ema_decay)
        self.step = 0
        self._questions = questions.kept
        self.left_out = questions.left_out
        # beside adapters nothing changes, and weights of four bits are no plain tensors
        saved = trained_weights(network) if recipe.model.lora_rank else network.state_dict()
        self._checkpoints = Checkpoints(self.folder, team, self._spread, "network", saved, self._optimiser)
        self._idle: Idle | None = None
        if goes_on:
            self._restore(self._checkpoints.restore(self.policy.device))
        self._history: list[dict[str, Any]] = team.from_first(lambda: self.folder.cut_back(self.step))
        self._trackers = Trackers(recipe.run.trackers if team.first else (), out, told, self.step)
        self._engine = opened(self.policy)
        self._collector = Collector(
            self._engine,
            self._encoder,
            self._rewarder,
            self._sampler,
            recipe.rollout,
            self._encode,
            recipe.run.seed,
            self._spread,
            team,
        )

    def train(self, progress: Progress, stop: Callable[[], bool]) -> Finished:
        """All steps that are left."""
        # one loop for all steps: a judge's connections belong to it
        with asyncio.Runner() as runner, self._trackers, repeatable(self.policy.device):
            return self._train(progress, stop, runner)

    def _train(self, progress: Progress, stop: Callable[[], bool], runner: asyncio.Runner) -> Finished:
        steps = self.recipe.run.steps
        self._engine.refresh()  # with what the checkpoint of the run holds
        self._check_sight()
        history = self._history
        self._ask_held_out()
        while self.step < steps:
            if self.team.any(stop()):
                self._checkpoints.save(self._state())
                raise Interrupted(f"stopped after step {self.step} of {steps}; the same command goes on")
            line = self._one_step(runner)
            history.append(line)
            found = alarms(self.recipe.stop, history)
            self.step += 1
            if self.team.first:
                self.folder.append("metrics.jsonl", {**line, "alarms": found})
                self._trackers.write(line)
                progress(f"GRPO: {_words(line)}", self.step, steps)
            if found or self.step == steps or self.step % self.recipe.run.checkpoint_every == 0:
                self._checkpoints.save(self._state())
            self._ask_held_out()
            if found:
                return Finished(self.step, None, tuple(found))
        model, folder = self.recipe.model, self.folder.folder
        left = export(self.policy.network, self._encoder, model.checkpoint, model.lora_rank, folder, self._spread, self.team)
        return Finished(self.step, left, ())

    def _one_step(self, runner: asyncio.Runner) -> dict[str, Any]:
        self.policy.network.eval()
        started = time.perf_counter()
        collected = runner.run(self._collector.collect(self.step))
        sampled = time.perf_counter()
        if not collected.asked:
            reasons = "; ".join(sorted({reason for _, reason in collected.skipped})[:3])
            raise InputError(f"step {self.step}: none of {len(collected.skipped)} clips could be had: {reasons}")
        self._write_skipped(collected)
        used = collected.with_spread[: self.recipe.rollout.prompts_per_step]
        rewards = [[one.reward for one in asked.rewarded] for asked in used]
        if self.recipe.rewards.normaliser == "ema":
            rewards = over_running_spread(rewards, ["/".join(asked.question.source_task) for asked in used], self._averages)
        advantages = batch_advantages(rewards, self.recipe.rewards.scale)
        figures, norm = self._update(used, advantages)
        updated = time.perf_counter()
        if figures is not None:
            self._engine.refresh()
        refreshed = time.perf_counter()
        self._write_samples(used, advantages)
        seen = [(None,) * len(asked.answers) for asked in used] if figures is None else figures.answers
        return {
            "step": self.step,
            "loss": None if figures is None else figures.loss,
            "gradient_norm": norm,
            "learning_rate": self._schedule.get_last_lr()[0],
            "groups": len(used),
            "drawn": len(collected.asked) + len(collected.skipped),
            "zero_spread_groups": len(collected.asked) - len(collected.with_spread),
            "skipped": len(collected.skipped),
            "seconds": {"collect": sampled - started, "update": updated - sampled, "refresh": refreshed - updated},
            "keys": by_source_task(collected, used, advantages, seen),
        }

    def _counts(self, asked: Asked) -> tuple[bool, ...]:
        masked = self.recipe.update.mask_overlong
        return tuple(
            one.reward is not None and not (masked and answer.finish == "length")
            for one, answer in zip(asked.rewarded, asked.answers, strict=True)
        )

    def _update(self, used: Sequence[Asked], advantages: Sequence[Sequence[float]]) -> tuple[UpdateFigures | None, float | None]:
        """Over all processes. None when there is nothing to learn from: no group with spread, or every answer masked."""
        counts = [self._counts(asked) for asked in used]
        if not any(counted for group in counts for counted in group):
            return None, None
        settings, most = self.recipe.update, self.recipe.rollout.most_new_tokens
        lengths = [counted_lengths(asked.answers, own) for asked, own in zip(used, counts, strict=True)]
        weights = update_weights(settings.loss, lengths, most)
        own: dict[int, Group] = {
            place: Group(asked.encoded, asked.answers, tuple(advantages[place]), counts[place])
            for place, asked in enumerate(used)
            if asked.encoded is not None
        }
        groups, own_weights = list(own.values()), [weights[place] for place in own]
        old = reference = None
        if settings.updates_per_rollout > 1:
            with self._spread.gathered():
                old = measured(self.policy, groups, settings.most_packed_tokens)
        if settings.kl > 0:
            reference = self._reference_logprobs(groups)
        first: UpdateFigures | None = None
        norm: Tensor | None = None
        self.policy.network.train(self.recipe.model.gradient_checkpointing)
        for _ in range(settings.updates_per_rollout):
            self._optimiser.zero_grad()
            figures = accumulate(self.policy, groups, settings, most, old, reference, own_weights, self._idle)
            self._spread.sum_gradients(self._trained)
            norm = self._spread.clip(self._trained, settings.gradient_norm)
            if not torch.isfinite(norm):
                raise ModelError(
                    f"step {self.step}: the gradient is not finite, so the weights were left alone; the last checkpoint stands: "
                    f"lower update.learning_rate or update.gradient_norm and start in a new folder"
                )
            self._optimiser.step()
            self._schedule.step()
            first = first or figures
        assert first is not None
        return self._of_all(first, list(own), len(used)), None if norm is None else norm.item()

    def _of_all(self, figures: UpdateFigures, places: Sequence[int], count: int) -> UpdateFigures:
        """Figures of the whole update from those of each process's groups, which lie at `places` among `count`."""
        told = self.team.gather((figures.loss, dict(zip(places, figures.answers, strict=True))))
        answers = {place: seen for _, own in told for place, seen in own.items()}
        return UpdateFigures(sum(loss for loss, _ in told), tuple(answers[place] for place in range(count)))

    def _reference_logprobs(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """Under the starting model: a second copy, or this network without its adapters."""
        most = self.recipe.update.most_packed_tokens
        if self._reference is not None:
            with self._reference_spread.gathered():
                return measured(self._reference, groups, most)
        with self._spread.gathered(), without_adapters(self.policy.network):
            return measured(self.policy, groups, most)

    def _ask_held_out(self) -> None:
        """Where it is due after the steps so far. A resumed run asks again what its checkpoint does not know: `cut_back`."""
        if self._held_out.is_due(self.step, self.recipe.run.steps):
            started = time.perf_counter()
            self.policy.network.eval()
            with self._spread.gathered():
                keys = held_out_figures(self._held_out.ask(self._engine, self._encode_held_out, self.team))
            if self.team.first:
                self.folder.append("held_out.jsonl", {"step": self.step, "keys": keys, "seconds": time.perf_counter() - started})

    def _encode(self, question: Question) -> Encoded:
        return self._encoded(question, *self._data)

    def _encode_held_out(self, question: Question) -> Encoded:
        return self._encoded(question, *self._held_out_data)

    def _encoded(self, question: Question, data: DataSettings, told: str) -> Encoded:
        """The prompt, from memory where it is kept; `told`: the settings in words. InputError when its clip cannot be had."""
        budget = self.recipe.rollout.most_new_tokens
        key = (self.recipe.model.checkpoint, told, budget, question.example.key)  # a question's key is its place in the file
        return self._kept.prompts.get(
            key, self.recipe.rollout.prompts_kept, partial(encoded_prompt, question, data, self._encoder, budget)
        )

    def _check_sight(self) -> None:
        """On the first question whose clip can be had; one that cannot is counted when it is drawn."""
        self.policy.network.eval()
        reason = ""
        for question in self._questions:
            try:
                encoded = self._encode(question)
            except InputError as error:
                reason = reason or str(error)
                continue
            tolerance = 1e-3 if self.recipe.model.compute == "float32" else 0.5
            prompt = self.policy.prompt(encoded, looking=True)
            with self._spread.gathered():
                most = min(self.recipe.rollout.most_new_tokens, 16)
                check_sight(self.policy, prompt, self._engine.sample([encoded], 2, most, self.recipe.run.seed)[0], tolerance)
            self._idle = Idle(encoded, self._spread.rounds)
            return
        raise InputError(f"{self.recipe.data.questions}: no question's clip can be read, the first because {reason}")

    def _write_skipped(self, collected: Collected) -> None:
        if not self.team.first:
            return
        for question, reason in collected.skipped:
            self.folder.append("skipped.jsonl", {"step": self.step, "key": question.example.key, "reason": reason})

    def _write_samples(self, used: Sequence[Asked], advantages: Sequence[Sequence[float]]) -> None:
        if not self.team.first:
            return
        for asked, own in list(zip(used, advantages, strict=True))[: self.recipe.run.samples_per_step]:
            answers = [
                {"reply": reply, "reward": one.reward, "raw": one.raw, "advantage": advantage, "finish": answer.finish}
                for reply, one, advantage, answer in zip(asked.replies, asked.rewarded, own, asked.answers, strict=True)
            ]
            example = asked.question.example
            self.folder.append(
                "samples.jsonl",
                {"step": self.step, "key": example.key, "source": example.source, "task": example.task, "answers": answers},
            )

    def _state(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "schedule": self._schedule.state_dict(),
            "sampler": self._sampler.state(),
            "averages": self._averages.state(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._schedule.load_state_dict(state["schedule"])
        self._sampler.restore(state["sampler"])
        self._averages.restore(state["averages"])
        self.step = int(state["step"])


def _calibration(recipe: GrpoRecipe) -> Calibration | None:
    path = recipe.rewards.calibration
    return None if path is None or recipe.rewards.normaliser != "logistic" else read_calibration(path)


def _told(recipe: GrpoRecipe, calibration: Calibration | None, judge: Judge | None, sentences: Embedder | None) -> dict[str, Any]:
    return {
        "medgrpo": __version__,
        **recipe.model_dump(mode="json"),
        "calibration": None if calibration is None else calibration.digest,
        "judge": None if judge is None else judge.name,
        "sentences": None if sentences is None else sentences.name,
    }


def _check_budget(questions: Sequence[Question], encoder: Encoder, most_new_tokens: int) -> None:
    """InputError when a reference does not fit: an answer that can never be whole would be trained to be cut."""
    longest = max(questions, key=lambda question: len(question.record.answer or ""))
    needed = len(encoder.reply_ids(longest.record.answer or ""))
    if needed > most_new_tokens:
        raise InputError(
            f"rollout.most_new_tokens is {most_new_tokens}, but the reference of {longest.example.key} ({longest.example.task}) "
            f"has {needed}: allow as many, or leave the task out"
        )


def _words(line: Mapping[str, Any]) -> str:
    rewards = [row["reward"] for row in line["keys"].values() if row["reward"] is not None]
    return f"reward {sum(rewards) / len(rewards):.3f}" if rewards else "no reward"
