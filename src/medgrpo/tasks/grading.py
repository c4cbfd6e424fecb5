"""What the two grading tasks share: named grades, each right or wrong, those left out wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from medgrpo.core import Score
from medgrpo.tasks.reading import MAX_CHARACTERS, as_json, finite, named_scores, plain


def read_grades(reply: str, names: Mapping[str, str], lowest: int, highest: int, form: re.Pattern[str]) -> dict[str, int] | str:
    """Grades by their proper names, or why the reply holds none. `names`: lower-case spelling to proper name; `form` takes what
    follows a name and gives the digits as its first group. An unknown name, a name twice or a grade out of range spoils it."""
    if len(reply) > MAX_CHARACTERS:
        return "the reply is too long"
    text = plain(reply)
    value = as_json(text)
    grades: dict[str, int] = {}
    for given, rest in _from_json(cast("object", value)) if isinstance(value, dict) else list(named_scores(text)):
        name = names.get(given.casefold())
        if name is None:
            return f"{given[:60]!r} is not one of the names"
        found = form.fullmatch(rest.strip())
        if found is None:
            return f"{name}: {rest[:20]!r} is not a grade"
        if name in grades:
            return f"{name} occurs twice"
        grade = int(found[1])
        if not lowest <= grade <= highest:
            return f"{name}: {grade} is not in {lowest} to {highest}"
        grades[name] = grade
    return grades or "no grade"


def _from_json(value: object) -> list[tuple[str, str]]:
    return [(" ".join(name.replace("_", " ").split()), str(grade)) for name, grade in cast("dict[str, object]", value).items()]


def grades_of(values: object, names: Mapping[str, str], lowest: int, highest: int) -> dict[str, int] | str:
    """Grades of a structured reference; whole numbers only."""
    grades: dict[str, int] = {}
    for given, value in cast("dict[str, object]", values).items() if isinstance(values, dict) else ():
        name, number = names.get(given.replace("_", " ").casefold()), finite(value)
        if name is None:
            continue
        if number is None or number != int(number) or not lowest <= number <= highest:
            return f"{name}: {value!r} is not a grade"
        grades[name] = int(number)
    return grades or "no grade"


def score_grades(found: Mapping[str, int], true: Mapping[str, int]) -> Score:
    """The share of the reference's grades that are right; one left out is wrong. Parts: 1 or 0 by name."""
    parts = {name: float(found.get(name) == grade) for name, grade in true.items()}
    return Score(sum(parts.values()) / len(parts), parts)
