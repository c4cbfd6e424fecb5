"""Hand-written pieces of operations: observations in, expected statements, risk states and abstentions out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from medgrpo.knowledge import Procedure
from tests.reasoning import fragments

HERE = Path(__file__).parent


FRAGMENTS = fragments.read_fragments(HERE / "fragments")


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda fragment: fragment.id)
def test_fragment(fragment, streams: ModuleType, procedure: Procedure) -> None:
    timeline = fragments.timeline_of(fragment, streams, procedure)
    broken = [line for line in fragment.expect if not fragments.fulfilled(line, timeline, procedure)]
    words = {word for line in broken for word in line.split()}
    shown = [f"{one.span} {one.channel}: {one.level} ({one.why})" for one in timeline.risks if one.channel in words]
    assert not broken, "\n".join([fragment.says, *broken, *shown])
    assert not fragments.always(timeline, procedure)


def test_there_are_enough_and_each_names_its_source(procedure: Procedure) -> None:
    assert len(FRAGMENTS) >= 60
    assert max(Counter(fragment.id for fragment in FRAGMENTS).values()) == 1
    for fragment in FRAGMENTS:
        assert fragment.source, fragment.id
        assert all(fragments.known_source(source, procedure) for source in fragment.source), (fragment.id, fragment.source)
        assert fragment.says, fragment.id
        assert fragment.expect, fragment.id


@pytest.mark.parametrize("rule", fragments.RULE_IDS)
def test_each_rule_is_covered_in_both_directions(rule: str) -> None:
    lines = [line for fragment in FRAGMENTS if rule in fragment.source for line in fragment.expect]
    assert any(line.startswith("no alert") for line in lines)
    never_fires = rule == "R3"  # it needs a segmentation that this version does not have
    assert any(line.startswith("alert ") for line in lines) != never_fires
    assert any(line.startswith("not assessed") for fragment in FRAGMENTS for line in fragment.expect)


def test_an_expectation_that_does_not_hold_is_noticed(streams: ModuleType, procedure: Procedure) -> None:
    fragment = next(one for one in FRAGMENTS if one.id == "duct_cut_without_clip")
    timeline = fragments.timeline_of(fragment, streams, procedure)
    for line in ("no alert division_before_clip", "alert division_before_clip 10..20", "monitoring division_before_clip 0..175"):
        assert not fragments.fulfilled(line, timeline, procedure)
    with pytest.raises(AssertionError, match="cannot be read"):
        fragments.fulfilled("alarm division_before_clip", timeline, procedure)
