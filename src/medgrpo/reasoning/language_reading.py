"""What a sentence says, as far as it can be compared: concepts and how they stand, numbers, sides, limits, and its other words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from medgrpo.knowledge import Concept, ConceptKind, normal_term
from medgrpo.reasoning.graph import SOURCE, vocabulary

_KINDS = (
    ConceptKind.INSTRUMENT,
    ConceptKind.ANATOMY,
    ConceptKind.ACTION,
    ConceptKind.FINDING,
    ConceptKind.COMPLICATION,
    ConceptKind.STATE,
    ConceptKind.MATERIAL,
    ConceptKind.GRADE,
)
_LONGEST = 6  # words of one term
_SUFFIXES = ("ings", "ing", "edly", "ed", "ions", "ion", "es", "s", "ly", "e")
_WORD = re.compile(r"\d+(?:[:.,]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a concept stands in a clause: left open, denied, or only possible."""

    open: bool
    denied: bool
    possible: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One text. `standings` are pairs of a concept and how it stands; `roles` join actions to what stands in the same clause."""

    standings: frozenset[tuple[str, Standing]]
    roles: frozenset[tuple[str, str]]
    denials: int
    numbers: tuple[str, ...]
    sides: frozenset[tuple[str, str]]
    kept: frozenset[str]
    certain: frozenset[str]
    obliged: frozenset[str]
    words: frozenset[str]

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset(concept for concept, _ in self.standings)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """data/wording.toml, read once."""

    neutral: frozenset[str]
    negators: frozenset[str]
    open: frozenset[str]
    hedges: frozenset[str]
    certain: frozenset[str]
    obliged: frozenset[str]
    kept: frozenset[str]
    breaks: frozenset[str]
    finite: frozenset[str]
    numbers: dict[str, str]
    sides: dict[str, str]
    forms: dict[str, str]
    same: dict[str, str]


@cache
def lexicon() -> Lexicon:
    data = tomllib.loads(files("medgrpo.reasoning").joinpath("data/wording.toml").read_text(encoding="utf-8"))
    forms: dict[str, str] = data["forms"]
    plain = Lexicon(
        neutral=frozenset(data["neutral"].split()),
        **{
            name: frozenset(data[name]) for name in ("negators", "open", "hedges", "certain", "obliged", "kept", "breaks", "finite")
        },
        numbers=data["numbers"],
        sides=data["sides"],
        forms=forms,
        same={},
    )
    for word, others in data["synonyms"].items():
        plain.same.update({_cut(other, forms): _cut(word, forms) for other in others})
    return plain


def stem(word: str) -> str:
    """A word as it is compared: without its inflection, and the first of its synonyms."""
    words = lexicon()
    bare = _cut(word, words.forms)
    return words.same.get(bare, bare)


def _cut(word: str, forms: dict[str, str]) -> str:
    word = forms.get(word, word).removesuffix("'s")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def read(text: str) -> Reading:
    """Deterministic; knows the project's vocabulary and its lexicon, and nothing else."""
    words = lexicon()
    standings: set[tuple[str, Standing]] = set()
    roles: set[tuple[str, str]] = set()
    sides: set[tuple[str, str]] = set()
    numbers: list[str] = []
    every: list[str] = []
    others: set[str] = set()
    denials = 0
    for sentence in _sentences(text):
        for clause in _clauses(sentence):
            found, rest = _concepts(clause)
            denied = sum(word in words.negators or word.endswith("n't") for word in clause)
            denials += denied
            stands = Standing(any(w in words.open for w in clause), denied % 2 == 1, any(w in words.hedges for w in clause))
            standings |= {(concept, stands) for _, concept in found}
            acts = [concept for _, concept in found if concept.startswith("action:")]
            roles |= {(act, one) for act in acts for _, one in found if not one.startswith("action:")}
            sides |= set(_sides(clause, found))
            numbers += [words.numbers.get(word, word) for word in clause if word in words.numbers or word[0].isdigit()]
            every += clause
            others |= {stem(clause[place]) for place in rest if clause[place] not in words.neutral}
    return Reading(
        frozenset(standings),
        frozenset(roles),
        denials,
        tuple(sorted(numbers)),
        frozenset(sides),
        frozenset(every) & words.kept,
        frozenset(every) & words.certain,
        frozenset(every) & words.obliged,
        frozenset(others),
    )


def concepts_in(text: str) -> frozenset[str]:
    """The concepts that a text names, whatever it says of them."""
    return read(text).concepts


def _sentences(text: str) -> Iterator[list[str]]:
    plain = text.replace("\u2019", "'").replace("-", " ").lower()
    for part in re.split(r"[.;:!?](?:\s|$)|[()\n\u2013\u2014]", plain):
        tokens = re.findall(rf"{_WORD.pattern}|,", part)
        if tokens:
            yield tokens


def _clauses(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Parts with a verb each: split at breaking words, and at a comma or `and` where both sides have one."""
    words = lexicon()
    clause: list[str] = []
    for place, token in enumerate(tokens):
        ahead = tokens[place + 1 :]
        stop = next((i for i, one in enumerate(ahead) if one in (",", "and") or one in words.breaks), len(ahead))
        listed = token in (",", "and") and "whether" not in clause  # what is left open is left open to its end
        splits = token in words.breaks or (
            listed and any(one in words.finite for one in clause) and any(one in words.finite for one in ahead[:stop])
        )
        if splits and clause:
            yield clause
            clause = []
        if token != ",":
            clause.append(token)
    if clause:
        yield clause


def _concepts(clause: Sequence[str]) -> tuple[list[tuple[int, str]], list[int]]:
    """Concepts with the place of their last word, longest terms first; the places of the words that belong to none."""
    stems = [stem(word) for word in clause]
    found: list[tuple[int, str]] = []
    rest: list[int] = []
    place = 0
    while place < len(clause):
        for length in range(min(_LONGEST, len(clause) - place), 0, -1):
            concept = _terms().get(tuple(stems[place : place + length]))
            if concept is not None:
                found.append((place + length - 1, concept))
                place += length
                break
        else:
            rest.append(place)
            place += 1
    return found, rest


def _sides(clause: Sequence[str], found: Sequence[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Each word of side or order, with the next concept after it (or the last word before the clause ends)."""
    words = lexicon().sides
    for place, word in enumerate(clause):
        if word in words:
            after = [concept for end, concept in found if end >= place]
            yield words[word], after[0] if after else ""


@cache
def _terms() -> dict[tuple[str, ...], str]:
    terms: dict[tuple[str, ...], str] = {}
    for concept in vocabulary().concepts:
        if concept.kind in _KINDS and _is_told(concept):
            for term in concept.terms:
                key = tuple(stem(word) for word in _WORD.findall(normal_term(term)))
                if key and not (len(key) == 1 and key[0] in lexicon().neutral):
                    terms.setdefault(key, concept.id)
    return terms


def _is_told(concept: Concept) -> bool:
    """Actions of this world only: `check` and `document` are nursing actions of the same vocabulary."""
    if concept.kind is not ConceptKind.ACTION:
        return True
    return not concept.external or any(one.system == SOURCE for one in concept.external)
