"""May a rephrased sentence stand for the template's? Only if it says the same: nothing added, nothing lost, nothing surer.

Conservative on purpose: a rejected sentence costs nothing, since the template's takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache

from medgrpo.reasoning.language_reading import Reading, lexicon, read, stem

_LONGEST = 2.0  # times the template's length


class Rejection(StrEnum):
    """Why a sentence was not taken."""

    EMPTY = "empty or too long"
    CONCEPT_ADDED = "names what the chain does not name"
    CONCEPT_OMITTED = "leaves out what the chain names"
    NEGATION = "denies or affirms otherwise"
    NUMBER = "changes a number"
    SIDE = "changes a side or an order"
    CERTAINTY = "is more certain"
    OBLIGATION = "changes what one ought to do"
    ROLE = "joins act and site otherwise"
    WORD_OMITTED = "leaves out words that carry the template's sense"
    WORD_ADDED = "adds words that the template does not have"


def verify(source: str, sentence: str) -> tuple[Rejection, ...]:
    """Every reason against `sentence` as a rephrasing of `source`; () when it may stand."""
    if not sentence.strip() or len(sentence) > _LONGEST * len(source):
        return (Rejection.EMPTY,)
    ours, theirs = read(source), read(sentence)
    return tuple(reason for reason, holds in CHECKS if holds(ours, theirs))


def _negation(ours: Reading, theirs: Reading) -> bool:
    """A concept of both is denied, or left open, in the one and not in the other; or denials came or went."""
    shared = ours.concepts & theirs.concepts
    ways = [
        {(concept, one.open, one.denied) for concept, one in reading.standings if concept in shared} for reading in (ours, theirs)
    ]
    return ways[0] != ways[1] or ours.denials != theirs.denials


def _certainty(ours: Reading, theirs: Reading) -> bool:
    shared = ours.concepts & theirs.concepts
    ways = [{(concept, one.possible) for concept, one in reading.standings if concept in shared} for reading in (ours, theirs)]
    return ways[0] != ways[1] or not theirs.certain <= ours.certain


def _words_omitted(ours: Reading, theirs: Reading) -> bool:
    return bool(ours.words - theirs.words - _let())


def _words_added(ours: Reading, theirs: Reading) -> bool:
    return bool(theirs.words - ours.words - _let() - _spelled(ours))


@cache
def _let() -> frozenset[str]:
    """Words that other checks weigh."""
    words = lexicon()
    groups = (words.neutral, words.negators, words.open, words.hedges, words.sides, words.numbers)
    return frozenset(stem(one) for group in groups for one in group)


def _spelled(reading: Reading) -> set[str]:
    """The words inside the concepts' own names: a concept may be named in part the second time."""
    return {stem(word) for concept in reading.concepts for word in concept.split(":", 1)[1].replace("_", " ").split()}


CHECKS: tuple[tuple[Rejection, Callable[[Reading, Reading], bool]], ...] = (
    (Rejection.CONCEPT_ADDED, lambda ours, theirs: not theirs.concepts <= ours.concepts),
    (Rejection.CONCEPT_OMITTED, lambda ours, theirs: not ours.concepts <= theirs.concepts),
    (Rejection.NEGATION, _negation),
    (Rejection.NUMBER, lambda ours, theirs: ours.numbers != theirs.numbers),
    (Rejection.SIDE, lambda ours, theirs: ours.sides != theirs.sides),
    (Rejection.CERTAINTY, _certainty),
    (Rejection.OBLIGATION, lambda ours, theirs: not theirs.obliged <= ours.obliged or ours.kept != theirs.kept),
    (Rejection.ROLE, lambda ours, theirs: ours.roles != theirs.roles),
    (Rejection.WORD_OMITTED, _words_omitted),
    (Rejection.WORD_ADDED, _words_added),
)
