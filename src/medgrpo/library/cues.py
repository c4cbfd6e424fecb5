"""The words between two concepts: do they say that one has a relation to the other, how strongly, and is it denied?

Rules are data (`data/claims.toml`). Nothing here knows whence a claim comes: extraction and the check of a model's proposals ask
the same questions of the same words.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from medgrpo.core import Config
from medgrpo.knowledge import Concept
from medgrpo.library.records import ClaimRelation, Modality

AUXILIARIES = (
    r"(?:must|shall|should|may|might|can|could|will|cannot|do|does|did|is|are|was|were|be|been|being|has|have|had|to|ought|needs?"
    r"|not|never|also|then|thus|often|usually|always|sometimes|together|both|all|in turn|typically|itself|themselves|seen"
    r"|noted|found|observed|\w+ly)"
)
_DEFINITION = (  # "cystic duct: short duct that ..."
    r"(?:[:|;]\s*(?:(?:an?|the)\s+)?(?:(?!through|in|by|from|to|for|with|which|where|between)[\w'-]+,?\s+|~\s*){0,6}?)"
)
_OTHER_VERB = r"(?:\s*\w+(?:s|ed)\s[^,;:|]{0,60}?,?\s+and\s+(?:also\s+)?)"  # "stores bile and ..."
_BEFORE = (
    rf"\)?(?:\s*\([^()]{{0,80}}\))?(?:,\s[^,;:~]{{1,60}},)?\s*{_DEFINITION}?{_OTHER_VERB}?,?\s*"
    r"(?:(?:which|that|who|one of which|each of which)\s+)?"
    rf"(?P<aux>(?:{AUXILIARIES}\s+)*)(?:\w+s,\s+)*(?:\w+s,?\s+and\s+)?"
)
_UNKNOWN_ITEMS = (  # of a list: structures that the vocabulary does not have
    r"(?:(?:the |an? )?(?:[\w-]+\s+){1,3}(?:arter(?:y|ies)|veins?|ducts?|nerves?|ligaments?|muscles?), (?:and )?)*"
)
_AFTER = (
    r"(?:,\s+\w+s)*(?:,?\s+and\s+\w+s(?=\s))?(?:\s*:)?\s*"
    + _UNKNOWN_ITEMS
    + r"(?:(?:the|an?|its|their|this|these|each|both|all|most|some"
    r"|any|one|two|several|various|many|of|blood|directly|right|left|upper|lower|inner|outer|anterior|posterior|superior|inferior|medial"
    r"|lateral|proximal|distal|middle|superficial|deep|larger?|smaller?|adjacent|nearby|entire|whole|inflamed|exposed|single|major|main"
    r"|wall|parts?|portions?|surface|aspect|border|side|edge|end|base|tip|level|floor|roof|segments?|tissues?|following|shallow|area|on"
    r"|dorsal|ventral|and)\s+)*"
)
_ASSERTS = r"(?=.*(?:\b(?:is|are|was|were|be|being|as|forms?)\b|[:|;]|,\s+(?:an?|the)\b))"  # what a cue without a verb needs
_NEGATION = re.compile(r"\b(?:not|never|neither|nor|cannot|no|without)\b|n['’]t\b", re.IGNORECASE)
_MODALITIES = (
    (
        re.compile(
            r"\b(?:must|shall|have to|has to|needs? to|ought to|mandatory|imperative)\b|\b(?:is|are) (?:always )?required to\b",
            re.I,
        ),
        "must",
    ),
    (re.compile(r"\b(?:should|recommended|advised|advisable|recommend|ought|preferred)\b", re.IGNORECASE), "should"),
    (re.compile(r"\b(?:may|might|can|could|cannot|possibly)\b", re.IGNORECASE), "may"),
)


class RelationCues(Config):
    """How one relation is said, and between which kinds of concepts (none named: any; `subject_not`, `object_not`: ids that
    are none).

    `frames` are whole wordings with the places of subject and object in them, for what no verb says ("the blood supply of S is
    from O").
    """

    id: ClaimRelation
    subject: tuple[str, ...]
    subject_not: str = "$^"
    object: tuple[str, ...]
    object_not: str = "$^"
    so: tuple[str, ...]
    so_nouns: tuple[str, ...] = ()
    os: tuple[str, ...]
    frames: tuple[str, ...] = ()

    def fits(self, subject: Concept, object_: Concept) -> bool:
        """Whether it can hold between these two."""
        return (
            (not self.subject or subject.kind in self.subject)
            and (not self.object or object_.kind in self.object)
            and re.search(self.subject_not, subject.id) is None
            and re.search(self.object_not, object_.id) is None
        )


class CueRules(Config):
    """The whole of `claims.toml`."""

    relation: tuple[RelationCues, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words between two concepts say."""

    relation: ClaimRelation
    order: Literal["SO", "OS"]
    modality: Modality
    negated: bool


@dataclass(frozen=True, slots=True)
class _Compiled:
    cues: RelationCues
    order: Literal["SO", "OS"]
    strict: re.Pattern[str]
    loose: re.Pattern[str]
    wordless: bool


@cache
def cue_rules() -> CueRules:
    text = files("medgrpo.library").joinpath("data/claims.toml").read_text(encoding="utf-8")
    return CueRules.model_validate(tomllib.loads(text))


@cache
def _compiled() -> tuple[_Compiled, ...]:
    found: list[_Compiled] = []
    for cues in cue_rules().relation:
        with_verb = (*cues.so, *(_ASSERTS + pattern for pattern in cues.so_nouns))
        orders: tuple[tuple[Literal["SO", "OS"], tuple[str, ...], tuple[str, ...]], ...] = (
            ("SO", with_verb, (*cues.so, *cues.so_nouns)),
            ("OS", cues.os, cues.os),
        )
        for order, said, worded in orders:
            if said:
                strict = _BEFORE + "(?:" + "|".join(sorted(said, key=len, reverse=True)) + ")" + _AFTER
                loose = "|".join(pattern for pattern in worded if pattern) or r"(?!)"
                words = re.compile(rf"(?<!\w)(?:{loose})(?!\w)", re.IGNORECASE)
                found.append(_Compiled(cues, order, re.compile(strict, re.IGNORECASE), words, wordless="" in said))
    return tuple(found)


@cache
def _for_kinds(left_kind: str, right_kind: str) -> tuple[_Compiled, ...]:
    """The rules that such concepts allow, in the order of the file."""
    found: list[_Compiled] = []
    for compiled in _compiled():
        subject, object_ = (left_kind, right_kind) if compiled.order == "SO" else (right_kind, left_kind)
        cues = compiled.cues
        if (not cues.subject or subject in cues.subject) and (not cues.object or object_ in cues.object):
            found.append(compiled)
    return tuple(found)


def read_gap(gap: str, left: Concept, right: Concept) -> Reading | None:
    """What the words between two concepts say, where they say nothing else; the first rule of the file that fits."""
    for compiled in _for_kinds(left.kind, right.kind):
        if not compiled.wordless and compiled.loose.search(gap) is None:
            continue  # a quick no for most
        match = compiled.strict.fullmatch(gap)
        if match is not None and compiled.cues.fits(*((left, right) if compiled.order == "SO" else (right, left))):
            negated = _NEGATION.search(match["aux"]) is not None
            return Reading(compiled.cues.id, compiled.order, *with_negation(modality_of(gap), negated))
    return None


def connects(relation: ClaimRelation, order: Literal["SO", "OS"], gap: str) -> bool:
    """Whether a cue of this relation ties these two concepts, though more words stand between them than `read_gap` takes.

    Between the cue and either concept there is no other cue, no end of a clause, and no concept of its own (~), save one that a
    preposition ties to the left concept.
    """
    for compiled in _compiled():
        if compiled.cues.id is relation and compiled.order == order:
            for match in compiled.loose.finditer(gap):
                before, after = gap[: match.start()], gap[match.end() :]
                if _LEADS_TO_CUE.fullmatch(before) and _LEADS_TO_CONCEPT.fullmatch(after) and not _any_cue(before + " | " + after):
                    return True
    return False


_LEADS_TO_CUE = re.compile(r"(?:[^~;:.]|\b(?:of|from|with|in) (?:the )?~)*")
_LEADS_TO_CONCEPT = re.compile(r"(?:[^~;:.]|~,? (?:and|or)\b|~,)*")


def _any_cue(text: str) -> bool:
    return any(compiled.loose.search(text) for compiled in _compiled() if compiled.cues.id is not ClaimRelation.ACTS_ON)


def can_hold(relation: ClaimRelation, subject: Concept, object_: Concept) -> bool:
    """Whether this relation can hold between these two."""
    return any(cues.fits(subject, object_) for cues in cue_rules().relation if cues.id is relation)


def is_negated(text: str) -> bool:
    """Whether a word of negation stands in the text."""
    return _NEGATION.search(text) is not None


def modality_of(text: str) -> Modality:
    """The strongest modal word in the text; STATED where there is none. Negation apart."""
    return next((Modality(name) for pattern, name in _MODALITIES if pattern.search(text)), Modality.STATED)


def with_negation(modality: Modality, negated: bool) -> tuple[Modality, bool]:
    """ "must" and "not" are one modality, "must not"; so for "should". Other negation stays one."""
    if negated and modality is Modality.MUST:
        return Modality.MUST_NOT, False
    if negated and modality is Modality.SHOULD:
        return Modality.SHOULD_NOT, False
    return modality, negated
