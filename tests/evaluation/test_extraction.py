"""Extraction against labels: pairing, what is optional, counts and intervals, all by hand."""

from __future__ import annotations

import pytest

from medgrpo.evaluation.extraction import (
    Counts,
    FoundInSentence,
    LabelledClaim,
    LabelledMention,
    LabelledSentence,
    count_sentence,
    differences,
    measure,
    same_claim,
    same_triple,
)
from medgrpo.evaluation.places import Place, locate, place_hash
from medgrpo.library import Claim, ClaimRelation, Mention, Modality

TEXT = "The hepatic artery supplies the liver."


def found_mention(start: int, end: int, concept: str) -> Mention:
    return Mention(passage_id="d:0", concept_id=concept, start_char=start, end_char=end, text=TEXT[start:end])


def found_claim(subject: str, relation: ClaimRelation, other: str, **more: object) -> Claim:
    values: dict[str, object] = {"id": "1", "subject": subject, "relation": relation, "object": other, "passage_id": "d:0"}
    values |= {"quote": TEXT, "quote_start_char": 0, "quote_end_char": len(TEXT), "extractor": "test"}
    return Claim.model_validate(values | more)


def label(start: int, end: int, concept: str, optional: bool = False) -> LabelledMention:
    return LabelledMention(start_char=start, end_char=end, concept_id=concept, optional=optional)


def claim_label(subject: str, other: str, *relations: ClaimRelation, optional: bool = False) -> LabelledClaim:
    return LabelledClaim(
        subject=subject, relations=relations, object=other, modality=Modality.STATED, negated=False, optional=optional
    )


SUPPLIED, ADJACENT, DRAINS, DRAINED = (
    ClaimRelation.SUPPLIED_BY,
    ClaimRelation.ADJACENT_TO,
    ClaimRelation.DRAINS_INTO,
    ClaimRelation.DRAINED_BY,
)
SENTENCE = LabelledSentence(
    place=Place(document="chapter", start_char=100, end_char=138, sha256=place_hash(TEXT)),
    chosen=False,
    mentions=(label(4, 18, "a:hepatic_artery"), label(32, 37, "a:liver"), label(12, 18, "a:artery", optional=True)),
    claims=(claim_label("a:liver", "a:hepatic_artery", SUPPLIED), claim_label("a:liver", "a:artery", SUPPLIED, optional=True)),
)


def test_counts_of_one_sentence():
    found = FoundInSentence(
        mentions=(
            found_mention(12, 18, "a:hepatic_artery"),  # overlaps only
            found_mention(12, 18, "a:artery"),  # optional: not counted
            found_mention(19, 27, "a:supplies"),  # false
        ),
        claims=(found_claim("a:liver", SUPPLIED, "a:artery"), found_claim("a:liver", SUPPLIED, "a:hepatic_artery", negated=True)),
    )
    counts = count_sentence(SENTENCE, found)
    assert counts["mentions, exact"] == Counts(right=0, found=2, labelled=2)
    assert counts["mentions, overlapping"] == Counts(right=1, found=2, labelled=2)
    assert counts["claims, triple"] == Counts(right=1, found=1, labelled=1)
    assert counts["claims, whole"] == Counts(right=0, found=1, labelled=1)
    kinds = [(one.kind, one.start_char, one.end_char) for one in differences(SENTENCE, found, start=100)]
    assert kinds == [
        ("missed mention", 132, 137),
        ("false mention", 119, 127),
        ("missed claim", 100, 138),
        ("false claim", 100, 138),
    ]


def test_one_find_answers_one_label():
    twice = SENTENCE.model_copy(update={"mentions": (label(4, 18, "a:x"), label(10, 18, "a:x"))})
    counts = count_sentence(twice, FoundInSentence(mentions=(found_mention(4, 18, "a:x"),), claims=()))
    assert counts["mentions, overlapping"] == Counts(right=1, found=1, labelled=2)


def test_either_of_two_relations_and_adjacency_both_ways():
    either = claim_label("a:liver", "a:vein", DRAINED, DRAINS)
    assert same_triple(found_claim("a:liver", DRAINS, "a:vein"), either)
    assert not same_triple(found_claim("a:vein", DRAINS, "a:liver"), either)
    beside = claim_label("a:liver", "a:stomach", ADJACENT)
    assert same_triple(found_claim("a:stomach", ADJACENT, "a:liver"), beside)
    assert not same_claim(found_claim("a:stomach", ADJACENT, "a:liver", modality="may"), beside)


def test_measure_over_sentences():
    counts = [Counts(right=1, found=2, labelled=1), Counts(right=1, found=1, labelled=3)] * 20
    whole = measure(counts)
    assert (whole.right, whole.found, whole.labelled) == (40, 60, 80)
    assert whole.precision.value == pytest.approx(40 / 60)
    assert whole.f1.value == pytest.approx(80 / 140)
    assert whole.recall.low is not None
    assert whole.recall.high is not None
    assert 0.4 < whole.recall.low < 0.5 < whole.recall.high < 0.65


def test_nothing_found_has_no_precision():
    whole = measure([Counts(right=0, found=0, labelled=1)] * 5)
    assert (whole.precision.value, whole.recall.value) == (None, 0.0)


def test_a_place_is_found_where_its_words_have_moved_to():
    place = Place(document="chapter", start_char=0, end_char=len(TEXT), sha256=place_hash(TEXT))
    assert locate(place, TEXT) == 0
    assert locate(place, "A new preface. " + TEXT) == 15
    assert locate(place, TEXT.replace("liver", "Liver")) is None
