"""What the words of a caption mean: the vocabulary's concepts, and the plain, general and lay words of `data/words.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from pydantic import Field

from medgrpo.core import Config, MissingExtra
from medgrpo.knowledge import Concept, ConceptKind, RelationKind, Vocabulary, load_vocabulary
from medgrpo.library import PhraseTable, TermTable, Token, forms

KINDS = ("instrument", "anatomy", "material", "action", "state", "context")
_KIND_OF = {
    ConceptKind.INSTRUMENT: "instrument",
    ConceptKind.ANATOMY: "anatomy",
    ConceptKind.MATERIAL: "material",
    ConceptKind.STATE: "state",
    ConceptKind.FINDING: "state",
    ConceptKind.COMPLICATION: "state",
    ConceptKind.GRADE: "state",
    ConceptKind.PROCEDURE: "context",
}
"""Phases and steps are left out: their names are actions with their objects, which are read as such."""

_MILD: Mapping[str, float] = {"instrument": 0.2, "action": 0.3}
"""What another of one family is worth, in kinds easily mistaken on video. Anatomy is not: the wrong duct is the wrong duct."""


class _Sense(Config):
    words: tuple[str, ...] = Field(min_length=1)
    lay: tuple[str, ...] = ()
    family: str = ""
    general: bool = False
    weak: bool = False
    covers: tuple[str, ...] = ()


class _Implied(Config):
    acts: tuple[str, ...]
    things: tuple[str, ...]


class _Negators(Config):
    words: tuple[str, ...]
    reach: int = Field(ge=1)


class _Values(Config):
    values: dict[str, int]


class _Empty(Config):
    words: tuple[str, ...]


class Words(Config):
    """The whole of `words.toml`."""

    action: dict[str, _Sense]
    instrument: dict[str, _Sense]
    anatomy: dict[str, _Sense]
    material: dict[str, _Sense]
    state: dict[str, _Sense]
    context: dict[str, _Sense]
    implied: dict[str, _Implied]
    axis: dict[str, dict[str, tuple[str, ...]]]
    negators: _Negators
    numbers: _Values
    shorthand: dict[str, str]
    empty: _Empty


@dataclass(frozen=True, slots=True)
class Sense:
    """One idea. `id` is the vocabulary's where it has one; `kind` is one of KINDS, or `axis`, `negator`, `empty`."""

    id: str
    kind: str
    family: str = ""
    general: bool = False
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A sense under one of its written forms; `lay`: as a layman puts it."""

    sense: Sense
    lay: bool = False
    last: str = ""
    """The last word of the written form, as it is written there."""
    agent: bool = False
    """Its last word names who or what acts ("irrigator"), and has the stem of the act."""


@dataclass(slots=True)
class Lexicon:
    """Made once. `phrases` are keyed by stems, `terms` are the vocabulary's, by the library's rules."""

    words: Words
    vocabulary: Vocabulary
    terms: TermTable
    phrases: PhraseTable[Entry] = field(default_factory=PhraseTable[Entry])
    senses: dict[str, Sense] = field(default_factory=dict[str, Sense])
    covers: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    stem: Any = None
    empty: frozenset[str] = frozenset()
    _near: dict[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])

    @property
    def fingerprint(self) -> str:
        """Changes when the words or the vocabulary's written forms do."""
        return hashlib.sha256(f"{self.words.model_dump_json()} {self.terms.fingerprint}".encode()).hexdigest()[:12]

    def of_concept(self, concept: Concept) -> Sense | None:
        """The sense of a concept; None for a kind that is not compared."""
        kind = _KIND_OF.get(concept.kind)
        if kind is None:
            return None
        return self.senses.get(f"{kind}:{concept.id.partition(':')[2]}") or Sense(f"{kind}:{concept.id.partition(':')[2]}", kind)

    def stems(self, words: Sequence[Token]) -> list[Token]:
        """The same words by their stems."""
        return [Token(self.stem(word.form), word.start, word.end) for word in words]

    def near(self, one: Sense, other: Sense) -> float:
        """How much of `one` is said by `other`, 0..1: the same 1, broader 0.5, narrower or part 0.7, of one family 0.2 to 0.3."""
        if one.id == other.id:
            return 1.0
        if one.kind != other.kind:
            return 0.0
        if other.general:
            return 0.2
        if one.general:
            return 1.0  # to say more than the reference does is not to say less
        covered = 0.6 if one.id in self.covers.get(other.id, ()) else 0.7 if other.id in self.covers.get(one.id, ()) else 0.0
        return max(
            covered,
            self._kin(one.id).get(other.id, 0.0),
            _MILD.get(one.kind, 0.0) if one.family and one.family == other.family else 0.0,
        )

    def _kin(self, sense_id: str) -> Mapping[str, float]:
        """By the vocabulary: senses that say a part of this one."""
        if sense_id not in self._near:
            self._near[sense_id] = dict(self._relatives(sense_id))
        return self._near[sense_id]

    def _relatives(self, sense_id: str) -> list[tuple[str, float]]:
        if sense_id not in self.vocabulary:
            return []
        concept = self.vocabulary.concept(sense_id)
        narrower = [one.id for one in self.vocabulary.concepts if sense_id in one.broader]
        parts = [
            *self.vocabulary.related(sense_id, RelationKind.PART_OF),
            *self.vocabulary.subjects(RelationKind.PART_OF, sense_id),
        ]
        return [
            *((one.id, 0.5) for one in parts),
            *((one, 0.7) for one in narrower),
            *((one, 0.5) for one in concept.broader),
        ]


@cache
def load_lexicon() -> Lexicon:
    """The lexicon of the shipped vocabulary and words. MissingExtra where the stemmer is not installed."""
    if find_spec("Stemmer") is None:
        raise MissingExtra("the offline judge", "similarity", "PyStemmer")
    stemmer: Any = import_module("Stemmer")
    words = Words.model_validate(tomllib.loads(files("medgrpo.judging").joinpath("data/words.toml").read_text(encoding="utf-8")))
    vocabulary = load_vocabulary()
    things = Vocabulary((one for one in vocabulary.concepts if one.kind in _KIND_OF), (), (), ())
    lexicon = Lexicon(words, vocabulary, TermTable(things), stem=cache(stemmer.Stemmer("english").stemWord))
    lexicon.empty = frozenset(form for phrase in words.empty.words for form in forms(phrase) if len(forms(phrase)) == 1)

    def add(phrase: str, entry: Entry) -> None:
        words = forms(phrase)
        lexicon.phrases.add(tuple(lexicon.stem(form) for form in words), replace(entry, last=words[-1]))

    for kind in KINDS:
        senses: dict[str, _Sense] = getattr(words, kind)
        for name, listed in senses.items():
            sense = Sense(f"{kind}:{name}", kind, listed.family, listed.general, listed.weak)
            lexicon.senses[sense.id] = sense
            lexicon.covers[sense.id] = frozenset(f"{kind}:{other}" for other in listed.covers)
            known = vocabulary.concept(sense.id).terms if kind == "action" and sense.id in vocabulary else ()
            for phrase in dict.fromkeys((*listed.words, *known)):
                add(phrase, Entry(sense, agent=kind != "action" and phrase.endswith(("or", "er"))))
            for phrase in listed.lay:
                add(phrase, Entry(sense, lay=True))
    for axis, values in words.axis.items():
        for value, phrases in values.items():
            for phrase in phrases:
                add(phrase, Entry(Sense(f"{axis}:{value}", "axis", axis)))
    for phrase in words.empty.words:
        if len(forms(phrase)) > 1:
            add(phrase, Entry(Sense("empty", "empty")))
    for phrase in words.negators.words:
        add(phrase, Entry(Sense("negator", "negator")))
    return lexicon
