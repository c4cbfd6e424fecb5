"""What is said, what is deliberately not said, and why: each policy in both directions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medgrpo.core import InputError
from medgrpo.stream import (
    AlertManager,
    Budget,
    ChannelPolicy,
    ChannelReport,
    ChannelState,
    Decision,
    Harm,
    Kind,
    Onset,
    Presence,
    Priority,
    Site,
    Withheld,
    load_site,
    priority_of,
)


def report(channel: str, *, alert: bool = True, priority: Priority = Priority.MEDIUM, **more: object) -> ChannelReport:
    state = ChannelState.ALERT if alert else ChannelState.MONITORING
    return ChannelReport(channel, channel, state, 0.0, "because", Kind.OTHER, priority, **more)  # type: ignore[arg-type]


def site(**values: object) -> Site:
    quick = {"a": ChannelPolicy(on_after_seconds=0), "b": ChannelPolicy(on_after_seconds=0), "c": ChannelPolicy(on_after_seconds=0)}
    return Site(**{"channels": quick, **values})  # type: ignore[arg-type]


def decisions(manager: AlertManager, seconds: float, *reports: ChannelReport, phase: str | None = None) -> list[str]:
    return [change.decision.value for change in manager.update(seconds, phase, reports)]


@pytest.mark.parametrize(
    ("harm", "onset", "priority"),
    [
        (Harm.DEATH, Onset.PROMPT, Priority.HIGH),
        (Harm.DEATH, Onset.DELAYED, Priority.MEDIUM),
        (Harm.REVERSIBLE, Onset.IMMEDIATE, Priority.HIGH),
        (Harm.REVERSIBLE, Onset.PROMPT, Priority.MEDIUM),
        (Harm.MINOR, Onset.IMMEDIATE, Priority.MEDIUM),
        (Harm.MINOR, Onset.DELAYED, Priority.LOW),
    ],
)
def test_priorities_follow_from_harm_and_onset(harm: Harm, onset: Onset, priority: Priority) -> None:
    assert priority_of(harm, onset) is priority


def test_a_condition_is_said_once_and_ends() -> None:
    manager = AlertManager(site())
    assert decisions(manager, 1, report("a")) == ["said"]
    assert decisions(manager, 2, report("a")) == []
    assert [alert.id for alert in manager.alerts] == ["A0001"]
    assert decisions(manager, 3, report("a", alert=False)) == ["ended"]
    assert manager.alerts == ()


def test_a_flicker_is_not_said() -> None:
    manager = AlertManager(Site(channels={"a": ChannelPolicy(on_after_seconds=1)}))
    for second in range(20):
        assert decisions(manager, second * 0.5, report("a", alert=second % 2 == 0)) == []
    assert decisions(manager, 20, report("a")) == []
    assert decisions(manager, 21, report("a")) == ["said"]


def test_it_is_not_said_again_within_the_refractory_time() -> None:
    manager = AlertManager(site(channels={"a": ChannelPolicy(on_after_seconds=0, refractory_seconds=60)}))
    decisions(manager, 0, report("a"))
    decisions(manager, 5, report("a", alert=False))
    (change,) = manager.update(10, None, [report("a")])
    assert change.decision is Decision.UNSAID
    assert "refractory" in change.why
    assert decisions(manager, 11, report("a")) == [], "the same reason is recorded once"
    assert decisions(manager, 61, report("a")) == ["said"], "it still stands when the time is over"


def test_one_cause_is_said_once() -> None:
    manager = AlertManager(
        site(channels={"a": ChannelPolicy(on_after_seconds=0), "b": ChannelPolicy(on_after_seconds=0, grouped_under=("a",))})
    )
    changes = manager.update(0, None, [report("a"), report("b")])
    assert [(change.channel, change.decision) for change in changes] == [("a", Decision.SAID), ("b", Decision.UNSAID)]
    assert "grouped under a" in changes[1].why


def test_a_gate_opens_with_its_phase() -> None:
    manager = AlertManager(site(channels={"a": ChannelPolicy(on_after_seconds=0, phases=("clipping-and-cutting",))}))
    assert decisions(manager, 0, report("a"), phase="preparation") == ["deliberately not said"]
    assert decisions(manager, 1, report("a"), phase="clipping-and-cutting") == ["said"]


def test_the_budget_holds_back_medium_alerts_but_never_high_ones() -> None:
    manager = AlertManager(site(budget=Budget(medium_per_hour=1, high_per_hour=1)))
    assert decisions(manager, 0, report("a")) == ["said"]
    (held,) = manager.update(1, None, [report("a"), report("b")])
    assert (held.decision, held.channel) == (Decision.UNSAID, "b")
    assert "budget" in held.why
    assert held.withheld is Withheld.BUDGET
    high = [report("c", priority=Priority.HIGH)]
    (first,) = manager.update(2, None, high)
    assert first.alert is not None
    assert not first.alert.over_budget
    manager.update(3, None, [report("c", alert=False)])
    (second,) = manager.update(200, None, high)
    assert second.decision is Decision.SAID
    assert second.alert is not None
    assert second.alert.over_budget
    assert "over the budget" in second.why
    assert "b" in [change.channel for change in manager.update(3700, None, [report("b")])], "an hour later there is room again"


def test_nobody_answers_and_it_goes_up_one_step() -> None:
    manager = AlertManager(site(escalate_after_seconds=30))
    decisions(manager, 0, report("a"))
    assert decisions(manager, 29, report("a")) == []
    (change,) = manager.update(30, None, [report("a")])
    assert (change.decision, change.priority) == (Decision.ESCALATED, Priority.HIGH)
    assert decisions(manager, 100, report("a")) == [], "once"


def test_an_acknowledged_alert_is_silent_and_does_not_go_up() -> None:
    manager = AlertManager(site(role="partner", escalate_after_seconds=30))
    (said,) = manager.update(0, None, [report("a")])
    assert said.alert is not None
    assert said.alert.audible
    answer = manager.acknowledge("A0001", "nurse B")
    assert (answer.by, answer.decision) == ("nurse B", Decision.ACKNOWLEDGED)
    assert manager.alerts[0].presence is Presence.ACK
    assert not manager.alerts[0].audible
    assert decisions(manager, 60, report("a")) == []


def test_a_watcher_shows_and_does_not_sound() -> None:
    manager = AlertManager(site(role="watcher"))
    (said,) = manager.update(0, None, [report("a", priority=Priority.HIGH)])
    assert said.alert is not None
    assert not said.alert.audible


def test_an_act_that_is_over_stays_until_somebody_answers() -> None:
    manager = AlertManager(site())
    act = report("a", single_act=True)
    manager.update(0, None, [act])
    assert decisions(manager, 1, report("a", alert=False)) == ["ended, stays until acknowledged"]
    assert manager.alerts[0].presence is Presence.LATCH
    manager.acknowledge("A0001", "surgeon A")
    assert manager.alerts == ()


def unassessed(channel: str) -> ChannelReport:
    return replace(report(channel), state=ChannelState.NOT_ASSESSED, why="the picture is black")


def test_an_alert_does_not_end_because_nothing_can_be_seen_any_more() -> None:
    manager = AlertManager(site(role="partner"))
    manager.update(0, None, [report("a", priority=Priority.HIGH)])
    (latched,) = manager.update(5, None, [unassessed("a")])
    assert (latched.decision, latched.why) == (Decision.LATCHED, "the picture is black")
    assert [(one.id, one.presence, one.audible) for one in manager.alerts] == [("A0001", Presence.LATCH, False)]
    assert decisions(manager, 6, unassessed("a")) == []
    (again,) = manager.update(9, None, [report("a", priority=Priority.HIGH)])
    assert again.decision is Decision.AGAIN
    assert [(one.id, one.presence, one.audible) for one in manager.alerts] == [("A0001", Presence.ON, True)]
    assert decisions(manager, 10, report("a", alert=False)) == ["ended"], "it was seen to be over"
    assert manager.alerts == ()


def test_what_was_out_of_sight_and_then_seen_to_be_over_waits_for_an_answer_and_is_not_the_next_one() -> None:
    manager = AlertManager(site())
    manager.update(0, None, [report("a")])
    manager.update(5, None, [unassessed("a")])
    assert decisions(manager, 6, report("a", alert=False)) == []
    assert [one.id for one in manager.alerts] == ["A0001"]
    manager.update(900, None, [report("a")])
    assert sorted(one.id for one in manager.alerts) == ["A0001", "A0002"]
    manager.acknowledge("A0001", "surgeon A")
    assert [one.id for one in manager.alerts] == ["A0002"]


def test_an_alert_out_of_sight_that_was_answered_is_over_and_the_next_is_another() -> None:
    manager = AlertManager(site())
    manager.update(0, None, [report("a")])
    manager.update(5, None, [unassessed("a")])
    manager.acknowledge("A0001", "surgeon A")
    assert manager.alerts == ()
    manager.update(900, None, [report("a")])
    assert [one.id for one in manager.alerts] == ["A0002"]


def test_one_that_was_acknowledged_before_ends_with_its_sight() -> None:
    manager = AlertManager(site())
    manager.update(0, None, [report("a")])
    manager.acknowledge("A0001", "surgeon A")
    assert decisions(manager, 5, unassessed("a")) == ["ended"]


def test_a_dismissal_needs_a_reason_and_a_name() -> None:
    manager = AlertManager(site())
    manager.update(0, None, [report("a")])
    for by, why in (("", "wrong"), ("surgeon A", " ")):
        with pytest.raises(InputError):
            manager.dismiss("A0001", by, why)
    with pytest.raises(InputError, match="no such alert"):
        manager.acknowledge("A0009", "surgeon A")
    assert manager.dismiss("A0001", "surgeon A", "irrigation fluid").why == "irrigation fluid"
    assert manager.alerts == ()
    assert decisions(manager, 1, report("a")) == [], "a dismissed alert is not said again while its condition stands"


def test_the_most_urgent_comes_first() -> None:
    manager = AlertManager(site())
    manager.update(0, None, [report("a", priority=Priority.LOW), report("b", priority=Priority.HIGH), report("c")])
    assert [alert.report.channel for alert in manager.alerts] == ["b", "c", "a"]


def test_time_does_not_go_back() -> None:
    manager = AlertManager(site())
    manager.update(5, None, [])
    with pytest.raises(InputError, match="order of time"):
        manager.update(4, None, [])


BACK = ChannelPolicy(on_after_seconds=1, same_within_seconds=10, refractory_seconds=120)


def lost_view(manager: AlertManager, *moments: tuple[float, bool]) -> list[tuple[str, str]]:
    changes = [change for seconds, stands in moments for change in manager.update(seconds, None, [report("a", alert=stands)])]
    return [(change.decision.value, change.alert.id if change.alert else "-") for change in changes]


def test_a_condition_that_comes_back_soon_goes_on_with_its_alert() -> None:
    manager = AlertManager(site(channels={"a": BACK}))
    moments = [(0, True), (2, True), (200, True), (205, False), (212, True), (213, True), (214, False), (300, False)]
    assert lost_view(manager, *moments) == [
        ("said", "A0001"),
        ("escalated", "A0001"),
        ("ended", "A0001"),
        ("stands again", "A0001"),
        ("ended", "A0001"),
    ]
    assert manager.alerts == ()
    late = lost_view(manager, (400, True), (401, True))
    assert late == [("said", "A0002")], "one that comes back late is another"


def test_an_interrupted_condition_stays_as_it_was_answered() -> None:
    manager = AlertManager(site(channels={"a": BACK}))
    lost_view(manager, (0, True), (2, True))
    manager.acknowledge("A0001", "nurse B")
    assert lost_view(manager, (5, False), (8, True), (9, True)) == [("ended", "A0001"), ("stands again", "A0001")]
    assert [alert.presence for alert in manager.alerts] == [Presence.ACK]
    manager.dismiss("A0001", "nurse B", "lens is being wiped")
    assert [said for said, _ in lost_view(manager, (12, False), (15, True), (17, True), (40, True))] == ["ended"]
    assert manager.alerts == (), "a dismissed alert does not come back with it"


def test_what_hides_a_condition_from_assessment_does_not_end_its_alert_nor_make_another() -> None:
    channels = {
        "a": ChannelPolicy(on_after_seconds=0, carries=("b",), same_within_seconds=10),
        "b": ChannelPolicy(on_after_seconds=2),
    }
    manager = AlertManager(site(channels=channels))
    unassessed = replace(report("a"), state=ChannelState.NOT_ASSESSED)
    assert decisions(manager, 0, report("a"), report("b", alert=False)) == ["said"]
    assert decisions(manager, 1, report("a"), report("b")) == []
    assert decisions(manager, 3, unassessed, report("b")) == ["deliberately not said"], "b is grouped under the alert of a"
    assert [alert.id for alert in manager.alerts] == ["A0001"]
    assert decisions(manager, 70, unassessed, report("b")) == ["escalated"], "nobody has acknowledged it"
    assert decisions(manager, 80, unassessed, report("b", alert=False)) == ["ended"]
    assert decisions(manager, 90, unassessed, report("b")) == []
    assert decisions(manager, 92, unassessed, report("b")) == ["said"], "alone it is said"


def test_without_an_alert_both_stand_for_themselves() -> None:
    """Neither may wait for the other."""
    channels = {
        "a": ChannelPolicy(on_after_seconds=3, carries=("b",), grouped_under=("b",)),
        "b": ChannelPolicy(on_after_seconds=10),
    }
    manager = AlertManager(site(channels=channels))
    said = [decision for second in range(12) for decision in decisions(manager, second, report("a"), report("b"))]
    assert said == ["deliberately not said", "said"]
    assert [alert.report.channel for alert in manager.alerts] == ["b"]


def test_a_site_is_one_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('role = "partner"\n[budget]\nmedium_per_hour = 4\n[channels.bleeding]\nrole = "watcher"\n')
    found = load_site(path)
    assert (found.role_for("bleeding"), found.role_for("view"), found.budget.medium_per_hour) == ("watcher", "partner", 4)
    path.write_text('rolle = "partner"\n')
    with pytest.raises(InputError, match="rolle"):
        load_site(path)
    path.write_text("role = \n")
    with pytest.raises(InputError, match="not a TOML file"):
        load_site(path)
