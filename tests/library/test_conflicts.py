"""Which claims contradict each other."""

from __future__ import annotations

import pytest

from medgrpo.library import Claim, find_conflicts


def claim(number: int, said: str, **more) -> Claim:
    subject, relation, object_ = said.split()
    return Claim(
        id=f"{number:016d}",
        subject=f"anatomy:{subject}",
        relation=relation,
        object=f"anatomy:{object_}",
        passage_id="a:0-1",
        quote="x",
        quote_start_char=0,
        quote_end_char=1,
        extractor="test",
        **more,
    )


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (("a supplied_by b", {}), ("a supplied_by b", {}), None),
        (("a supplied_by b", {}), ("a supplied_by b", {"negated": True}), "affirms"),
        (("a adjacent_to b", {}), ("b adjacent_to a", {"negated": True}), "affirms"),
        (("a acts_on b", {"modality": "should"}), ("a acts_on b", {"modality": "must not"}), "says should, the other must not"),
        (("a acts_on b", {"modality": "should"}), ("a acts_on b", {"modality": "must"}), None),
        (("a precedes b", {}), ("b precedes a", {}), "the other way round"),
        (("a supplied_by b", {}), ("b supplied_by a", {}), None),
        (("a requires b", {}), ("b contraindicates a", {}), "says requires, the other contraindicates"),
        (("a causes b", {}), ("a prevents b", {}), "says causes"),
        (("a causes b", {}), ("a prevents b", {"negated": True}), None),
    ],
)
def test_contradictions(first, second, why):
    found = find_conflicts([claim(1, first[0], **first[1]), claim(2, second[0], **second[1])])
    assert len(found) == (why is not None)
    assert all(why in conflict.why for conflict in found)


def test_conditions_are_compared_not_resolved():
    (conflict,) = find_conflicts(
        [claim(1, "a acts_on b", modality="must"), claim(2, "a acts_on b", modality="must not", condition="if x")]
    )
    assert not conflict.same_condition


def test_a_rejected_claim_is_in_no_conflict():
    from datetime import UTC, datetime

    rejected = claim(2, "a causes b", negated=True, status="rejected", author="me", time=datetime(2026, 1, 1, tzinfo=UTC))
    assert find_conflicts([claim(1, "a causes b"), rejected]) == ()


def test_one_statement_made_many_times_is_one_conflict():
    many = [claim(number, "a causes b", negated=number % 2 == 0) for number in range(1000)]
    assert len(find_conflicts(many)) == 1
