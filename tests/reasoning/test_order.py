"""Unusual order is told with its evidence; the usual one, a short doubt and what may have passed unseen are not."""

from __future__ import annotations

from types import ModuleType

import pytest

from medgrpo.core import Span
from medgrpo.knowledge import Procedure
from medgrpo.perception import ViewState
from medgrpo.reasoning import Evidence, PhaseSegment, Reasoner, Timeline, UnusualOrder
from medgrpo.reasoning.config import OrderConfig
from medgrpo.reasoning.order import phase_orders

PREPARATION, CALOT, CLIPPING, DISSECTION = (
    "preparation", "carlot-triangle-dissection", "clipping-and-cutting", "gallbladder-dissection",
)  # fmt: skip
EVIDENCE = Evidence((1.0,), 1.0, "scripted", 0.5)


def orders(procedure: Procedure, *phases: tuple[str | None, float]) -> list[tuple[str, str]]:
    segments, at = [], 0.0
    for phase, seconds in phases:
        segments.append(PhaseSegment(Span(at, at + seconds), phase, 0.8, EVIDENCE, None if phase else "black picture"))
        at += seconds
    return [(one.before, one.after) for one in phase_orders(procedure, segments, OrderConfig())]


def test_the_usual_order_is_not_told(procedure: Procedure):
    assert not orders(procedure, (PREPARATION, 60), (CALOT, 300), (CLIPPING, 90), (DISSECTION, 300))
    assert not orders(procedure, (CLIPPING, 90), (DISSECTION, 300))  # a video that begins late


@pytest.mark.parametrize(
    ("phases", "told"),
    [
        (((PREPARATION, 60), (CLIPPING, 90)), [(PREPARATION, CLIPPING)]),
        (((DISSECTION, 60), (CALOT, 90)), [(DISSECTION, CALOT)]),
        (((CLIPPING, 60), (CALOT, 90)), [(CLIPPING, CALOT)]),  # named, but in less than one case of ten
        (((PREPARATION, 60), (CLIPPING, 9)), []),  # too short to be relied on
        (((PREPARATION, 60), (CALOT, 6), (CLIPPING, 90)), []),  # short, but it was there
        (((PREPARATION, 60), (DISSECTION, 6), (CLIPPING, 90)), [(PREPARATION, CLIPPING)]),
        (((CALOT, 60), (CLIPPING, 5), (CALOT, 60)), []),  # a flicker
        (((PREPARATION, 60), (None, 30), (CLIPPING, 90)), []),  # Calot's dissection may have passed unseen
        (((PREPARATION, 60), (None, 3), (CLIPPING, 90)), [(PREPARATION, CLIPPING)]),
        (((DISSECTION, 60), (None, 30), (PREPARATION, 90)), [(DISSECTION, PREPARATION)]),  # no way leads there
    ],
)
def test_what_is_unusual_is_told(procedure: Procedure, phases: tuple, told: list):
    assert orders(procedure, *phases) == told


def swapped(streams: ModuleType, procedure: Procedure) -> tuple[Timeline, Timeline, list]:
    """Clipping straight after preparation, dissection of the triangle after it."""
    lengths = ((PREPARATION, 60), (CLIPPING, 70), (CALOT, 120), (DISSECTION, 150))
    parts, at = [], 0.0
    for phase, seconds in lengths:
        parts.append(streams.Part(at, at + seconds, phase=phase))
        at += seconds
    reasoner, early = Reasoner(procedure), []
    for look in streams.Script(tuple(parts), at, noise=0.4, seed=2).observations():
        early += [(look.seconds, record) for record in reasoner.step(look) if isinstance(record, UnusualOrder)]
    timeline = reasoner.finish(at)
    return timeline, reasoner.revised(timeline), early


def test_an_odd_operation_is_followed_and_reported(streams: ModuleType, procedure: Procedure):
    timeline, revised, early = swapped(streams, procedure)
    expected = [(PREPARATION, CLIPPING), (CLIPPING, CALOT), (CALOT, DISSECTION)]
    for each in (timeline, revised):
        assert [part.phase for part in each.phases] == [PREPARATION, CLIPPING, CALOT, DISSECTION]  # not forced into the model
        assert [(one.before, one.after) for one in each.unusual_orders] == expected
        first = each.unusual_orders[0]
        assert first.share == 0.0
        assert first.expected == (CALOT,)
        assert "expected next was Dissection of the hepatocystic (Calot's) triangle" in first.why
        assert first.evidence.seconds
        assert "nwoye-2022" in first.citations
    assert [record for _, record in early] == list(timeline.unusual_orders)
    for (seconds, _), began in zip(early, (60, 130, 250), strict=True):
        assert 10 <= seconds - began <= 25  # once the phase has lasted ten seconds, and is sure


def test_a_phase_after_a_dark_stretch_is_no_unusual_order(streams: ModuleType, procedure: Procedure):
    parts = [
        streams.Part(0, 60, phase=PREPARATION),
        streams.Part(60, 120, phase=CLIPPING),
        streams.Part(50, 80, state=ViewState.BLACK, not_assessed="black picture"),
    ]
    reasoner = Reasoner(procedure)
    for look in streams.Script(tuple(parts), 120).observations():
        reasoner.step(look)
    assert not reasoner.finish().unusual_orders
