"""The study of reasoning under noise: judged by hand on one small timeline, and deterministic as a whole."""

from __future__ import annotations

import pytest

from medgrpo.core import InputError, Span
from medgrpo.evaluation import (
    CaseTruth,
    StudySettings,
    TrueEvent,
    TrueLook,
    bootstrap,
    flat_figures,
    judge_case,
    ratio_interval,
    study,
)
from medgrpo.reasoning import Coverage, Evidence, PhaseSegment, RiskLevel, RiskState, Timeline
from medgrpo.simulation import FrameTruth, ViewKind

PROOF = Evidence((1.0,), 1.0, "m", 0.9)


def state(channel: str, level: RiskLevel, start: float, end: float) -> RiskState:
    return RiskState(channel, level, Span(start, end), "because", "high", PROOF, ())


def judged(risks: tuple[RiskState, ...]):
    phases = (("preparation", Span(0, 40)), ("clipping-and-cutting", Span(40, 100)))
    events = (TrueEvent("structure divided", Span(50, 53), "cystic_duct"), TrueEvent("bleeding seen", Span(60, 80), None))
    looks = tuple(TrueLook(float(at), "inside", (), 6) for at in range(100))
    truth = CaseTruth("SIM0001", 100.0, ("bleeding",), phases, events, looks)
    segments = (
        PhaseSegment(Span(0, 50), "preparation", 0.9, PROOF),
        PhaseSegment(Span(50, 100), "clipping-and-cutting", 0.9, PROOF),
    )
    timeline = Timeline(100.0, segments, (), (), (), (), risks, Coverage(100.0, {}), "simulated", ("m",))
    frames = [FrameTruth(at, float(at), phases[at >= 40][0], (), ViewKind.INSIDE, 0.0, 0.0, (2, 2, 2)) for at in range(100)]
    return judge_case(truth, timeline, frames, "bleeding")


def test_found_missed_abstained_and_false() -> None:
    result = judged(
        (
            state("division_before_clip", RiskLevel.ALERT, 56, 66),
            state("bleeding", RiskLevel.NOT_ASSESSED, 0, 100),
            state("phase_order", RiskLevel.ALERT, 20, 30),
        )
    )
    assert result.delays_seconds["division_before_clip"] == (6.0,)
    assert result.abstained == {"bleeding": 1}
    assert result.false_channels == {"phase_order": 1}
    assert result.not_assessed_share["bleeding"] == 1.0
    assert result.phase_accuracy == pytest.approx(0.9)
    assert [one.found for one in result.phases] == [2, 2, 2]  # 40/50 and 50/60
    late = judged((state("division_before_clip", RiskLevel.ALERT, 80, 90), state("bleeding", RiskLevel.MONITORING, 0, 100)))
    assert late.missed == {"division_before_clip": 1, "bleeding": 1}
    assert late.false_channels == {"division_before_clip": 1}


@pytest.mark.slow
def test_a_small_study_is_whole_and_deterministic() -> None:
    settings = StudySettings(cases=2, minutes=2, looks_per_second=1, noise=("low",))
    first = study(settings)
    assert first == study(settings, processes=2)
    level = first["levels"]["low"]
    assert level["cases"] == 2
    assert level["hours"] == pytest.approx(4 / 60)
    assert level["rules"]["division_before_clip"]["conditions"] == 1  # the second case plays it
    rows = dict(flat_figures(level))
    assert rows["phase accuracy"][0] > 0.5
    assert all(len(row) == 3 for row in rows.values())


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(InputError, match="no noise level"):
        study(StudySettings(cases=1, noise=("silent",)))


def test_bootstrap_is_the_interval_of_the_mean() -> None:
    low, high = bootstrap([0.0, 1.0] * 50, lambda some: sum(some) / len(some)) or (0.0, 0.0)
    assert low == pytest.approx(0.4, abs=0.03)  # 0.5 -+ 1.96 * 0.5 / 10
    assert high == pytest.approx(0.6, abs=0.03)
    assert bootstrap([1.0, 2.0], lambda _some: None) is None


def test_a_ratio_has_the_interval_of_its_bootstrap() -> None:
    parts = [(float(place % 2), 1.0 + place % 3) for place in range(60)]
    value, low, high = ratio_interval(parts)
    slow = bootstrap(parts, lambda some: sum(above for above, _ in some) / sum(below for _, below in some))
    assert value == pytest.approx(30 / 120)
    assert (low, high) == pytest.approx(slow, abs=0.01)
    assert ratio_interval([(1.0, 2.0)]) == (0.5, None, None)  # one case has no interval
    assert ratio_interval([(0.0, 0.0), (0.0, 0.0)]) == (None, None, None)
