"""Replies to rewards, while the next group is being sampled: `Task.score`, sentence model and judge, through the calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Example, InputError, Unparsed
from medgrpo.judging import caption_parts
from medgrpo.policy.recipe import RewardSettings
from medgrpo.reward import SCORE_WEIGHTS, Calibration, Key, Parts, format_factor, group_rewards
from medgrpo.scoring import Embedder
from medgrpo.tasks import TASKS, AnyTask, CaptionPair, Judge


@dataclass(frozen=True, slots=True)
class Rewarded:
    """One answer: its reward (None: unscored), its score before normalisation (weighted over parts), whether it could be read."""

    reward: float | None
    raw: float | None
    readable: bool


class OneByOne:
    """A sentence model that is given one text at a time.

    In a batch a vector depends on its neighbours in the last digits, and on a resumed run the neighbours are others (what was
    remembered is gone), so that the same answer would have another reward.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def name(self) -> str:
        """The other's."""
        return self._embedder.name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, dimensions)."""
        return np.concatenate([self._embedder.embed([text]) for text in texts]) if texts else self._embedder.embed(texts)


class Rewarder:
    """Metric and reward are one thing: what is normalised here is what `evaluate score --protocol strict` reports."""

    def __init__(
        self, settings: RewardSettings, calibration: Calibration | None, sentences: Embedder | None, judge: Judge | None
    ) -> None:
        self._settings, self._calibration = settings, calibration
        self._sentences, self._judge = None if sentences is None else OneByOne(sentences), judge

    def check(self, keys: Sequence[tuple[str, str]]) -> None:
        """InputError before the first step when a (source, task) cannot be rewarded: no statistics, no sentence model, no judge."""
        for source, task in keys:
            weights = self._weights(TASKS[task])
            if "similarity" in weights and self._sentences is None:
                raise InputError(f"{source}/{task}: the part `similarity` needs the sentence model (extra `similarity`)")
            if "judge" in weights and self._judge is None:
                raise InputError(f"{source}/{task}: the part `judge` needs a judge (--judge), or leave it out of rewards.captions")
            if self._settings.normaliser == "logistic" and self._calibration is not None:
                for part in weights:
                    self._calibration.of(Key(source, task, part))

    async def group(self, example: Example[Any], replies: Sequence[str]) -> list[Rewarded]:
        """One per reply, in order."""
        task = TASKS[example.task]
        answers = [task.parse(reply) for reply in replies]
        scores = await self._scores(task, answers, example.gold)
        factors = [
            format_factor(task, reply, answer, self._settings.off_form) for reply, answer in zip(replies, answers, strict=True)
        ]
        parts = [Parts(score, factor) for score, factor in zip(scores, factors, strict=True)]
        weights = self._weights(task)
        rewards = group_rewards(example.source, example.task, parts, weights, self._settings.normaliser, self._calibration)
        return [
            Rewarded(reward, _mean(score, weights), not isinstance(answer, Unparsed))
            for reward, score, answer in zip(rewards, scores, answers, strict=True)
        ]

    def _weights(self, task: AnyTask) -> Mapping[str, float]:
        return self._settings.caption_weights if task.card.needs_judge else SCORE_WEIGHTS

    async def _scores(self, task: AnyTask, answers: Sequence[Any], gold: Any) -> list[Mapping[str, float | None]]:
        if not task.card.needs_judge:
            return [{"score": task.score(answer, gold).value} for answer in answers]
        weights = self._weights(task)
        scores: list[Mapping[str, float | None]] = [dict.fromkeys(weights, 0.0) for _ in answers]
        readable = [index for index, answer in enumerate(answers) if not isinstance(answer, Unparsed)]
        pairs = [CaptionPair(answers[index].text, gold.text) for index in readable]
        if pairs:
            judge = self._judge if "judge" in weights else None
            sentences = self._sentences if "similarity" in weights else None
            for index, parts in zip(readable, await caption_parts(pairs, judge, sentences), strict=True):
                scores[index] = parts
        return scores


def _mean(score: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    held = [(weight, score[part]) for part, weight in weights.items()]
    known = [weight * value for weight, value in held if value is not None]
    return sum(known) / sum(weights.values()) if len(known) == len(held) else None
