"""Extraction from text against hand labels: mentions of concepts and claims, sentence by sentence, with bootstrap intervals.

A mention is right exactly when concept and span agree, by overlap when the concept agrees and the spans share a character.
A claim is right when subject, relation and object agree, and wholly right when modality and negation agree too. What is labelled as
optional (a reader may or may not count it) is neither asked for nor counted against the extractor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from medgrpo.core import Config
from medgrpo.evaluation.intervals import bootstrap
from medgrpo.evaluation.places import Place
from medgrpo.library import Claim, ClaimRelation, Mention, Modality

_SYMMETRIC = ClaimRelation.ADJACENT_TO


class LabelledMention(Config):
    """A concept named in the sentence; positions are in the sentence."""

    start_char: int
    end_char: int
    concept_id: str
    optional: bool


class LabelledClaim(Config):
    """What the sentence says; any of `relations` is accepted where two say the same."""

    subject: str
    relations: tuple[ClaimRelation, ...]
    object: str
    modality: Modality
    negated: bool
    optional: bool


class LabelledSentence(Config):
    """A sentence with all that a reader finds in it. `chosen` says that it was picked for what it holds, not drawn at random."""

    place: Place
    chosen: bool
    mentions: tuple[LabelledMention, ...]
    claims: tuple[LabelledClaim, ...]


class FoundInSentence(Config):
    """What the extractor finds in the sentence: mentions with positions in the sentence, claims as they are."""

    mentions: tuple[Mention, ...]
    claims: tuple[Claim, ...]


class Counts(Config):
    """Of one sentence and measure: how many found ones are right, how many were found, how many are labelled."""

    right: int
    found: int
    labelled: int


class Interval(Config):
    """A figure with its bootstrap 95 % interval; None where nothing was found (precision) or labelled (recall)."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def around(cls, value: float | None, ends: tuple[float, float] | None) -> Interval:
        """A figure and the ends of its interval; without ends where there are too few cases for any."""
        low, high = ends if value is not None and ends is not None else (None, None)
        return cls(value=value, low=low, high=high)


class Measure(Config):
    """Precision, recall and F1 over all sentences, intervals by resampling sentences."""

    right: int
    found: int
    labelled: int
    precision: Interval
    recall: Interval
    f1: Interval


class Difference(Config):
    """One label that was not found ("missed") or one find that is no label ("false"); spans are in the document's text."""

    kind: str
    what: str
    document: str
    start_char: int
    end_char: int


P = TypeVar("P")
L = TypeVar("L")


def pair(found: Sequence[P], labels: Sequence[L], agree: Callable[[P, L], bool]) -> dict[int, int]:
    """Found to label, one to one, in order of the found ones; each takes the first free label that agrees."""
    pairs: dict[int, int] = {}
    for index, one in enumerate(found):
        free = (number for number, label in enumerate(labels) if number not in pairs.values() and agree(one, label))
        number = next(free, None)
        if number is not None:
            pairs[index] = number
    return pairs


def count(found: Sequence[P], labels: Sequence[L], optional: Sequence[L], agree: Callable[[P, L], bool]) -> Counts:
    """Found ones that only agree with an optional label are left out."""
    pairs = pair(found, labels, agree)
    idle = sum(index not in pairs and any(agree(one, label) for label in optional) for index, one in enumerate(found))
    return Counts(right=len(pairs), found=len(found) - idle, labelled=len(labels))


def same_mention(found: Mention, label: LabelledMention) -> bool:
    """Concept and span."""
    spans = (found.start_char, found.end_char) == (label.start_char, label.end_char)
    return found.concept_id == label.concept_id and spans


def overlapping_mention(found: Mention, label: LabelledMention) -> bool:
    """Concept, and at least one shared character."""
    shared = min(found.end_char, label.end_char) - max(found.start_char, label.start_char)
    return found.concept_id == label.concept_id and shared > 0


def same_triple(found: Claim, label: LabelledClaim) -> bool:
    """Subject, relation and object; "adjacent to" holds both ways."""
    if found.relation not in label.relations:
        return False
    ends = (found.subject, found.object)
    either_way = found.relation is _SYMMETRIC and ends == (label.object, label.subject)
    return ends == (label.subject, label.object) or either_way


def same_claim(found: Claim, label: LabelledClaim) -> bool:
    """The triple, its modality and its negation."""
    return same_triple(found, label) and (found.modality, found.negated) == (label.modality, label.negated)


def count_sentence(sentence: LabelledSentence, found: FoundInSentence) -> dict[str, Counts]:
    """The four measures of one sentence."""
    mentions = [label for label in sentence.mentions if not label.optional]
    claims = [label for label in sentence.claims if not label.optional]
    idle_mentions = [label for label in sentence.mentions if label.optional]
    idle_claims = [label for label in sentence.claims if label.optional]
    distinct = tuple({(one.subject, one.relation, one.object, one.modality, one.negated): one for one in found.claims}.values())
    overlapping = count(found.mentions, mentions, idle_mentions, overlapping_mention)
    exact = len(pair(found.mentions, mentions, same_mention))
    return {
        "mentions, exact": Counts(right=exact, found=overlapping.found, labelled=len(mentions)),
        "mentions, overlapping": overlapping,
        "claims, triple": count(distinct, claims, idle_claims, same_triple),
        "claims, whole": count(distinct, claims, idle_claims, same_claim),
    }


def differences(sentence: LabelledSentence, found: FoundInSentence, start: int) -> list[Difference]:
    """What was missed and what is false in one sentence, which begins at `start` in the document's text."""
    result: list[Difference] = []

    def add(kind: str, what: str, begin: int, end: int) -> None:
        place = sentence.place
        result.append(Difference(kind=kind, what=what, document=place.document, start_char=start + begin, end_char=start + end))

    wanted = [label for label in sentence.mentions if not label.optional]
    pairs = pair(found.mentions, wanted, overlapping_mention)
    for number, label in enumerate(wanted):
        if number not in pairs.values():
            add("missed mention", label.concept_id, label.start_char, label.end_char)
    for index, mention in enumerate(found.mentions):
        if index not in pairs and not any(overlapping_mention(mention, label) for label in sentence.mentions if label.optional):
            add("false mention", mention.concept_id, mention.start_char, mention.end_char)
    asked = [label for label in sentence.claims if not label.optional]
    claim_pairs = pair(found.claims, asked, same_claim)
    length = sentence.place.end_char - sentence.place.start_char
    for number, label in enumerate(asked):
        if number not in claim_pairs.values():
            words = f"{label.subject} {'|'.join(label.relations)} {label.object}{_flags(label.modality, label.negated)}"
            add("missed claim", words, 0, length)
    for index, claim in enumerate(found.claims):
        if index not in claim_pairs and not any(same_claim(claim, label) for label in sentence.claims):
            words = f"{claim.subject} {claim.relation} {claim.object}{_flags(claim.modality, claim.negated)}"
            add("false claim", words, 0, length)
    return result


def _flags(modality: Modality, negated: bool) -> str:
    words = [str(modality)] * (modality is not Modality.STATED) + ["negated"] * negated
    return f" ({', '.join(words)})" if words else ""


def summarise_extraction(sentences: Sequence[Mapping[str, Counts]]) -> dict[str, Measure]:
    """Each measure over all sentences; intervals by drawing sentences anew."""
    return {name: measure([counts[name] for counts in sentences]) for name in (sentences[0] if sentences else ())}


def measure(counts: Sequence[Counts]) -> Measure:
    """Sums over the sentences, and their ratios."""

    def interval(figure: Callable[[Sequence[Counts]], float | None]) -> Interval:
        return Interval.around(figure(counts), bootstrap(counts, figure))

    return Measure(
        right=sum(one.right for one in counts),
        found=sum(one.found for one in counts),
        labelled=sum(one.labelled for one in counts),
        precision=interval(lambda some: _ratio(sum(one.right for one in some), sum(one.found for one in some))),
        recall=interval(lambda some: _ratio(sum(one.right for one in some), sum(one.labelled for one in some))),
        f1=interval(lambda some: _ratio(2 * sum(one.right for one in some), sum(one.found + one.labelled for one in some))),
    )


def _ratio(part: int, of: int) -> float | None:
    return part / of if of else None
