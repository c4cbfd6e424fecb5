"""What was expected next: no foretold injury, one time per thing, each basis said once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from medgrpo.knowledge import Procedure
from medgrpo.reasoning import ComingRisk, ComingTime, Forecast, Option, Timeline
from medgrpo.report import CaseInfo, draft_report
from medgrpo.report.items import items_of
from medgrpo.report.tables import forecasts

ACTIONS = (
    Option("action", "grasper,retract,gallbladder", 0.45, None),
    Option("action", "grasper,null_verb,null_target", 0.12, None),
)
TIMES = (
    ComingTime("phase", "clipping-and-cutting", 0.9, 30.0, 61.0, None),
    ComingTime("instrument", "hook", 0.9, 0.0, 0.0, 20.0),
)
RISKS = (ComingRisk("bile_duct_injury", ("clipping-and-cutting",), 0.83, 0.0, 31.0, 218.0, ()),)


@pytest.fixture
def shown(timeline: Timeline, procedure: Procedure, make_case: Callable[..., CaseInfo]) -> Callable[..., str]:
    def show(*told: Forecast) -> str:
        report = draft_report(replace(timeline, forecasts=told), procedure, make_case())
        return forecasts(report, items_of(report))

    return show


@pytest.fixture
def full(timeline: Timeline) -> Forecast:
    one = replace(timeline.forecasts[0], options=(Option("phase", "clipping-and-cutting", 0.71, 115.0),))
    remaining = ComingTime("end", "operation", 1.0, 0.0, None, None)
    return replace(
        one, actions=ACTIONS, times=TIMES, risks=RISKS, remaining=remaining, horizon_seconds=3600.0, times_basis="a model"
    )


def test_a_hazard_is_told_without_any_time(shown: Callable[..., str], full: Forecast) -> None:
    page = shown(full)
    line = page.split("Belongs to what lies ahead: ")[1].split("</li>")[0]
    assert line.endswith("(its phase comes within the hour: 0.83)")
    assert "31 s" not in page
    assert "3 min 38 s" not in page


def test_an_option_tells_its_time_only_where_no_other_is_told(shown: Callable[..., str], full: Forecast) -> None:
    page = shown(full)
    assert "1 min 55 s" not in page
    assert "in about 1 min 01 s (30 s to longer than can be said)" in page
    alone = replace(full, actions=(), times=(), risks=(), remaining=None)
    assert "in about 1 min 55 s" in shown(alone)


def test_what_has_no_time_is_given_none(shown: Callable[..., str], full: Forecast) -> None:
    page = shown(full)
    assert "hook now or within 20 s" in page
    assert "not before" not in page
    assert "End of the operation" not in page
    later = ComingTime("end", "operation", 1.0, 1200.0, None, None)
    assert "End of the operation not before 20 min" in shown(replace(full, remaining=later))


def test_actions_are_kept_apart_by_semicolons(shown: Callable[..., str], full: Forecast) -> None:
    assert "Next action: grasper, retract gallbladder 45%; grasper in view, no action 12%" in shown(full)


def test_each_basis_is_said_once(shown: Callable[..., str], full: Forecast) -> None:
    two = shown(full, replace(full, seconds=full.seconds + 1))
    assert two.count("; a model") == 1
    assert "Basis 1" not in two
    other = shown(full, replace(full, seconds=full.seconds + 1, times_basis="another"))
    assert other.count("Basis 1") == 2  # where it is told and in its row
    assert other.count("Basis 2") == 2
