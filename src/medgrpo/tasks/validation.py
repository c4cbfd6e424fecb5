"""A task proves itself on references: each gold answer, written, parsed and scored, must give the best score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from medgrpo.core import Unparsed
from medgrpo.tasks.reading import estimated_tokens
from medgrpo.tasks.task import AnyTask


@dataclass(frozen=True, slots=True)
class Validation:
    """`failures`: (place of the reference, what went wrong). `longest_tokens`: what the longest reference needs, estimated."""

    task: str
    references: int
    failures: tuple[tuple[str, str], ...]
    longest_tokens: int
    over_budget: int

    @property
    def passed(self) -> bool:
        return not self.failures


def validate(task: AnyTask, references: Iterable[tuple[str, object, str]]) -> Validation:
    """Check references given as (place, `struc_info`, gold text)."""
    failures: list[tuple[str, str]] = []
    count = longest = over = 0
    for place, struc_info, gnd in references:
        count += 1
        gold = task.reference(struc_info, gnd)
        if isinstance(gold, Unparsed):
            failures.append((place, gold.reason))
            continue
        written = task.write(gold)
        tokens = estimated_tokens(written)
        longest, over = max(longest, tokens), over + (tokens > task.card.answer_tokens)
        read = task.parse(written)
        score = task.score(read, gold)
        if isinstance(read, Unparsed):
            failures.append((place, f"written as {written[:60]!r} it cannot be read: {read.reason}"))
        elif read != gold:
            failures.append((place, f"written as {written[:60]!r} it reads back as something else"))
        elif score.value is None and not task.card.needs_judge:
            failures.append((place, f"not scored: {score.note}"))
        elif score.value is not None and abs(score.value - 1) > 1e-9:
            failures.append((place, f"scores {score.value:.6f}, not 1"))
    return Validation(task.card.name, count, tuple(failures), longest, over)
