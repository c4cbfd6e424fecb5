"""Whole simulated operations, drawn, seen by the shipped networks, reasoned about: timeline recovered, deviations alerted?

Never evidence about real surgery. The seeds lie outside those that the simulated network was trained on (1 to 16).
Figures are printed with `pytest -s`; the asserted bounds are a little under what was measured (docs/log.md).
"""

from __future__ import annotations

import pytest

from medgrpo.evaluation import event_agreement, phase_segments, segment_f1
from medgrpo.knowledge import load_procedure
from medgrpo.perception import load_perceiver
from medgrpo.reasoning import RiskLevel, Timeline, reason
from medgrpo.simulation import Case, Deviation, simulate
from medgrpo.video import Frame

pytestmark = pytest.mark.slow
PROCEDURE = load_procedure("cholecystectomy")
EVERY_SECONDS = 1.0


def watch(case: Case, minutes: float) -> Timeline:
    perceiver = load_perceiver()
    times = [place * EVERY_SECONDS for place in range(int(minutes * 60 / EVERY_SECONDS))]
    looks = [perceiver.look(Frame(place, seconds, case.picture_at(seconds))) for place, seconds in enumerate(times)]
    return reason(looks, PROCEDURE)


def alerts(timeline: Timeline) -> set[str]:
    return {risk.channel for risk in timeline.risks if risk.level is RiskLevel.ALERT}


def test_the_timeline_of_a_ten_minute_operation_is_recovered():
    case = simulate(PROCEDURE, 10, 101, size_wh=(640, 360), frame_rate=10)
    timeline = watch(case, 10)
    assert timeline.domain == "simulated laparoscopic cholecystectomy"
    phases = segment_f1(phase_segments(timeline), [(part.phase, part.span) for part in case.script.phases], 0.5)
    kinds = {str(event.kind.value) for event in timeline.events}
    true = [(event.kind.value, event.span) for event in case.script.events if not event.kind.value.startswith("lens")]
    events = event_agreement([(event.kind.value, event.span) for event in timeline.events], true, 5.0)
    print(f"\nsegment F1@50 {phases.f1:.3f} ({phases}); events {events}; alerts {alerts(timeline)}")  # noqa: T201
    assert phases.f1 >= 0.85
    assert events.recall >= 0.5  # clips of one visit are one event, see docs/log.md
    assert kinds >= {"clip applied", "structure divided", "specimen bag used", "camera outside the body"}
    assert not alerts(timeline) & {"clip_before_dissection", "division_before_clip", "bleeding"}


@pytest.mark.parametrize(
    ("seed", "deviation", "channel"),
    [
        (102, Deviation.DIVISION_BEFORE_CLIPPING, "division_before_clip"),
        (103, Deviation.CLIPPING_BEFORE_CRITICAL_VIEW, "clip_before_dissection"),
        (104, Deviation.BLEEDING, "bleeding"),
        (105, Deviation.LOST_VIEW, "view"),
    ],
)
def test_each_deviation_raises_its_channel(seed: int, deviation: Deviation, channel: str):
    timeline = watch(simulate(PROCEDURE, 2, seed, [deviation], size_wh=(640, 360), frame_rate=10), 2)
    print(f"\n{deviation}: {sorted(alerts(timeline))}")  # noqa: T201
    assert channel in alerts(timeline)
    assert not (alerts(timeline) - {channel}) & {"clip_before_dissection", "division_before_clip", "bleeding"}
