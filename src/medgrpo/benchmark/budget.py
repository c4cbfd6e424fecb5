"""How many new tokens each task may use: what its references need, so that no right answer is cut off and scored as whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.benchmark.questions import Row
from medgrpo.core import InputError, Unparsed
from medgrpo.tasks import TASKS, estimated_tokens


def longest_references(rows: Sequence[Row]) -> dict[str, int]:
    """Estimated tokens of each task's longest reference in this data; a task without references here is absent."""
    longest: dict[str, int] = {}
    for row in rows:
        if row.record.answer is None:
            continue
        gold = row.task.reference(row.record.struc_info, row.record.answer)
        if not isinstance(gold, Unparsed):
            name = row.task.card.name
            longest[name] = max(longest.get(name, 0), estimated_tokens(row.task.write(gold)))
    return longest


def token_budgets(rows: Sequence[Row], given: int | None) -> tuple[dict[str, int], list[str]]:
    """New tokens by task, and warnings. Without `given`: the task's own budget, or its longest reference here if that needs more.

    InputError when `given` is less than a reference of this data needs: an answer that is cut off still scores, unseen.
    """
    longest = longest_references(rows)
    present = [name for name in TASKS if any(row.task.card.name == name for row in rows)]
    if given is None:
        return {name: max(TASKS[name].card.answer_tokens, longest.get(name, 0)) for name in present}, []
    short = {name: longest[name] for name in present if longest.get(name, 0) > given}
    if short:
        raise InputError(f"--max-new-tokens {given}: references here need more ({_listed(short)}); leave the option out")
    below = {name: TASKS[name].card.answer_tokens for name in present if TASKS[name].card.answer_tokens > given}
    warnings = [f"--max-new-tokens {given} is below what references of the benchmark need: {_listed(below)}"] if below else []
    return dict.fromkeys(present, given), warnings


def _listed(tokens: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in tokens.items())
