"""A step's groups: clips read ahead, answers sampled, rewards worked out while the next group is being sampled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import torch

from medgrpo.core import InputError
from medgrpo.models import Encoded, Encoder
from medgrpo.policy.figures import Asked, Collected
from medgrpo.policy.policy import Policy
from medgrpo.policy.questions import Question, Sampler
from medgrpo.policy.recipe import RolloutSettings
from medgrpo.policy.rewarding import Rewarder
from medgrpo.policy.rollout import Sampled, sample_group


class Collector:
    """Which questions a step asks depends on the sampler and on spreads alone, never on what was ready first."""

    def __init__(
        self,
        policy: Policy,
        encoder: Encoder,
        rewarder: Rewarder,
        sampler: Sampler,
        settings: RolloutSettings,
        encode: Callable[[Question], Encoded],
        generator: torch.Generator,
    ) -> None:
        self._policy, self._encoder, self._rewarder = policy, encoder, rewarder
        self._sampler, self._settings = sampler, settings
        self._encode, self._generator = encode, generator

    async def collect(self) -> Collected:
        """Draw in waves until there are enough groups with spread, or `draws_per_step` questions were drawn."""
        collected = Collected()
        drawn = 0
        while drawn < self._settings.draws_per_step:
            missing = self._settings.prompts_per_step - len(collected.with_spread)
            if missing <= 0:
                break
            wave = [self._sampler.draw() for _ in range(min(missing, self._settings.draws_per_step - drawn))]
            drawn += len(wave)
            await self._ask(wave, collected)
        return collected

    async def _ask(self, wave: Sequence[Question], collected: Collected) -> None:
        scoring: list[asyncio.Task[Asked]] = []
        ahead = asyncio.create_task(asyncio.to_thread(self._read, wave[0]))
        for place, question in enumerate(wave):
            read = await ahead
            if place + 1 < len(wave):
                ahead = asyncio.create_task(asyncio.to_thread(self._read, wave[place + 1]))
            if isinstance(read, str):
                collected.skipped.append((question, read))
                continue
            answers = await asyncio.to_thread(self._sample, read)
            scoring.append(asyncio.create_task(self._score(question, read, answers)))
        collected.asked += await asyncio.gather(*scoring)

    def _read(self, question: Question) -> Encoded | str:
        """The prompt, or why this question's clip cannot be had."""
        try:
            return self._encode(question)
        except InputError as error:
            return str(error)

    def _sample(self, encoded: Encoded) -> list[Sampled]:
        prompt = self._policy.prompt(encoded)
        return sample_group(self._policy, prompt, self._settings.group_size, self._settings.most_new_tokens, self._generator)

    async def _score(self, question: Question, encoded: Encoded, answers: Sequence[Sampled]) -> Asked:
        replies = tuple(self._encoder.decode(answer.token_ids.tolist()) for answer in answers)
        rewarded = await self._rewarder.group(question.example, replies)
        return Asked(question, encoded, tuple(answers), replies, tuple(rewarded))
