"""A language model as a judge: asked pair by pair, at most so many at once, within a budget, with every reply kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medgrpo.core import ModelError, Unparsed
from medgrpo.judging.budget import Account, Budget, Estimate, estimated_tokens, most_tokens
from medgrpo.judging.prompts import MAX_NEW_TOKENS, VERSIONS, prompt_for, prompt_hash
from medgrpo.library import Replies, reply_key
from medgrpo.models import Completion, Failure, Model, Request
from medgrpo.scoring import JudgeCallFailed, ask_judge, parse_judge_reply
from medgrpo.tasks import CaptionPair, Rating, RubricKind, parse_rating

BUDGET_REACHED = "budget reached"
_DEAD_AFTER = 50
"""Calls in a row that fail before the model is taken to be gone: hours of waiting would change nothing."""
_NEVER_THERE_AFTER = 3
"""The same before its first reply, or one for each pair under way if these are more: an endpoint has tried each call several
times by itself."""

Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """`concurrency`: pairs asked about at once. `calls`: tries per pair. `timeout_seconds`: of one call. The defaults of the last
    two are the official evaluator's, as are the waits between tries."""

    concurrency: int = 10
    calls: int = 5
    timeout_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.calls < 1 or self.timeout_seconds <= 0:
            raise ValueError("concurrency, calls and timeout must be above 0")


@dataclass(slots=True)
class Tally:
    """What happened so far. `unscored` counts pairs by reason; `asked` counts calls, `from_cache` replies that nobody was asked
    for."""

    pairs: int = 0
    scored: int = 0
    asked: int = 0
    from_cache: int = 0
    unscored: Counter[str] = field(default_factory=Counter[str])

    @property
    def success_rate(self) -> float | None:
        """Share of the pairs that were rated; None before the first."""
        return self.scored / self.pairs if self.pairs else None


class _GivenUp(Exception):
    """No further try can help."""


class ModelJudge:
    """A `Judge` over any model. A pair is None when all its tries failed, when a reply can never come, or when the budget is spent.

    `replies` keeps every reply verbatim under model, prompt version, prompt and number of the try, so that a run that goes on, or
    runs again, asks nothing twice and comes to the same ratings; calls that failed are not kept and are tried again. ModelError of
    the model (no key, no such model), or 50 failed calls in a row, ends `rate`; what was replied until then is kept. Before the
    first reply one failed call of each pair under way (3 at least; those that time out not counted) is enough.
    Judges may share an `account`: its budget is then that of all of them.
    """

    def __init__(
        self,
        model: Model,
        kind: RubricKind,
        replies: Replies | None = None,
        options: JudgeOptions | None = None,
        account: Account | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model, self.kind, self._replies, self._sleep = model, kind, replies, sleep
        self._options = options or JudgeOptions()
        self.account = account or Account(Budget())
        self.tally = Tally()
        self._failed_in_a_row = 0
        self._replied, self._enough_at_first = False, _NEVER_THERE_AFTER
        self._settled = asyncio.Event()

    @property
    def name(self) -> str:
        """Model, revision where it is known, prompt version and hash."""
        card = self._model.card
        revision = f"@{card.revision}" if card.revision else ""
        return f"{card.name}{revision} {VERSIONS[self.kind]} ({prompt_hash(self.kind)})"

    def estimate(self, pairs: Sequence[CaptionPair]) -> Estimate:
        """What `rate` of these pairs would ask for."""
        known = prompt_tokens = 0
        distinct = list(dict.fromkeys(pairs))
        for pair in distinct:
            prompt = prompt_for(self.kind, pair)
            if self._kept(prompt, 0) is not None:
                known += 1
            else:
                prompt_tokens += estimated_tokens(prompt)
        reply_tokens = (len(distinct) - known) * MAX_NEW_TOKENS // 2
        tries, budget = self._options.calls, self.account.budget
        return Estimate(
            pairs=len(distinct),
            known=known,
            prompt_tokens=prompt_tokens,
            reply_tokens=reply_tokens,
            cost=budget.cost(prompt_tokens, reply_tokens),
            worst_cost=budget.cost(tries * prompt_tokens, tries * 2 * reply_tokens),
            worst_tokens=tries * (prompt_tokens + 2 * reply_tokens),
        )

    async def rate(self, pairs: Sequence[CaptionPair], listen: Listener | None = None) -> list[Rating | None]:
        """One rating per pair, in order; a pair that occurs again is asked about once. `listen` hears how many of all are done."""
        distinct = list(dict.fromkeys(pairs))
        rated: dict[CaptionPair, Rating | None] = {}
        left = iter(distinct)
        self._settled = asyncio.Event()

        async def work(left: Iterator[CaptionPair]) -> None:
            for pair in left:
                rated[pair] = await self._rate(pair)
                if listen is not None:
                    listen(len(rated), len(distinct))

        self._enough_at_first = max(_NEVER_THERE_AFTER, min(self._options.concurrency, len(distinct)))
        workers = [asyncio.ensure_future(work(left)) for _ in range(min(self._options.concurrency, len(distinct)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return [rated[pair] for pair in pairs]

    async def _rate(self, pair: CaptionPair) -> Rating | None:
        prompt = prompt_for(self.kind, pair)
        numbers = iter(range(self._options.calls))
        at = 0

        async def call() -> str:
            nonlocal at
            at = next(numbers)
            return await self._reply(prompt, at)

        async def wait(seconds: float) -> None:
            if self._kept(prompt, at + 1) is None:  # what a cache answers needs no pause
                await self._sleep(seconds)

        self.tally.pairs += 1
        try:
            asked = await ask_judge(call, wait, self._options.calls, self._parse)
        except _GivenUp as reason:
            self.tally.unscored[str(reason)] += 1
            return None
        if asked.scores is None:
            self.tally.unscored[asked.error] += 1
            return None
        self.tally.scored += 1
        return Rating(asked.scores)

    async def _reply(self, prompt: str, number: int) -> str:
        kept = self._kept(prompt, number)
        if kept is not None:
            self.tally.from_cache += 1
            return kept
        held = (most_tokens(prompt), MAX_NEW_TOKENS)
        while not self.account.hold(*held):
            if not self.account.waiting:
                raise _GivenUp(BUDGET_REACHED)
            self._settled.clear()
            await self._settled.wait()
        late = False
        spent = (estimated_tokens(prompt), MAX_NEW_TOKENS)  # also of a call that was cut off: it may have been answered
        try:
            self.tally.asked += 1
            request = Request(reply_key(prompt, str(number))[:16], prompt, None, MAX_NEW_TOKENS, seed=number)
            result = (await asyncio.wait_for(self._model.generate([request]), self._options.timeout_seconds))[0]
            spent = _spent(result, spent)
        except ModelError:
            spent = (0, 0)
            raise
        except TimeoutError:
            late = True
            result = Failure(f"no reply within {self._options.timeout_seconds:g} s", lasting=False)
        finally:
            self.account.settle(held, spent)
            self._settled.set()
        if isinstance(result, Failure):
            if result.lasting:
                self._replied = True  # a refusal: the model is there
                raise _GivenUp(result.reason)
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= _DEAD_AFTER:
                raise ModelError(f"{self._model.card.name}: {_DEAD_AFTER} calls in a row failed, the last: {result.reason}")
            if not (self._replied or late) and self._failed_in_a_row >= self._enough_at_first:
                raise ModelError(
                    f"{self._model.card.name}: the first {self._failed_in_a_row} calls failed, the last: {result.reason}"
                )
            raise JudgeCallFailed("Failure", result.reason)
        self._failed_in_a_row, self._replied = 0, True
        if self._replies is not None:
            self._replies.keep(self._key(prompt, number), result.text)
        return result.text

    def _parse(self, reply: str) -> Mapping[str, int] | None:
        """The absolute rubric is read as the official evaluator does, but what is out of range is no rating and asked for again."""
        if self.kind is RubricKind.ABSOLUTE:
            scores = parse_judge_reply(reply)
            return scores if scores is not None and all(1 <= score <= 5 for score in scores.values()) else None
        rating = parse_rating(reply)
        return None if isinstance(rating, Unparsed) else rating.grades

    def _kept(self, prompt: str, number: int) -> str | None:
        return None if self._replies is None else self._replies.get(self._key(prompt, number))

    def _key(self, prompt: str, number: int) -> str:
        return reply_key("judge", self.name, prompt, str(number))


def _spent(result: Completion | Failure, estimated: tuple[int, int]) -> tuple[int, int]:
    """Tokens as the backend counts them; as estimated where it does not; none where there was no reply."""
    if isinstance(result, Failure):
        return (0, 0)
    prompt = estimated[0] if result.prompt_tokens is None else result.prompt_tokens
    reply = estimated_tokens(result.text) if result.completion_tokens is None else result.completion_tokens
    return (prompt, reply)
