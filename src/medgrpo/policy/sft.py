"""Supervised fine-tuning: read ahead, pack, one update, write down, keep; resumable at any step to the same losses.

Of many processes each reads and packs its share of a step's samples; the first one writes.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from medgrpo import __version__
from medgrpo.core import InputError, Interrupted, ModelError
from medgrpo.models import Encoded, Encoder, open_encoder
from medgrpo.policy.answers import Reader
from medgrpo.policy.checkpoints import Checkpoints, start_together
from medgrpo.policy.checks import LEAST_SIGHT
from medgrpo.policy.exporting import export
from medgrpo.policy.features import FeatureStore, tower_digest
from medgrpo.policy.figures import mean
from medgrpo.policy.keeping import RunFolder
from medgrpo.policy.loading import load_network
from medgrpo.policy.questions import Question, encoded_prompt, read_questions
from medgrpo.policy.recipe import DataSettings
from medgrpo.policy.repeating import repeatable
from medgrpo.policy.sft_order import balanced_steps, dealt, epoch_order, packs
from medgrpo.policy.sft_recipe import SftRecipe
from medgrpo.policy.spreading import spread_over
from medgrpo.policy.team import ALONE, Team
from medgrpo.policy.trackers import Trackers

Progress = Callable[[str, int, int], None]
Read = Encoded | str
"""A sample with its answer, or why it cannot be had."""


@dataclass(frozen=True, slots=True)
class SftFinished:
    """`left_out`: questions that were never samples, by reason; `skipped`: samples that could not be had, each time counted."""

    steps: int
    model: Path
    left_out: Mapping[str, int]
    skipped: int


def train_sft(recipe: SftRecipe, out: Path, progress: Progress, stop: Callable[[], bool], team: Team = ALONE) -> SftFinished:
    """Run or go on. Interrupted when `stop` says so in any process: the checkpoint then holds the last whole step."""
    return SftRun(recipe, out, team).train(progress, stop)


class SftRun:
    """Everything that a run holds. Made whole or not at all: whatever can be refused is refused here, before the first step."""

    def __init__(self, recipe: SftRecipe, out: Path, team: Team = ALONE) -> None:
        self.recipe, self.team = recipe, team
        found = read_questions(recipe.data.questions, recipe.data.tasks)
        self._questions, self._left_out = found.kept, found.left_out
        self._encoder = open_encoder(recipe.model.checkpoint)
        self.folder = RunFolder(out)
        data = hashlib.sha256(recipe.data.questions.read_bytes()).hexdigest()
        told = {"medgrpo": __version__, **recipe.model_dump(mode="json"), "questions_sha256": data}
        goes_on = start_together(self.folder, team, told, recipe.data.questions, found)
        torch.manual_seed(recipe.run.seed)
        network = load_network(recipe.model, team.local)
        store = None
        if recipe.model.features:
            store = FeatureStore(recipe.model.features, tower_digest(network.model.visual, recipe.model.compute))
        self._spread = spread_over(network, team, recipe.run.spread)
        half = recipe.model.compute == "bfloat16"
        self.reader = Reader(network, recipe.model.position_rule, half, store, self._spread.through)
        self._trained = {name: weight for name, weight in network.named_parameters() if weight.requires_grad}
        settings = recipe.update
        self._optimiser = torch.optim.AdamW(self._trained.values(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self.steps = planned_steps(recipe, self._questions, self._encoder)
        self.step = 0
        self._checkpoints = Checkpoints(self.folder, team, self._spread, "trained", self._trained, self._optimiser)
        self._idle: Encoded | None = None
        if goes_on:
            self.step = int(self._checkpoints.restore(self.reader.device)["step"])
        team.from_first(lambda: self.folder.cut_back(self.step))
        self._trackers = Trackers(recipe.run.trackers if team.first else (), out, told, self.step)

    def train(self, progress: Progress, stop: Callable[[], bool]) -> SftFinished:
        """All steps that are left."""
        with repeatable(self.reader.device):
            return self._train(progress, stop)

    def _train(self, progress: Progress, stop: Callable[[], bool]) -> SftFinished:
        self._check()
        count = len(self.steps)
        with ThreadPoolExecutor(1) as ahead, self._trackers:
            waiting = ahead.submit(self._read_step, self.step)
            while self.step < count:
                if self.team.any(stop()):
                    self._checkpoints.save({"step": self.step})
                    raise Interrupted(f"stopped after step {self.step} of {count}; the same command goes on")
                started = time.perf_counter()
                samples = waiting.result()
                waiting = ahead.submit(self._read_step, self.step + 1)
                line = self._one_step(samples, time.perf_counter() - started)
                self.step += 1
                if self.team.first:
                    self.folder.append("metrics.jsonl", line)
                    self._trackers.write(line)
                    loss = "no loss" if line["loss"] is None else f"loss {line['loss']:.3f}"
                    progress(f"SFT: {loss}", self.step, count)
                if self.step == count or self.step % self.recipe.run.checkpoint_every == 0:
                    self._checkpoints.save({"step": self.step})
        lines = self.team.from_first(lambda: self.folder.lines("metrics.jsonl"))
        model, folder = self.recipe.model, self.folder.folder
        left = export(self.reader.network, self._encoder, model.checkpoint, model.lora_rank, folder, self._spread, self.team)
        return SftFinished(self.step, left, self._left_out, sum(line["skipped"] for line in lines))

    def _read_step(self, step: int) -> dict[int, Read]:
        """This process's samples of a step by their place in it; nothing after the last."""
        numbers = self.steps[step] if step < len(self.steps) else []
        own = dealt(len(numbers), self.team.size)[self.team.rank]
        return {place: self._read(self._questions[numbers[place]]) for place in own}

    def _read(self, question: Question) -> Read:
        try:
            sample = encoded_sample(question, self.recipe.data, self._encoder)
        except InputError as error:
            return str(error)
        most, length = self.recipe.batch.most_packed_tokens, len(sample.token_ids)
        return sample if length <= most else f"{length} tokens, more than batch.most_packed_tokens = {most}"

    def _one_step(self, own: Mapping[int, Read], waited: float) -> dict[str, Any]:
        """`own`: this process's samples. The line tells of all."""
        started = time.perf_counter()
        told = self.team.gather({place: _facts(read) for place, read in own.items()})
        facts = {place: one for part in told for place, one in part.items()}
        questions = [self._questions[number] for number in self.steps[self.step]]
        if self.team.first:
            for place, question in enumerate(questions):
                reason = facts[place]
                if isinstance(reason, str):
                    self.folder.append("skipped.jsonl", {"step": self.step, "key": question.example.key, "reason": reason})
        answer_tokens = sum(one[1] for one in facts.values() if not isinstance(one, str))
        whole = {place: read for place, read in own.items() if not isinstance(read, str)}
        losses, sequences, norm = self._update(list(whole.values()), answer_tokens)
        store = self.reader.store
        sums = {
            "sequences": sequences,
            "computed": 0 if store is None else store.computed,
            "found": 0 if store is None else store.found,
            "waited": waited,
            "update": time.perf_counter() - started,
        }
        parts = self.team.gather((dict(zip(whole, losses, strict=True)), sums))
        lost = {place: loss for part, _ in parts for place, loss in part.items()}
        samples = [
            (question, one if isinstance(one, str) else (lost[place], one[1]))
            for place, (question, one) in enumerate((question, facts[place]) for place, question in enumerate(questions))
        ]
        return {
            "step": self.step,
            "loss": sum(lost[place] for place in sorted(lost)) / answer_tokens if answer_tokens else None,
            "gradient_norm": norm,
            "learning_rate": self._rate(),
            "samples": len(lost),
            "skipped": len(samples) - len(lost),
            "sequences": sum(one["sequences"] for _, one in parts),
            "tokens": sum(one[0] for one in facts.values() if not isinstance(one, str)),
            "answer_tokens": answer_tokens,
            "keys": _by_source_task(samples),
            "seconds": {name: max(one[name] for _, one in parts) for name in ("waited", "update")},
            "features": None if store is None else {name: sum(one[name] for _, one in parts) for name in ("computed", "found")},
        }

    def _update(self, samples: Sequence[Encoded], total: int) -> tuple[list[float], int, float | None]:
        """Per sample of this process the loss summed over its answer's tokens; its sequences; the gradient's norm over all.

        The objective is the mean over all `total` answer tokens of the step, whatever sequence and process they lie in; the
        norm is None where there is none.
        """
        self._optimiser.zero_grad()
        if not total:
            return [], 0, None
        self.reader.network.train(self.recipe.model.gradient_checkpointing)
        sums = [0.0] * len(samples)
        made = packs([len(sample.token_ids) for sample in samples], self.recipe.batch.most_packed_tokens)
        rest = self._spread.rounds(len(made)) - len(made)
        for pack in made:
            losses = self.reader.losses([samples[place] for place in pack])
            (torch.cat(losses).sum() / total).backward()
            for place, own in zip(pack, losses, strict=True):
                sums[place] = own.detach().sum().item()
        for _ in range(rest):
            assert self._idle is not None
            (self.reader.losses([self._idle])[0].sum() * 0).backward()
        self._spread.sum_gradients(self._trained.values())
        norm = self._spread.clip(self._trained.values(), self.recipe.update.gradient_norm)
        if not torch.isfinite(norm):
            raise ModelError(
                f"step {self.step}: the gradient is not finite, so the weights were left alone; the last checkpoint stands: lower "
                f"update.learning_rate or update.gradient_norm and start in a new folder"
            )
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        self._optimiser.step()
        return sums, len(made), norm.item()

    def _rate(self) -> float:
        """The learning rate of this step: up over the warm-up, then down, so that the step after the last would have 0."""
        warm, count = self.recipe.update.warmup_steps, len(self.steps)
        share = min((self.step + 1) / max(1, warm), (count - self.step) / max(1, count - warm), 1.0)
        return share * self.recipe.update.learning_rate

    @torch.no_grad()
    def _check(self) -> None:
        """On the first sample that can be had: the model sees its clip, and says the same of it packed and alone."""
        self.reader.network.eval()
        reason = ""
        for question in self._questions:
            read = self._read(question)
            if isinstance(read, str):
                reason = reason or read
                continue
            self._idle = read
            with self._spread.gathered():
                alone, packed = self.reader.losses([read])[0], self.reader.losses([read, read])[1]
                blind = self.reader.losses([read], blind=True)[0]
            changed = (alone - blind).abs().max().item()
            if not read.clips or changed < LEAST_SIGHT:
                raise ModelError(
                    f"blacking the clip of {question.example.key} out changes no log-probability by more than {changed:.2g}: the "
                    f"model does not see it, and training would be blind"
                )
            apart = (alone - packed).abs().max().item()
            if apart > (1e-3 if self.recipe.model.compute == "float32" else 0.5):
                raise ModelError(f"log-probabilities of {question.example.key} differ by {apart:.2g} between packed and alone")
            return
        raise InputError(f"{self.recipe.data.questions}: no sample can be had, the first because {reason}")


def encoded_sample(question: Question, data: DataSettings, encoder: Encoder) -> Encoded:
    """The prompt as evaluation and rollout show it, then the answer and the end of its turn. InputError when it cannot be had."""
    reply = encoder.reply_ids(question.record.answer or "")
    return encoded_prompt(question, data, encoder, len(reply)).with_reply(reply)


def planned_steps(recipe: SftRecipe, questions: Sequence[Question], encoder: Encoder) -> list[list[int]]:
    """The numbers of the questions of every step. Lengths are estimated, from frames at their largest: no picture is read."""
    form, data, batch = encoder.family.form, recipe.data, recipe.batch
    frame_tokens = max(1, data.most_pixels // form.side_multiple**2)
    members: dict[str, list[int]] = {}
    lengths: list[int] = []
    for number, question in enumerate(questions):
        members.setdefault("/".join(question.source_task), []).append(number)
        record = question.record
        frames = -(-min(len(record.frames), data.most_frames) // form.temporal_patch_size)
        lengths.append(frames * frame_tokens + (len(record.question) + len(record.answer or "")) // 4)
    steps: list[list[int]] = []
    for epoch in range(recipe.run.epochs):
        order = epoch_order(members, data.balance, recipe.run.seed, epoch)
        steps += balanced_steps(order, lengths, batch.samples_per_step, batch.window)
    return steps


def _facts(read: Read) -> str | tuple[int, int]:
    """What the other processes need of a sample: why it cannot be had, or its tokens and those of its answer."""
    return read if isinstance(read, str) else (len(read.token_ids), len(read.reply_ids))


def _by_source_task(samples: Sequence[tuple[Question, str | tuple[float, int]]]) -> dict[str, dict[str, Any]]:
    """`source/task` -> samples, skipped, answer tokens, and the mean over samples of the loss per answer token. `samples`: why one
    could not be had, or its loss in sum and its answer's tokens."""
    skipped = Counter("/".join(question.source_task) for question, one in samples if isinstance(one, str))
    own: dict[str, list[tuple[float, int]]] = {key: [] for key in skipped}
    for question, one in samples:
        if not isinstance(one, str):
            own.setdefault("/".join(question.source_task), []).append(one)
    return {
        key: {
            "samples": len(own[key]),
            "skipped": skipped[key],
            "answer_tokens": sum(count for _, count in own[key]),
            "loss": mean([loss / count for loss, count in own[key]]),
        }
        for key in sorted(own)
    }
