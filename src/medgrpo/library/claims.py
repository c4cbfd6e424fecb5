"""Candidate claims of a passage by rules, without a language model: two concepts, and words between them that relate them.

Made for precision: a sentence of which a rule understands only a part gives nothing. Refused on purpose are questions, concepts
that a preposition ties to another noun ("the wall of the ..."), nouns that go on ("the liver cells"), negation outside the
words that were understood, concepts inside a condition, doubt, and what belongs to history, family or plans.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from medgrpo.knowledge import Concept, ConceptKind
from medgrpo.library.clauses import UNKNOWN_ITEM, Place, Predicate, Span, is_general, predicates
from medgrpo.library.cues import Reading, can_hold, is_negated, modality_of, read_gap, with_negation
from medgrpo.library.phrases import MAY_FOLLOW, Read, done_to, folded, parts
from medgrpo.library.qualifiers import Qualifiers, clause_around, qualifiers
from medgrpo.library.records import Claim, ClaimRelation, Context, Mention, Modality, Passage
from medgrpo.library.sentences import sentences

EXTRACTOR = "rules@2"


_FARTHEST = 140  # characters between two concepts
_FOLDED = 2  # so many other concepts may stand between
_JOINT = re.compile(
    rf"\s*(?:branch(?:es)?)?\s*\)?\s*(?:,\s*{UNKNOWN_ITEM}\s*)*"
    r"(?:,|\(|,?\s*(?:and|or|as well as|along with|including)|,\s*(?:and|or)(?: also)?)\s*"
    r"(?:(?:the|an?|its|both|right|left|larger?|smaller?|(?:majority|parts?|portions?|(?:distal|proximal) segment) of)\s+)*",
    re.IGNORECASE,
)
_FRONT = re.compile(
    r"(?:In|On|At|From|With|Within|When|While|If|As|Once|Near|Below|Behind|After|Before|Along|Above|Beneath|Unlike|Like|To|\w+ing|\w+ed)\b"
)
_BARE_COMMA = re.compile(r"\s*,\s*(?:the|an?|its)\s+(?:\w+\s+)?", re.IGNORECASE)
_CLAUSE_JOINT = re.compile(r"\s*,\s*(?:and|or)\b.*", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"\b(?:of|from|in|to|by|with|between|at|on|near|behind|through|into|via|within|along|for|than|towards?|over|under|across|beneath"
    r"|below|above|beside|against|off|after|before|during|without|until|since|around|about|despite|beyond|upon|called|as|like|unlike)\s+"
    r"(?:(?:the|an?|its|their|this|these|each|both|all|most|right|left|larger?|smaller?|upper|lower|common|inflamed|entire)\s+)*$",
    re.IGNORECASE,
)
_QUANTITY = re.compile(
    r"\b(?:one|both|each|all|some|most|many|either|majority|none|half)\s+of\s+(?:the\s+|these\s+|its\s+)*$", re.IGNORECASE
)
_RELATIVE = re.compile(r"\s*,\s*(?:which|formed|supplied|drained|located|arising)\b", re.IGNORECASE)
_MAY_FOLLOW_WHOLE = re.compile(rf"(?:\s+walls?\b)?{MAY_FOLLOW.pattern}", re.IGNORECASE)  # a layer of its wall is a part of it
_ENTRY = re.compile(r"[^\W\d][\w\s()’',/-]{1,60}?\s*[:|]\s")  # of a glossary, or a table's row
_DEFINED = re.compile(r"\s*(?:\([^()]*\)\s*)?[:|]")
_IN_CASE = re.compile(
    r"(?:in|for) (?:all |most |some )?(?:patients|cases|the (?:presence|setting|case|event)|case) (?:with|of) (?:\w+ ){0,2}",
    re.IGNORECASE,
)
_THEN = re.compile(r",\s+(?:(?:the|an?|early|immediate|emergency|urgent|prompt|routine)\s+)*", re.IGNORECASE)
_SAID_OF_ACT = re.compile(
    r"\s*(?:is|are|should|must|may|can)\s+(?:not\s+)?(?:be\s+)?(?:\w+ly\s+)?"
    r"(?P<verb>recommended|indicated|considered|performed|preferred|advised|attempted|contraindicated|avoided)\b",
    re.IGNORECASE,
)
_POINTED = re.compile(r"\b(?:this|these|that|those|such|two|both|other)\s+$", re.IGNORECASE)
_GROUND_KINDS = {ConceptKind.STATE, ConceptKind.FINDING, ConceptKind.COMPLICATION, ConceptKind.GRADE}
_ACT_KINDS = {ConceptKind.PROCEDURE, ConceptKind.PHASE, ConceptKind.STEP, ConceptKind.ACTION}
_AVOIDED_BEFORE = re.compile(r"\b(?:avoid(?:s|ed|ing)?|refrain from|do not|don['’]t|never)\s+(?:the\s+)?$", re.IGNORECASE)
_FORBIDDEN = re.compile(r"\b(?:do not|don['’]t|never)\s+(?:the\s+)?$", re.IGNORECASE)
_AVOIDED_AFTER = re.compile(r"\s*(?:must|should)\s+(?:not|never|be avoided)\b", re.IGNORECASE)
_RECOMMENDED_AFTER = re.compile(
    r"\s*(?:is|are)\s+(?:\w+ly\s+)?(?:recommended|advised|mandatory|imperative|required)\b", re.IGNORECASE
)


def extract_claims(passage: Passage, mentions: Sequence[Mention], concepts: Mapping[str, Concept]) -> list[Claim]:
    """The claims that the rules find, in order of place, each once."""
    found: dict[str, Claim] = {}
    for start, end in sentences(passage.text):
        sentence = passage.text[start:end]
        spans = _spans(mentions, concepts, start, end)
        if len(spans) < 2 or sentence.rstrip("\"'”’)").endswith("?"):
            continue
        for subject, reading, object_, extra in _named_first(list(_readings(sentence, spans))):
            claim = make_claim(passage, start, end, subject.id, object_.id, reading, extra, EXTRACTOR)
            found.setdefault(claim.id, claim)
    return list(found.values())


def make_claim(
    passage: Passage, start: int, end: int, subject: str, object_: str, reading: Reading, extra: Qualifiers, extractor: str
) -> Claim:
    """A candidate with its id, which depends on what is claimed and where, not on when or by what it was found."""
    said = (passage.id, start, end, subject, reading.relation, object_, reading.modality, reading.negated, extra.condition)
    return Claim(
        id=hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()[:16],
        subject=subject,
        relation=reading.relation,
        object=object_,
        modality=reading.modality,
        condition=extra.condition,
        strength=extra.strength,
        negated=reading.negated,
        passage_id=passage.id,
        quote=passage.text[start:end],
        quote_start_char=start,
        quote_end_char=end,
        extractor=extractor,
    )


def _spans(mentions: Sequence[Mention], concepts: Mapping[str, Concept], start: int, end: int) -> list[Span]:
    by_place: dict[tuple[int, int], list[Mention]] = {}
    for mention in mentions:
        if start <= mention.start_char and mention.end_char <= end and not mention.uncertain and mention.context is Context.CURRENT:
            by_place.setdefault((mention.start_char - start, mention.end_char - start), []).append(mention)
    return [
        Span(first, last, tuple(concepts[mention.concept_id] for mention in there))
        for (first, last), there in sorted(by_place.items())
    ]


def _named_first(found: list[Read]) -> list[Read]:
    """Less those about a sort of structure ("vessels supply the liver") of which another says the same by name."""
    named = [one for one in found if not (is_general(one[0]) or is_general(one[2]))]

    def is_said(one: Read) -> bool:
        subject, reading, object_, _ = one
        return any(
            other[1].relation is reading.relation
            and ((is_general(subject) and other[2].id == object_.id) or (is_general(object_) and other[0].id == subject.id))
            for other in named
        )

    return [one for one in found if one in named or not is_said(one)]


def _readings(sentence: str, spans: list[Span]) -> Iterator[Read]:
    groups = _groups(sentence, spans)
    entry = _ENTRY.match(sentence)
    if entry is not None and groups[0][0].start > 1:
        return  # what is defined is no concept of the vocabulary
    said: dict[tuple[str, str], Predicate] = {}
    for predicate in predicates(sentence, groups):
        for read in _said_by(sentence, predicate):
            first = said.setdefault((read[0].id, read[2].id), said.get((read[2].id, read[0].id), predicate))
            if first is predicate or predicate.start >= first.end or first.start >= predicate.end:
                yield read  # of two relations that the same words name, the first of the table
    yield from parts(sentence, spans, groups, listed=entry is not None)
    if entry is not None and _DEFINED.match(sentence, groups[0][0].end):
        for right in groups[1:]:  # "artery: branch of the trunk; supplies the organ"
            last = sentence.rfind(";", groups[0][0].end, right[0].start)
            yield from _pairs(sentence, groups[0], right, groups, gap_start=last if last >= 0 else None)
        return
    yield from _grounds(sentence, groups)
    yield from done_to(sentence, groups)
    for index, left in enumerate(groups):
        for right in groups[index + 1 : index + 2 + _FOLDED]:
            yield from _pairs(sentence, _subjects(sentence, left), right, groups)


def _said_by(sentence: str, predicate: Predicate) -> Iterator[Read]:
    """What a verb with its subject and object says, with the rest of its clause."""
    words, order = sentence[predicate.start : predicate.right[0].start], predicate.order
    begin, end = sorted((predicate.left, predicate.right), key=lambda spans: spans[0].start)
    reach = (begin[0].start, end[-1].end)
    negation = is_negated(sentence[predicate.start : predicate.end])
    reading = Reading(predicate.cues.id, order, *with_negation(modality_of(words), negation))
    paired = len(predicate.left) == len(predicate.right) > 1 and "respectively" in sentence
    for number, one in enumerate(predicate.left):
        for other in [predicate.right[number]] if paired else predicate.right:
            if _is_pointed_at(sentence, one) or _is_pointed_at(sentence, other):
                continue
            ends = [(s, o) for s, o in _ends(one, other, order) if s.id != o.id and predicate.cues.fits(s, o)]
            may_follow = MAY_FOLLOW if reading.relation is not ClaimRelation.PART_OF else _MAY_FOLLOW_WHOLE
            whole = whole_reading(sentence, reach, one, other, words, reading) if ends else None
            if whole is not None and may_follow.match(sentence, other.end):
                yield from ((subject, whole[0], object_, whole[1]) for subject, object_ in ends[:1])


def _is_pointed_at(sentence: str, span: Span) -> bool:
    """Whether it is "this vessel": a structure that another sentence names."""
    return any(is_general(concept) for concept in span.concepts) and _POINTED.search(sentence, 0, span.start) is not None


def _ends(one: Span, other: Span, order: str) -> Iterator[tuple[Concept, Concept]]:
    """Subject and object of each meaning of the two forms."""
    for first in one.concepts:
        for second in other.concepts:
            yield (first, second) if order == "SO" else (second, first)


def _grounds(sentence: str, groups: list[list[Span]]) -> Iterator[Read]:
    """ "In patients with a finding, an act is recommended": the finding indicates the act, or speaks against it."""
    for left, right in pairwise(groups):
        said = _SAID_OF_ACT.match(sentence, right[-1].end)
        if (
            said is None
            or not _IN_CASE.fullmatch(sentence[: left[0].start])
            or not _THEN.fullmatch(sentence[left[-1].end : right[0].start])
        ):
            continue
        negated = is_negated(said.group())
        against = said["verb"].casefold() in {"contraindicated", "avoided"}
        relation = ClaimRelation.CONTRAINDICATES if against or negated else ClaimRelation.INDICATES
        reading = Reading(relation, "SO", modality_of(said.group()), negated=against and negated)
        extra = qualifiers(sentence, left[0].start, right[-1].end, of_act=False).with_no_condition()
        for one in left:
            for other in right:
                for subject in one.concepts:
                    for act in other.concepts:
                        if can_hold(relation, subject, act) and subject.kind in _GROUND_KINDS and act.kind in _ACT_KINDS:
                            yield subject, reading, act, extra


def _groups(sentence: str, spans: list[Span]) -> list[list[Span]]:
    """Spans that are one list: "the liver, the stomach and the spleen"."""
    groups: list[list[Span]] = []
    for span in spans:
        if (
            groups
            and _alike(groups[-1][-1], span)
            and _JOINT.fullmatch(sentence, groups[-1][-1].end, span.start)
            and not (
                _FRONT.match(sentence) and _BARE_COMMA.fullmatch(sentence[groups[-1][-1].end : span.start]) and len(groups) < 3
            )
        ):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _alike(one: Span, other: Span) -> bool:
    """Whether some meanings of the two are of one kind: what is not is no list."""
    return not {concept.kind for concept in one.concepts}.isdisjoint(concept.kind for concept in other.concepts)


def _subjects(sentence: str, group: list[Span]) -> list[Span]:
    """Those of the group to which what follows can belong: "which" means the last one, and so does a clause after ", and"."""
    before = sentence[: group[0].start]
    if _RELATIVE.match(sentence, group[-1].end):
        return group[-1:]
    if not _PREPOSITION.search(before) or _QUANTITY.search(before):
        return group
    if len(group) == 2 and _CLAUSE_JOINT.match(sentence[group[0].end : group[1].start]):
        return group[-1:]
    return []


def _pairs(
    sentence: str, left: list[Span], right: list[Span], groups: list[list[Span]], gap_start: int | None = None
) -> Iterator[Read]:
    if not left:
        return
    begin, end = left[-1].end if gap_start is None else gap_start, right[0].start
    if end - begin > _FARTHEST:
        return
    gap = folded(sentence, begin, end, groups)
    paired = len(left) == len(right) > 1 and "respectively" in sentence
    for number, one in enumerate(left):
        for other in [right[number]] if paired else right:
            if not MAY_FOLLOW.match(sentence, other.end) or _is_pointed_at(sentence, one) or _is_pointed_at(sentence, other):
                continue
            for first, second, reading in _first_reading(gap, one, other):
                whole = whole_reading(sentence, (left[0].start, right[-1].end), one, other, gap, reading)
                if whole is not None:
                    subject, object_ = (first, second) if reading.order == "SO" else (second, first)
                    yield subject, whole[0], object_, whole[1]


def _first_reading(gap: str, one: Span, other: Span) -> Iterator[tuple[Concept, Concept, Reading]]:
    """The first of the concepts that the two forms may mean between which the words say something."""
    for first in one.concepts:
        for second in other.concepts:
            reading = read_gap(gap, first, second) if first.id != second.id else None
            if reading is not None:
                yield first, second, reading
                return


def whole_reading(
    sentence: str, reach: tuple[int, int], one: Place, other: Place, gap: str, reading: Reading
) -> tuple[Reading, Qualifiers] | None:
    """The reading with what the rest of its clause adds; None where the rest says something that was not understood.

    `one` and `other` are the two concepts in their order, `gap` the words between them; `reach` goes from the
    start of the list of which `one` is to the end of the other's.
    """
    extra = qualifiers(sentence, *reach, of_act=reading.relation is ClaimRelation.ACTS_ON)
    if reading.relation in _GROUNDS and extra.covers(other.start, other.end):
        extra = extra.with_no_condition()  # "recommended in patients with ...": the condition is the claim
    if extra.covers(one.start, one.end) or extra.covers(other.start, other.end):
        return None
    clause_start, clause_end = clause_around(sentence, *reach)
    before = extra.blanked(sentence)[clause_start : reach[0]]
    after = extra.blanked(sentence)[reach[1] : clause_end]
    modality, negated = reading.modality, reading.negated
    if reading.relation is ClaimRelation.ACTS_ON:
        if _AVOIDED_BEFORE.search(before) or _AVOIDED_AFTER.match(after):
            strong = "must" in after or _FORBIDDEN.search(before) is not None
            return _with(reading, Modality.MUST_NOT if strong else Modality.SHOULD_NOT, negated=False), extra
        if is_negated(before) and modality_of(before) is not Modality.STATED:
            modality, negated = with_negation(modality_of(before), negated=True)
            return _with(reading, modality, negated=negated), extra
    if re.search(r"\bno\s+(?:\w+\s+)?$", before, re.IGNORECASE):
        return _with(reading, modality, negated=not negated), extra
    if is_negated(before) or is_negated(after) or (is_negated(gap) and not negated and modality not in _DENIED):
        return None
    if modality is Modality.STATED:
        modality = modality_of(before)
        if modality is Modality.STATED and (said := _RECOMMENDED_AFTER.match(after)):
            modality = modality_of(said.group())
    return _with(reading, modality, negated=negated), extra


_GROUNDS = {ClaimRelation.INDICATES, ClaimRelation.CONTRAINDICATES}
_DENIED = {Modality.MUST_NOT, Modality.SHOULD_NOT}


def _with(reading: Reading, modality: Modality, *, negated: bool) -> Reading:
    return Reading(reading.relation, reading.order, modality, negated)
