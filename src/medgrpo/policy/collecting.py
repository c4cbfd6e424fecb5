"""A step's groups: clips read ahead, answers sampled, rewards worked out while the next group is being sampled.

Of many processes each asks its share of every wave and tells the others what came of it, so that all know all groups, in the order
in which they were drawn. An answer's chances hang on the question's number in the run alone: who asks it changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from medgrpo.core import InputError
from medgrpo.models import Encoded, Encoder
from medgrpo.policy.engines.engine import Engine
from medgrpo.policy.figures import Asked, Collected
from medgrpo.policy.questions import Question, Sampler
from medgrpo.policy.recipe import RolloutSettings
from medgrpo.policy.rewarding import Rewarder
from medgrpo.policy.rollout import Sampled
from medgrpo.policy.spreading import Spread
from medgrpo.policy.team import Team

Numbered = tuple[int, Question]
"""A question and its place among those drawn for the step."""


def seed_of(run: int, step: int, number: int) -> int:
    """The seed of the answers to one question: of 63 bits, unlike for any two questions that a run asks."""
    return int.from_bytes(hashlib.sha256(f"{run}/{step}/{number}".encode()).digest()[:8], "big") >> 1


class Collector:
    """Which questions a step asks depends on the sampler and on spreads alone, never on what was ready first."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        rewarder: Rewarder,
        sampler: Sampler,
        settings: RolloutSettings,
        encode: Callable[[Question], Encoded],
        seed: int,
        spread: Spread,
        team: Team,
    ) -> None:
        self._engine, self._encoder, self._rewarder = engine, encoder, rewarder
        self._sampler, self._settings = sampler, settings
        self._encode, self._seed, self._spread, self._team = encode, seed, spread, team

    async def collect(self, step: int) -> Collected:
        """Draw in waves until there are enough groups with spread, or `draws_per_step` questions were drawn."""
        with self._spread.gathered():
            return await self._collect(step)

    async def _collect(self, step: int) -> Collected:
        collected = Collected()
        drawn = 0
        while drawn < self._settings.draws_per_step:
            missing = self._settings.prompts_per_step - len(collected.with_spread)
            if missing <= 0:
                break
            size = min(missing, self._settings.draws_per_step - drawn)
            wave = [(drawn + place, self._sampler.draw()) for place in range(size)]
            drawn += size
            together = self._settings.prompts_together
            blocks = [wave[first : first + together] for first in range(0, size, together)]
            own = await self._ask(step, [block for block in blocks if self._team.owns(block[0][0] // together)])
            told = {number: _sent(came) for number, came in own.items()}
            others = {number: came for one in self._team.gather(told) for number, came in one.items()}
            for number, question in wave:
                came = own[number] if number in own else _received(question, others[number])
                if isinstance(came, str):
                    collected.skipped.append((question, came))
                else:
                    collected.asked.append(came)
        return collected

    async def _ask(self, step: int, blocks: Sequence[Sequence[Numbered]]) -> dict[int, Asked | str]:
        """By number: the group, or why the question's clip cannot be had. A block is sampled together, by its first number's seed,
        whichever of its clips can be had: so an answer hangs on the block, not on the process."""
        came: dict[int, Asked | str] = {}
        scoring: dict[int, asyncio.Task[Asked]] = {}
        waiting = deque(question for block in blocks for _, question in block)
        ahead = self._ahead(waiting)
        for block in blocks:
            prompts: list[tuple[int, Question, Encoded]] = []
            for number, question in block:
                assert ahead is not None
                read, ahead = await ahead, self._ahead(waiting)
                if isinstance(read, str):
                    came[number] = read
                else:
                    prompts.append((number, question, read))
            if not prompts:
                continue
            seed = seed_of(self._seed, step, block[0][0])
            groups = await asyncio.to_thread(self._sample, [encoded for _, _, encoded in prompts], seed)
            for (number, question, encoded), answers in zip(prompts, groups, strict=True):
                scoring[number] = asyncio.create_task(self._score(question, encoded, answers))
        rewarded = await asyncio.gather(*scoring.values())
        return came | dict(zip(scoring, rewarded, strict=True))

    def _ahead(self, waiting: deque[Question]) -> asyncio.Task[Encoded | str] | None:
        """The next clip, read in a thread meanwhile."""
        return asyncio.create_task(asyncio.to_thread(self._read, waiting.popleft())) if waiting else None

    def _read(self, question: Question) -> Encoded | str:
        """The prompt, or why this question's clip cannot be had."""
        try:
            return self._encode(question)
        except InputError as error:
            return str(error)

    def _sample(self, read: Sequence[Encoded], seed: int) -> list[list[Sampled]]:
        return self._engine.sample(read, self._settings.group_size, self._settings.most_new_tokens, seed)

    async def _score(self, question: Question, encoded: Encoded, answers: Sequence[Sampled]) -> Asked:
        replies = tuple(self._encoder.decode(answer.token_ids.tolist()) for answer in answers)
        rewarded = await self._rewarder.group(question.example, replies)
        return Asked(question, encoded, tuple(answers), replies, tuple(rewarded))


def _sent(came: Asked | str) -> Any:
    """What the other processes need of it: all but the prompt, on the processor."""
    if isinstance(came, str):
        return came
    answers = [(one.token_ids.cpu(), one.logprobs.cpu(), one.finish) for one in came.answers]
    return answers, came.replies, came.rewarded


def _received(question: Question, sent: Any) -> Asked | str:
    if isinstance(sent, str):
        return sent
    answers, replies, rewarded = sent
    return Asked(question, None, tuple(Sampled(*one) for one in answers), replies, rewarded)
