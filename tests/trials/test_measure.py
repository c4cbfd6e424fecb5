"""Figures of hand-made operations, each worked out beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from medgrpo.core import Span
from medgrpo.stream import Priority
from medgrpo.trials import Demand, Outcome, Said, alert_figures, detection_seconds, judged, missed_share, sensitivity_at


def said(channel: str, start: float, end: float, confidence: float | None = 0.9, priority: Priority = Priority.MEDIUM) -> Said:
    return Said(channel, priority, Span(start, end), confidence)


def operation(
    events: Mapping[str, tuple[Span, ...]],
    *alerts: Said,
    hours: float = 1.0,
    excused: Mapping[str, tuple[Span, ...]] | None = None,
    unsaid: Mapping[tuple[str, str], int] | None = None,
    deviation: str = "bleeding",
) -> Outcome:
    return Outcome(
        case="made",
        deviation=deviation,
        hours=hours,
        events=events,
        excused=excused or {},
        said=alerts,
        escalated=0,
        unsaid=unsaid or {},
        state_changes={"bleeding": 6},
        unassessed_seconds={"bleeding": 360.0},
    )


EVENTS = {"bleeding": (Span(100, 140), Span(1000, 1040))}


def test_an_alert_tells_of_an_event_around_it_only() -> None:
    # 6 s after the start of the first; the second is told 15 s after its end, which is within 20 s
    assert detection_seconds(operation(EVENTS, said("bleeding", 106, 130), said("bleeding", 1055, 1060)), "bleeding") == [6.0, 55.0]
    # just before counts as at once; long before, or later than 20 s after the end, tells nothing
    assert detection_seconds(operation(EVENTS, said("bleeding", 92, 130), said("bleeding", 1061, 1070)), "bleeding") == [0.0, None]
    # an alert that has stood since before tells of nothing new, however long it stands
    assert detection_seconds(operation(EVENTS, said("bleeding", 10, 3600)), "bleeding") == [None, None]
    # another channel's alert is no alert of this one
    assert missed_share(operation(EVENTS, said("view", 106, 130)), "bleeding") == 1.0
    assert missed_share(operation({"bleeding": ()}), "bleeding") is None


def test_figures_of_one_channel() -> None:
    one = operation(
        EVENTS,
        said("bleeding", 106, 136),
        said("bleeding", 136, 166),
        said("bleeding", 2000, 2060),
        unsaid={("bleeding", "budget"): 2},
    )
    row = alert_figures([one])["channels"]["bleeding"]
    assert (row["events"], row["told"], row["said"]) == (2, 1, 3)
    assert row["sensitivity"][0] == 0.5
    assert row["predictive_value"][0] == pytest.approx(2 / 3)  # the alert at 136 s lies in the first event too
    assert row["repeats"] == pytest.approx(1 / 3)  # and is a repeat of the one 30 s before
    assert row["time_in_alarm"] == pytest.approx((60 + 60) / 3600)
    assert row["flicker_per_hour"] == 6
    assert row["unsaid_per_hour"] == {"budget": 2}
    assert row["not_assessed"] == pytest.approx(0.1)
    assert row["detection_seconds"] == {"p10": 6, "p50": 6, "p90": 6}


def test_alerts_that_overlap_are_one_time_in_alarm_and_the_view_stands_alone() -> None:
    events = {"bleeding": (), "energy_without_view": (), "view": (Span(0, 60),)}
    one = operation(events, said("bleeding", 0, 60), said("energy_without_view", 30, 90), said("view", 1, 1801))
    figures = alert_figures([one])
    assert figures["all"]["time_in_alarm"] == pytest.approx(90 / 3600)
    assert figures["all"]["said"] == 2
    assert figures["all"]["sensitivity"] == [None, None, None]
    assert figures["channels"]["view"]["sensitivity"][0] == 1.0


def test_an_alert_about_an_event_too_short_to_be_asked_for_is_right() -> None:
    one = operation({"view": ()}, said("view", 11, 14), excused={"view": (Span(10, 14),)})
    row = alert_figures([one])["channels"]["view"]
    assert (row["events"], row["predictive_value"][0]) == (0, 1.0)


def test_a_technical_alarm_without_a_known_truth_has_no_predictive_value() -> None:
    row = alert_figures([operation({"bleeding": ()}, said("out_of_domain", 5, 9))])["channels"]["out_of_domain"]
    assert row["predictive_value"] is None
    assert row["said_per_hour"][0] == 1.0


def test_sensitivity_at_a_rate_keeps_the_surest() -> None:
    # an hour: surest 0.9 tells the first event, then two false ones of 0.8, then 0.7 tells the second
    one = operation(
        EVENTS,
        said("bleeding", 106, 110, 0.9),
        said("bleeding", 500, 510, 0.8),
        said("bleeding", 700, 710, 0.8),
        said("bleeding", 1003, 1010, 0.7),
    )
    assert sensitivity_at([one], ["bleeding"], 1) == 0.5
    assert sensitivity_at([one], ["bleeding"], 2) == 0.5
    assert sensitivity_at([one], ["bleeding"], 3.5) == 0.75  # half way from 0.5 at 3 an hour to 1 at 4
    assert sensitivity_at([one], ["bleeding"], 4) == 1.0
    assert sensitivity_at([one], ["bleeding"], 99) == 1.0
    assert sensitivity_at([one], ["bleeding"], 0.5) == 0.25
    assert sensitivity_at([operation({})], ["bleeding"], 1) is None


def test_the_chosen_threshold_is_the_last_that_keeps_the_promise() -> None:
    found = operation({"bleeding": (Span(100, 140),)}, said("bleeding", 106, 110))
    loud = operation({"bleeding": (Span(100, 140),)}, said("bleeding", 106, 110), said("bleeding", 900, 910))
    missed = operation({"bleeding": (Span(100, 140),)})
    curve = [[loud] * 30, [found] * 30, [missed] * 15 + [found] * 15]
    level = judged(Demand(channel="bleeding", miss=0.1, confidence=0.9), (0.02, 0.08, 0.3), curve)
    assert level["chosen"]["threshold"] == 0.08
    assert level["chosen"]["alerts_per_hour"] == 1.0
    assert [row["alerts_per_hour"] for row in level["curve"]] == [2.0, 1.0, 0.5]
    assert level["curve"][0]["predictive_value"] == 0.5
    # 30 without a miss: 1 - 0.1 ** (1 / 30)
    assert level["best_bound"] == pytest.approx(1 - 0.1 ** (1 / 30), abs=1e-6)
    assert judged(Demand(channel="bleeding", miss=0.05, confidence=0.9), (0.02, 0.08, 0.3), curve)["chosen"] is None
