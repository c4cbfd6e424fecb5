"""What judging may cost: an estimate before the run, and an account that never goes over its limit."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.core import InputError

CHARACTERS_PER_TOKEN = 3.5
"""Of English text with punctuation, on the low side: an estimate should not be too small."""


def estimated_tokens(text: str) -> int:
    """Of a prompt, from its length; for budgets only, never reported as measured."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1


def most_tokens(text: str) -> int:
    """That a prompt can take, with the turns round it: no tokenizer makes more than one token of a byte."""
    return len(text.encode()) + 64


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits, None for none. `price_in`, `price_out`: money per million tokens of prompt and of reply."""

    tokens: int | None = None
    money: float | None = None
    price_in: float | None = None
    price_out: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "money", "price_in", "price_out"):
            value: float | None = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"a judge's {name.replace('_', ' ')} must be 0 or more, got {value}")
        if (self.price_in is None) != (self.price_out is None):
            raise InputError("the judge's prices go together: of a prompt's and of a reply's tokens")
        if self.money is not None and self.price_in is None:
            raise InputError("a budget in money needs the prices of a prompt's and of a reply's tokens")

    def cost(self, prompt_tokens: int, reply_tokens: int) -> float | None:
        """Money; None without prices."""
        if self.price_in is None or self.price_out is None:
            return None
        return (prompt_tokens * self.price_in + reply_tokens * self.price_out) / 1_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """Before a run: pairs to rate, how many of them a cache answers, and what asking once for each of the others takes."""

    pairs: int
    known: int
    prompt_tokens: int
    reply_tokens: int
    cost: float | None
    worst_cost: float | None
    """If every pair needs all its tries."""
    worst_tokens: int

    def __str__(self) -> str:
        money = "" if self.cost is None else f", {self.cost:.4f} in money (at most {self.worst_cost:.4f})"
        return (
            f"{self.pairs} pairs, {self.known} answered by the cache; about {self.prompt_tokens + self.reply_tokens} tokens "
            f"(at most {self.worst_tokens}){money}"
        )


@dataclass(slots=True)
class Account:
    """What has been spent, and what calls under way may still spend."""

    budget: Budget
    prompt_tokens: int = 0
    reply_tokens: int = 0
    _held_prompt: int = 0
    _held_reply: int = 0

    @property
    def cost(self) -> float | None:
        """Spent so far; None without prices."""
        return self.budget.cost(self.prompt_tokens, self.reply_tokens)

    @property
    def waiting(self) -> bool:
        """Whether calls are under way, which may give back some of what is set aside for them."""
        return self._held_prompt > 0

    def hold(self, prompt_tokens: int, reply_tokens: int) -> bool:
        """Set this aside for one call; False where the budget has not so much left."""
        prompt = self.prompt_tokens + self._held_prompt + prompt_tokens
        reply = self.reply_tokens + self._held_reply + reply_tokens
        if self.budget.tokens is not None and prompt + reply > self.budget.tokens:
            return False
        cost = self.budget.cost(prompt, reply)
        if self.budget.money is not None and cost is not None and cost > self.budget.money:
            return False
        self._held_prompt += prompt_tokens
        self._held_reply += reply_tokens
        return True

    def settle(self, held: tuple[int, int], spent: tuple[int, int]) -> None:
        """A call is over: release what was set aside, book what it took."""
        self._held_prompt -= held[0]
        self._held_reply -= held[1]
        self.prompt_tokens += spent[0]
        self.reply_tokens += spent[1]
