"""A language model may only rephrase: its sentence is taken when the verifier finds that it says the same, and counted when not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from medgrpo.core import ModelError
from medgrpo.reasoning.chain import Thought
from medgrpo.reasoning.language_verifier import verify

NO_ANSWER = "the model did not answer"
PROMPT = """Rephrase the note below so that it reads well, as one surgeon speaks to another. Say exactly what it says: add no \
fact, no advice and no certainty, leave nothing out, keep every negation, number, side and structure. Answer with the note alone.

{text}"""


class Rephraser(Protocol):
    """Says the same in other words. Raises ModelError when it cannot be reached."""

    @property
    def name(self) -> str: ...

    def rephrase(self, text: str) -> str: ...


class Completing(Protocol):
    """A model that answers a prompt, such as `medgrpo.models.Endpoint`."""

    @property
    def name(self) -> str: ...

    def complete(self, prompt: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ModelRephraser:
    """Any model that answers a prompt, asked to rephrase."""

    model: Completing

    @property
    def name(self) -> str:
        return self.model.name

    def rephrase(self, text: str) -> str:
        return self.model.complete(PROMPT.format(text=text)).strip().strip('"')


@dataclass(frozen=True, slots=True)
class LanguageCounts:
    """What became of the sentences: how many were asked for and taken, how many not, by every reason against them."""

    model: str
    asked: int
    taken: int
    rejected: Mapping[str, int] = field(default_factory=dict[str, int])


def rephrase_thoughts(thoughts: Sequence[Thought], rephraser: Rephraser) -> tuple[tuple[Thought, ...], LanguageCounts]:
    """The thoughts with the sentences that stood; each other keeps its template's. The same text is asked for once."""
    answers: dict[str, str | None] = {}
    rejected: Counter[str] = Counter()
    said: list[Thought] = []
    for thought in thoughts:
        if thought.text not in answers:
            answers[thought.text] = _asked(thought.text, rephraser, rejected)
        answer = answers[thought.text]
        said.append(thought if answer is None else replace(thought, text=answer, rephrased=True))
    taken = sum(answer is not None for answer in answers.values())
    return tuple(said), LanguageCounts(rephraser.name, len(answers), taken, dict(sorted(rejected.items())))


def _asked(text: str, rephraser: Rephraser, rejected: Counter[str]) -> str | None:
    try:
        answer = rephraser.rephrase(text)
    except ModelError:
        rejected[NO_ANSWER] += 1
        return None
    against = verify(text, answer)
    rejected.update(reason.value for reason in against)
    return None if against else answer.strip()
