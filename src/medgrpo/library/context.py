"""Negation, doubt and context of what is mentioned, from trigger words with a direction and a reach.

The algorithm is that of NegEx and ConText (Chapman et al., Journal of Biomedical Informatics 34 (2001) 301; Harkema et al., the
same 42 (2009) 839): a trigger speaks of the words on one side of it in its sentence, as far as its reach or a word that ends the
scope. The triggers are data (`data/context.toml`), our own list.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from medgrpo.core import Config
from medgrpo.library.records import Context
from medgrpo.library.tokens import PhraseTable, Token, forms


class Effect(StrEnum):
    """What a trigger does to the words in its scope. PSEUDO and END have no scope: they switch off, and end others'."""

    NEGATED = "negated"
    UNCERTAIN = "uncertain"
    HISTORY = "history"
    FAMILY = "family"
    PLANNED = "planned"
    PSEUDO = "pseudo"
    END = "end"


class Trigger(Config):
    """Phrases with one effect. `reach` counts words; concepts of the kinds in `spares` are left alone."""

    effect: Effect
    direction: Literal["forward", "backward", "none"] = "forward"
    reach: int = Field(default=8, ge=0)
    spares: tuple[str, ...] = ()
    phrases: tuple[str, ...] = Field(min_length=1)


class SectionContext(Config):
    """What is said under a heading that this pattern finds is of that context."""

    heading: str
    context: Context


class ContextRules(Config):
    """The whole of `context.toml`."""

    trigger: tuple[Trigger, ...]
    section: tuple[SectionContext, ...]


_QUERY = re.compile(r"(?:^|[\s(;:,])\?\s?$")
_QUERY_REACH = 4  # words
_SUBORDINATE = frozenset({"if", "when", "unless", "although", "while", "because", "since", "after", "before", "once", "where"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Characters of the text on which an effect lies, save on concepts of the kinds in `spares`."""

    effect: Effect
    start: int
    end: int
    spares: tuple[str, ...] = ()


@cache
def context_rules() -> ContextRules:
    text = files("medgrpo.library").joinpath("data/context.toml").read_text(encoding="utf-8")
    return ContextRules.model_validate(tomllib.loads(text))


@cache
def _table() -> PhraseTable[Trigger]:
    table: PhraseTable[Trigger] = PhraseTable()
    for trigger in context_rules().trigger:
        for phrase in trigger.phrases:
            table.add(forms(phrase), trigger)
    return table


def section_context(section: tuple[str, ...]) -> Context:
    """The context that the innermost telling heading gives; CURRENT where none does."""
    for heading in reversed(section):
        for rule in context_rules().section:
            if re.search(rule.heading, heading, re.IGNORECASE):
                return rule.context
    return Context.CURRENT


def scopes(text: str, words: list[Token]) -> list[Scope]:
    """The scopes of every trigger among the words of one sentence.

    A semicolon or colon ends a scope as well, save one right beside its trigger ("Bile leak: none"), and so does the comma after a
    clause with which the sentence begins ("If ..., ..."). A question mark before a word doubts what follows ("?bile leak").
    """
    found: list[tuple[int, int, Trigger]] = []
    index = 0
    while index < len(words):
        hit = _table().at(words, index)
        if hit is not None:
            found += [(index, index + hit[0], trigger) for trigger in hit[1]]
        index += hit[0] if hit else 1
    ends = [first for first, _, trigger in found if trigger.effect is Effect.END]
    marked = {number for number in range(1, len(words)) if re.search("[;:]", text[words[number - 1].end : words[number].start])}
    ends += marked
    if words and words[0].form in _SUBORDINATE:
        commas = (number for number in range(1, len(words)) if "," in text[words[number - 1].end : words[number].start])
        ends += [next(commas, len(words))]
    result = [
        Scope(Effect.UNCERTAIN, words[number].start, words[min(len(words), number + _QUERY_REACH) - 1].end)
        for number in range(len(words))
        if _QUERY.search(text, words[number - 1].end if number else max(0, words[number].start - 2), words[number].start)
    ]
    for first, after, trigger in found:
        if trigger.direction == "forward":
            last = min(
                [len(words), after + trigger.reach, *(end for end in ends if end > after or (end == after and end not in marked))]
            )
            if last > after:
                result.append(Scope(trigger.effect, words[after].start, words[last - 1].end, trigger.spares))
        elif trigger.direction == "backward":
            begin = max([0, first - trigger.reach, *(end for end in ends if end < first)])
            if first > begin:
                result.append(Scope(trigger.effect, words[begin].start, words[first - 1].end, trigger.spares))
    return result
