"""Clauses read for who does what: each cue of a relation with its subject and its object, though other words stand between them.

`cues.read_gap` asks whether the words between two concepts say one thing and nothing else. This reader begins at the verb: it looks
for the subject before it (directly; through "which" or "that"; through "and", from the verb before; the term that a glossary or a
table's row defines; "it" in the same sentence; behind the comma where the sentence begins with "Lying below ...,"), and for the
object right behind it. No grammar is learned and no word is tagged: words that are neither concepts nor known to it end the search,
so that what is not understood gives nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from medgrpo.knowledge import Concept
from medgrpo.library.cues import AUXILIARIES, RelationCues, cue_rules, is_negated
from medgrpo.library.records import ClaimRelation


@dataclass(frozen=True, slots=True)
class Place:
    """Positions in a sentence, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span(Place):
    """One written form and what it may mean."""

    concepts: tuple[Concept, ...]


@dataclass(frozen=True, slots=True)
class Predicate:
    """A cue with its subject and object: concepts that it may relate, and where its words stand in the sentence.

    `start` to `end` are the cue's own words with its auxiliaries. `order` "SO" says that `left` is the relation's subject.
    """

    cues: RelationCues
    order: Literal["SO", "OS"]
    left: tuple[Span, ...]
    right: tuple[Span, ...]
    start: int
    end: int


MODIFIERS = (
    r"(?:the|an?|its|their|his|her|this|these|those|each|every|both|all|most|some|any|one|two|three|four|several|various|many|of|also"
    r"|blood|right|left|upper|lower|inner|outer|larger?|largest|smaller?|smallest|main|major|minor|single|entire|whole|same|other|own"
    r"|remaining|adjacent|nearby|underlying|overlying|following|first|second|third|next|rest|more|much|large|long|short|thin|thick|loose|dense|smooth|soft|wide|narrow|anterior|posterior"
    r"|(?:[\w-]+(?:al|ic|ar|ary|ous|ior|ive|ine|ated|ized|ly)))"
)
_PART = (
    r"(?:parts?|portions?|segments?|layers?|sheets?|folds?|bands?|organs?|surfaces?|aspects?|borders?|sides?|majority|rest|remainder|regions?|halves|half|thirds?"
    r"|ends?|areas?|lengths?|margins?|edges?|curvatures?|curves?|concavity|hilum|branch(?:es)?|tributar(?:y|ies)|back|front|bulk)"
)
UNKNOWN_ITEM = (  # of a list: a structure that the vocabulary does not have
    r"(?:(?:the|an?)\s+)?(?:[\w-]+\s+){1,3}"
    r"(?:arter(?:y|ies)|veins?|ducts?|nerves?|ligaments?|muscles?|glands?|nodes?|branch(?:es)?)"
)
_COUNTED = (
    r"(?:(?:[\w-]+\s+){0,4}(?:parts|portions|segments|layers|lobes|regions|sections|structures|organs|branches|components)\s*:)"
)
_OBJECT = re.compile(
    rf"\s*{_COUNTED}?\s*:?\s*(?:{UNKNOWN_ITEM}\s*,?\s*(?:and\s+)?){{0,6}}?(?:{MODIFIERS},?\s+){{0,6}}?(?:{_PART}\s+of\s+(?:{MODIFIERS}\s+){{0,6}}){{0,2}}~",
    re.IGNORECASE,
)
_OPENING = re.compile(  # of a clause, up to its subject
    rf"\s*(?:[\"“(]|\d+[.)]\s)*(?:(?:In|On|At|For|From|As|To|With|Within|During|After|Before|Of|By|Throughout|Along)\b[^,;:]*,\s+"
    rf"|(?:However|Moreover|Then|Thus|Finally|Here|Next|Similarly|Normally|Usually|Typically|Therefore|Together)\s*,?\s+)?"
    rf"(?:(?:that|and|but|while|whereas|because|since)\s+)?(?:{MODIFIERS}\s+){{0,6}}~",
    re.IGNORECASE,
)
_ASIDE = r"(?:\s*\([^()]{0,80}\))?(?:\s*,\s*(?!which|that|who)[^,;:]{1,60},)?\s*"
_DIRECT = re.compile(
    rf"~(?:['’]s? (?:\w+ ){{0,2}}(?:function|role|task|job)s? )?{_ASIDE}(?P<relative>,?\s*(?:which|that|who)\s+)?$", re.IGNORECASE
)
_APPOSED = re.compile(rf"~\s*(?:[:(]\s*|,\s+(?=(?:an?|the|one|another)\b|$))(?:{MODIFIERS}\s+){{0,6}}$", re.IGNORECASE)
_GOES_ON = re.compile(
    r"(?:,|\b(?:and|or|but|then|as well as)\b)\s*(?:(?:and|or|but|then|also|in turn|finally)\s+)*"
    r"(?:(?:where|which|there)\s+)?(?:(?:it|they)\s+)?(?:\w+ly\s+){0,3}$",
    re.IGNORECASE,
)
_OWN_PARTS = re.compile(r"\b(?:branch(?:es)?|vessels|tributaries|arteries|veins)\s*,?\s*(?:(?:that|which)\s+)?$", re.IGNORECASE)
_DEFINED_AS = re.compile(r"^\s*(?:(?:[\w-]+|~),?\s+){0,8}?(?:that|which|for|in|of)?\s*$", re.IGNORECASE)
_HEAD = re.compile(r"~(?P<tie>\s+(?:of|from|in|within|on|at|to|with|near|behind|around|along|between)\s+)(?:[\w-]+\s+){0,3}$", re.I)
_TIED = re.compile(
    r"\b(?:of|from|in|to|by|with|between|at|on|near|behind|through|into|via|within|along|for|than|towards?|over|under|across"
    r"|beneath|below|above|beside|against|off|after|before|during|without|around|about|as|like|unlike)\s+"
    rf"(?:{MODIFIERS}\s+){{0,6}}$",
    re.IGNORECASE,
)
_PART_OF_IT = re.compile(
    r"\b(?:one|both|each|all|some|most|many|either|majority|none|half|(?:role|function|task|job|purpose)s?"
    rf"|(?:most|much|all|part) of|{_PART})\s+of\s+"
    rf"(?:{MODIFIERS}\s+){{0,6}}$",
    re.IGNORECASE,
)
_SIDE_OF_IT = re.compile(
    rf"\b(?:heads?|tail|body|neck|base|tip|root|apex|walls?|dome|trunk|hilum|curve|curvature|concavity)\s+of\s+(?:{MODIFIERS}\s+){{0,6}}$",
    re.IGNORECASE,
)
_FLOW_FROM = re.compile(  # "blood from the stomach drains into": it drains
    rf"(?:~|\b(?:capillaries|veins|vessels|tributaries|ducts|blood|bile|lymph|lymphatics|drainage|sinusoids|contents))\s+(?:from|of)\s+"
    rf"(?:{MODIFIERS}\s+){{0,6}}$",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\s*~\s*(?:\([^()]*\)\s*)?[:|]\s*")
_SEGMENT_END = re.compile(r"[;|]|\.\s|:\s")
_FRONTED = re.compile(rf"[^,;:]*,\s+(?:{MODIFIERS}\s+){{0,6}}~", re.IGNORECASE)
_COPULA = re.compile(r"\b(?:is|are|was|were|be|being|been|as|forms?)\b", re.IGNORECASE)
_PLURAL = re.compile(
    r"(?:are|were|have|do|themselves|both|together|all)\b|(?!\w+ly\b)\w*[^s\W]\b(?<!\bis)(?<!ing)(?<!ed)", re.IGNORECASE
)
_OF_SIDES = {ClaimRelation.ADJACENT_TO, ClaimRelation.PART_OF}  # what a side or a wall has of these, the whole has
_GENERAL = re.compile(r"anatomy:(?:blood_vessel|artery|vein|duct|bile_duct|nerve|muscle|ligament|organ)")


@dataclass(frozen=True, slots=True)
class _Masked:
    """A sentence with one ~ for each list of concepts, and the way back."""

    text: str
    groups: tuple[tuple[Span, ...], ...]
    places: tuple[int, ...]  # of the ~ of each group, in `text`
    _starts: tuple[int, ...] = field(default=())
    _shifts: tuple[int, ...] = field(default=())
    kinds: frozenset[str] = frozenset()

    @classmethod
    def of(cls, sentence: str, groups: Sequence[Sequence[Span]]) -> _Masked:
        text, places, starts, shifts, last = "", list[int](), [0], [0], 0
        kinds = frozenset(concept.kind.value for group in groups for span in group for concept in span.concepts)
        for group in groups:
            text += sentence[last : group[0].start].replace("~", "-")
            places.append(len(text))
            text += "~"
            last = group[-1].end
            starts.append(len(text))
            shifts.append(last - len(text))
        text += sentence[last:].replace("~", "-")
        return cls(text, tuple(map(tuple, groups)), tuple(places), tuple(starts), tuple(shifts), kinds)

    def may_hold(self, cues: RelationCues) -> bool:
        """Whether there are concepts of the kinds that the relation takes."""
        return not any(wanted and self.kinds.isdisjoint(wanted) for wanted in (cues.subject, cues.object))

    def original(self, place: int) -> int:
        """Where a place of the masked text, not inside a group, stands in the sentence."""
        return place + self._shifts[bisect_right(self._starts, place) - 1]

    def at(self, place: int) -> int:
        """The number of the group whose ~ stands there."""
        return self.places.index(place)


@dataclass(frozen=True, slots=True)
class _Cue:
    cues: RelationCues
    order: Literal["SO", "OS"]
    start: int
    verb: int
    end: int
    noun: bool


@cache
def _patterns() -> tuple[tuple[RelationCues, Literal["SO", "OS"], bool, re.Pattern[str]], ...]:
    found: list[tuple[RelationCues, Literal["SO", "OS"], bool, re.Pattern[str]]] = []
    for cues in cue_rules().relation:
        if cues.id is ClaimRelation.ACTS_ON:
            continue  # said by an action's own verb, which is a concept
        kinds: tuple[tuple[Literal["SO", "OS"], bool, tuple[str, ...]], ...] = (
            ("SO", False, cues.so),
            ("SO", True, cues.so_nouns),
            ("OS", False, cues.os),
        )
        for order, noun, said in kinds:
            if said:
                words = "|".join(sorted(said, key=len, reverse=True))
                found.append((cues, order, noun, re.compile(rf"(?<![\w~-])(?:{words})(?![\w-])", re.IGNORECASE)))
    return tuple(found)


_AUXILIARY_RUN = re.compile(rf"(?<!\w)(?:{AUXILIARIES}\s+){{1,8}}$", re.IGNORECASE)


def _cues_in(masked: _Masked) -> list[_Cue]:
    """Every cue, longer ones before shorter ones at one place; each with its auxiliaries."""
    found: list[_Cue] = []
    for cues, order, noun, pattern in _patterns():
        if not masked.may_hold(cues):
            continue
        for match in pattern.finditer(masked.text):
            run = _AUXILIARY_RUN.search(masked.text[: match.start()])
            found.append(_Cue(cues, order, run.start() if run else match.start(), match.start(), match.end(), noun))
    return sorted(found, key=lambda cue: (cue.start, -cue.end))


def predicates(sentence: str, groups: Sequence[Sequence[Span]]) -> list[Predicate]:
    """Each cue of the sentence for which a subject and an object are found, in order."""
    masked = _Masked.of(sentence, groups)
    if not masked.groups:
        return []
    header = _HEADER.match(masked.text)
    if header is None and re.match(r"[^\W\d][\w\s()’',/-]{1,60}?\s*[:|]\s", masked.text):
        return []  # what is defined is no concept of the vocabulary
    found = _framed(masked)
    reader = _Reader(sentence, masked, header.end() if header else None)
    for cue in _cues_in(masked):
        found += reader.read(cue)
    return found


@cache
def _frames() -> tuple[tuple[RelationCues, re.Pattern[str]], ...]:
    def compiled(frame: str) -> re.Pattern[str]:
        places = frame.replace("S~", rf"(?:{MODIFIERS}\s+){{0,6}}(?P<S>~)").replace("O~", rf"(?:{MODIFIERS}\s+){{0,6}}(?P<O>~)")
        return re.compile(rf"(?<![\w~-]){places}", re.IGNORECASE)

    return tuple((cues, compiled(frame)) for cues in cue_rules().relation for frame in cues.frames)


def _framed(masked: _Masked) -> list[Predicate]:
    """What whole wordings say."""
    found: list[Predicate] = []
    for cues, pattern in _frames():
        if not masked.may_hold(cues):
            continue
        for match in pattern.finditer(masked.text):
            subject, object_ = (masked.groups[masked.at(match.start(name))] for name in ("S", "O"))
            order = "SO" if match.start("S") < match.start("O") else "OS"
            left, right = (subject, object_) if order == "SO" else (object_, subject)
            first, last = sorted((match.start("S"), match.start("O")))
            begin = match.start() if match.start() < first else first + 1
            end = match.end() if match.end() > last + 1 else last
            found.append(Predicate(cues, order, left, right, masked.original(begin), masked.original(end)))
    return found


@dataclass(slots=True)
class _Reader:
    """Reads the cues of one sentence from left to right; remembers whose verb came last."""

    sentence: str
    masked: _Masked
    body: int | None  # where a definition begins, None in a sentence
    _last: dict[int, tuple[Span, ...]] = field(default_factory=dict[int, tuple[Span, ...]])  # segment's start -> subject
    _branches: dict[int, tuple[Span, ...]] = field(default_factory=dict[int, tuple[Span, ...]])  # group -> whose branches they are

    def read(self, cue: _Cue) -> list[Predicate]:
        text = self.masked.text
        behind = _OBJECT.match(text, cue.end)
        if behind is None:
            return []
        number = self.masked.at(behind.end() - 1)
        segment = self._segment(cue.start)
        left = self._subject(cue, segment, number)
        if not left:
            return []
        right = self.masked.groups[number]
        if len(right) > 1 and self._verb_follows(behind.end()) and self._clause_joint(right[-2], right[-1]):
            right = right[:-1]
        if not cue.noun:
            self._last[segment] = left
        if cue.cues.id is ClaimRelation.BRANCH_OF and cue.order == "OS":
            self._branches[number] = left
        start, end = self.masked.original(cue.start), self.masked.original(cue.end)
        return [Predicate(cue.cues, cue.order, left, right, start, end)]

    def _segment(self, place: int) -> int:
        """Where the part of the sentence begins in which the place lies."""
        ends = [match.end() for match in _SEGMENT_END.finditer(self.masked.text, self.body or 0, place)]
        return ends[-1] if ends else (self.body or 0)

    def _subject(self, cue: _Cue, segment: int, object_number: int) -> tuple[Span, ...]:
        before = self.masked.text[segment : cue.start]
        copula = _COPULA.search(self.masked.text[cue.start : cue.end]) is not None
        if self.body is not None and not before.strip():
            return self.masked.groups[0]
        direct = _DIRECT.search(before)
        if cue.noun and not copula:
            direct = _APPOSED.search(before)
            if direct is None:
                return self.masked.groups[0] if self.body is not None and "~" not in before and _DEFINED_AS.match(before) else ()
        if _OWN_PARTS.search(before):
            return self._clause_subject(before, segment)
        if self.body is not None and re.search(r"\b(?:that|which)\s+$", before) and _DEFINED_AS.match(before):
            return self.masked.groups[0]
        if direct is not None and not direct.groupdict().get("relative") and self.masked.text[cue.start :].startswith("to "):
            number = self.masked.at(segment + direct.start())  # "... passes behind the duct to supply": not the duct
            return self.masked.groups[number][-1:] if number in self._branches else self._clause_subject(before, segment)
        if direct is not None:
            relative = self._verb(cue) if direct.groupdict().get("relative") else None
            flow, near = cue.cues.id is ClaimRelation.DRAINS_INTO, cue.cues.id in _OF_SIDES
            return self._head(segment, segment + direct.start(), relative=relative, flow=flow, near=near)
        if (
            self.body is not None
            and segment == self.body
            and re.search(r"\b(?:that|which)\s+$", before)
            and _DEFINED_AS.match(before)
        ):
            return self.masked.groups[0]
        if _GOES_ON.search(before):
            if re.search(r"\b(?:or|nor)\s+(?:\w+ly\s+){0,3}$", before, re.IGNORECASE) and is_negated(before):
                return ()
            return self._clause_subject(before, segment)
        if not before.strip() and (fronted := _FRONTED.match(self.masked.text, self.masked.places[object_number] + 1)):
            return self.masked.groups[self.masked.at(fronted.end() - 1)]
        return ()

    def _verb(self, cue: _Cue) -> str:
        """The cue's words, behind auxiliaries that have no number."""
        words = self.masked.text[cue.start : cue.end]
        return words if re.match(r"(?:is|are|was|were|has|have|does|do)\b", words) else self.masked.text[cue.verb : cue.end]

    def _clause_subject(self, before: str, segment: int) -> tuple[Span, ...]:
        """Of the verb before; else what the part of the sentence begins with, or defines."""
        if segment in self._last:
            return self._last[segment]
        if self.body is not None:
            return self.masked.groups[0]
        opening = _OPENING.match(before)
        return self._members(self.masked.at(segment + opening.end() - 1), None) if opening else ()

    def _head(self, segment: int, place: int, *, relative: str | None, flow: bool, near: bool) -> tuple[Span, ...]:
        """The concept that the words up to this ~ are about: of "the neck of the gallbladder" the neck.

        `relative` has the words of a verb behind "which" or "that"; `flow` says that what comes from the structure stands for
        it, `near` that a side of it does.
        """
        number = self.masked.at(place)
        if number in self._branches and relative is not None:
            return self._branches[number]  # "branches into several vessels that supply": it supplies
        before = self.masked.text[segment:place]
        if relative is not None:
            group = self.masked.groups[number]
            plural = _PLURAL.match(relative) is not None
            return group if len(group) == 1 or plural or not self._is_object(before) else group[-1:]
        if flow and _FLOW_FROM.search(before):
            return self.masked.groups[number]
        if _PART_OF_IT.search(before) or not _TIED.search(before) or (near and _SIDE_OF_IT.search(before)):
            return self._members(number, before)
        head = _HEAD.search(before)
        if head is not None:
            return self._head(segment, segment + head.start(), relative=None, flow=flow, near=near)
        group = self.masked.groups[number]
        return group[-1:] if segment in self._last and len(group) > 1 and self._clause_joint(group[-2], group[-1]) else ()

    def _members(self, number: int, before: str | None) -> tuple[Span, ...]:
        """The list; where it is the object of a verb before, only what a new clause begins with."""
        group = self.masked.groups[number]
        if before is None or len(group) == 1 or not self._is_object(before):
            return group
        return group[-1:] if self._clause_joint(group[-2], group[-1]) else group

    def _is_object(self, before: str) -> bool:
        return _OPENING.match(before + "~") is None or "~" in before

    def _clause_joint(self, one: Span, other: Span) -> bool:
        """Whether ", and" stands between the two: a new clause may begin there."""
        return re.match(r"\s*,\s*(?:and|or|but|while|whereas)\b", self.sentence[one.end : other.start], re.IGNORECASE) is not None

    def _verb_follows(self, place: int) -> bool:
        rest = self.masked.text[place:]
        run = re.match(rf"\s+(?:{AUXILIARIES}\s+){{0,8}}", rest, re.IGNORECASE)
        return run is not None and any(
            not noun and pattern.match(self.masked.text, place + run.end()) for _, _, noun, pattern in _patterns()
        )


def is_general(concept: Concept) -> bool:
    """Whether it names a sort of structure ("artery"), not one structure."""
    return _GENERAL.fullmatch(concept.id) is not None
