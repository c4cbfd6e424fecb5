"""Each rule by its own stream: raised, not raised, not assessed, cleared."""

from __future__ import annotations

from types import ModuleType

import pytest

from medgrpo.knowledge import Procedure
from medgrpo.perception import ViewState
from medgrpo.reasoning import RULES, ReasonerConfig, RiskConfig, RiskLevel, RiskState, Timeline, reason

CLIP, CUT = "clipper,clip,cystic_duct", "scissors,cut,cystic_duct"


def run(
    streams: ModuleType, procedure: Procedure, parts: list, config: ReasonerConfig | None = None, **settings: object
) -> Timeline:
    return reason(streams.Script(tuple(parts), streams.end_of(parts), **settings).observations(), procedure, config)


def states(timeline: Timeline, channel: str) -> list[RiskState]:
    return [risk for risk in timeline.risks if risk.channel == channel]


def levels(timeline: Timeline, channel: str) -> list[RiskLevel]:
    return [risk.level for risk in states(timeline, channel)]


def test_channels_are_hazards_of_the_procedure(procedure: Procedure) -> None:
    assert len(RULES) == 9
    assert {rule.hazard for rule in RULES} <= {hazard.id for hazard in procedure.hazards}


@pytest.mark.parametrize("channel", ["clip_before_dissection", "division_before_clip", "bleeding", "view"])
def test_an_uneventful_operation_raises_nothing(streams: ModuleType, procedure: Procedure, channel: str) -> None:
    timeline = run(streams, procedure, streams.operation(), noise=0.4)
    assert set(levels(timeline, channel)) == {RiskLevel.MONITORING}


def test_the_order_of_phases_is_assessed_from_the_first_phase_on(streams: ModuleType, procedure: Procedure) -> None:
    found = states(run(streams, procedure, streams.operation(), noise=0.4), "phase_order")
    assert [state.level for state in found] == [RiskLevel.NOT_ASSESSED, RiskLevel.MONITORING]
    assert 0 < found[1].span.start_seconds < 20


@pytest.mark.parametrize("channel", ["critical_view", "dangerous_zone"])
def test_what_no_model_grades_is_always_not_assessed(streams: ModuleType, procedure: Procedure, channel: str) -> None:
    assert levels(run(streams, procedure, streams.operation()), channel) == [RiskLevel.NOT_ASSESSED]


def test_division_before_clip_alerts_high_and_ends_with_the_clip(streams: ModuleType, procedure: Procedure) -> None:
    timeline = run(streams, procedure, streams.operation(((CUT, 6.0), (CLIP, 25.0))))
    assert levels(timeline, "division_before_clip") == [RiskLevel.MONITORING, RiskLevel.ALERT, RiskLevel.MONITORING]
    alert = states(timeline, "division_before_clip")[1]
    assert alert.priority == "high"
    assert 121 <= alert.span.start_seconds <= 132
    assert alert.evidence is not None
    assert "clip was seen after" in states(timeline, "division_before_clip")[2].why
    assert sum(finding.rule == "division_before_clip" for finding in timeline.findings) == 1


def test_division_is_not_assessed_when_the_video_begins_late(streams: ModuleType, procedure: Procedure) -> None:
    timeline = run(streams, procedure, streams.operation(((CUT, 20.0),), first=2))
    assert RiskLevel.ALERT not in levels(timeline, "division_before_clip")
    assert "begins with" in states(timeline, "division_before_clip")[-1].why


def test_division_is_not_assessed_when_too_much_was_unseen(streams: ModuleType, procedure: Procedure) -> None:
    parts = [
        *streams.operation(((CUT, 20.0),)),
        streams.Part(40, 110, not_assessed="camera outside the body", state=ViewState.OUTSIDE),
    ]
    timeline = run(streams, procedure, parts)
    assert RiskLevel.ALERT not in levels(timeline, "division_before_clip")
    assert any("too much" in state.why for state in states(timeline, "division_before_clip"))


def test_an_early_clip_alerts(streams: ModuleType, procedure: Procedure) -> None:
    timeline = run(streams, procedure, streams.operation(calot_seconds=8.0))
    alert = [state for state in states(timeline, "clip_before_dissection") if state.level is RiskLevel.ALERT]
    assert len(alert) == 1
    assert alert[0].priority == "high"
    assert "not graded" in alert[0].why


def test_the_minimum_is_configuration(streams: ModuleType, procedure: Procedure) -> None:
    strict = ReasonerConfig(risk=RiskConfig(minimum_dissection_seconds=300.0))
    assert RiskLevel.ALERT in levels(run(streams, procedure, streams.operation(), strict), "clip_before_dissection")


def test_an_early_clip_is_not_assessed_when_dissection_may_have_come_before(streams: ModuleType, procedure: Procedure) -> None:
    parts = streams.operation(first=1, calot_seconds=10.0)
    timeline = run(streams, procedure, parts)
    assert RiskLevel.ALERT not in levels(timeline, "clip_before_dissection")
    assert RiskLevel.NOT_ASSESSED in levels(timeline, "clip_before_dissection")


def test_one_or_two_raw_looks_never_alert(streams: ModuleType, procedure: Procedure) -> None:
    timeline = run(streams, procedure, streams.operation(((CUT, 6.0),), act_seconds=0.34))
    assert not [risk for risk in timeline.risks if risk.level is RiskLevel.ALERT]


def test_bleeding_rises_and_clears(streams: ModuleType, procedure: Procedure) -> None:
    timeline = run(streams, procedure, [*streams.operation(), streams.Part(200, 220, blood=0.25)])
    expected = [RiskLevel.MONITORING, RiskLevel.ALERT, RiskLevel.CLEAR, RiskLevel.MONITORING]
    assert levels(timeline, "bleeding") == expected
    assert "image measure" in states(timeline, "bleeding")[1].why
    event = next(event for event in timeline.events if event.kind == "bleeding seen")
    assert event.span.start_seconds == pytest.approx(200, abs=2)
    assert event.span.end_seconds == pytest.approx(220, abs=6)


def test_repeated_coagulation_of_a_vessel_alerts(streams: ModuleType, procedure: Procedure) -> None:
    acts = [streams.Part(190 + 8 * place, 193 + 8 * place, action="bipolar,coagulate,blood_vessel") for place in range(5)]
    assert RiskLevel.ALERT in levels(run(streams, procedure, [*streams.operation(), *acts]), "bleeding")


def test_energy_with_its_tip_lost_from_sight(streams: ModuleType, procedure: Procedure) -> None:
    parts = [streams.Part(0, 60, phase="gallbladder-dissection"), streams.Part(0, 30, action="hook,dissect,gallbladder")]
    seen = run(streams, procedure, [*parts, streams.Part(30, 60, action="hook,dissect,gallbladder")])
    lost = run(streams, procedure, [*parts, streams.Part(30, 60, action="hook,dissect,gallbladder", tips=False)])
    assert RiskLevel.ALERT not in levels(seen, "energy_without_view")
    assert RiskLevel.ALERT in levels(lost, "energy_without_view")


def test_energy_is_not_assessed_when_no_tip_was_ever_found(streams: ModuleType, procedure: Procedure) -> None:
    parts = [
        streams.Part(0, 60, phase="gallbladder-dissection"),
        streams.Part(0, 60, action="hook,dissect,gallbladder", tips=False),
    ]
    assert levels(run(streams, procedure, parts), "energy_without_view")[-1] is RiskLevel.NOT_ASSESSED


def test_energy_at_work_until_the_view_was_gone(streams: ModuleType, procedure: Procedure) -> None:
    parts = [
        streams.Part(0, 60, phase="gallbladder-dissection"),
        streams.Part(10, 30, action="hook,dissect,gallbladder"),
        streams.Part(30, 45, state=ViewState.OUTSIDE, not_assessed="camera outside the body"),
    ]
    timeline = run(streams, procedure, parts)
    assert RiskLevel.ALERT in levels(timeline, "energy_without_view")
    assert RiskLevel.ALERT in levels(timeline, "view")
    assert RiskLevel.NOT_ASSESSED in levels(timeline, "bleeding")


def test_a_long_dissection_is_information(streams: ModuleType, procedure: Procedure) -> None:
    config = ReasonerConfig(risk=RiskConfig(prolonged_factor=0.02))  # 48 s instead of 40 minutes
    timeline = run(streams, procedure, streams.operation(), config)
    alert = next(state for state in states(timeline, "prolonged_dissection") if state.level is RiskLevel.ALERT)
    assert alert.priority == "information"
    assert RiskLevel.CLEAR in levels(timeline, "prolonged_dissection")


def test_a_return_to_an_earlier_phase_is_noted(streams: ModuleType, procedure: Procedure) -> None:
    back = streams.Part(200, 230, phase="clipping-and-cutting")
    timeline = run(streams, procedure, [*streams.operation(), back])
    alert = next(state for state in states(timeline, "phase_order") if state.level is RiskLevel.ALERT)
    assert "return from" in alert.why
    usual = run(streams, procedure, streams.operation())
    assert RiskLevel.ALERT not in levels(usual, "phase_order")


def test_a_view_that_is_lost_in_several_ways_is_one_alert_with_its_pictures_inside(
    streams: ModuleType, procedure: Procedure
) -> None:
    part, state = streams.Part, streams.ViewState
    parts = (
        part(0, 60, phase="preparation", action="grasper,retract,gallbladder"),
        part(20, 26, state=state.BLACK, not_assessed="the picture is black"),
        part(26, 32, state=state.BLURRED),
        part(32, 34, state=state.INSIDE),
        part(34, 40, state=state.OUTSIDE, not_assessed="outside the body"),
    )
    timeline = run(streams, procedure, parts)
    alerts = [one for one in timeline.risks if one.channel == "view" and one.level is RiskLevel.ALERT]
    assert len(alerts) == 1
    (one,) = alerts
    assert one.span.start_seconds == pytest.approx(20.0), "since it was lost, not since that was sure"
    assert one.why.split("; then ") == [
        "the picture is black or outside the body (an image measure)",
        "the picture is blurred or obscured (an image measure)",
    ]
    assert one.evidence is not None
    assert all(one.span.start_seconds <= second <= one.span.end_seconds for second in one.evidence.seconds)
    spans = [state.span for state in timeline.risks if state.channel == "view"]
    assert [span.end_seconds for span in spans[:-1]] == [span.start_seconds for span in spans[1:]], "no gap and no overlap"
