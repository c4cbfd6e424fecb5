"""What holds for every stream: channels cover the whole duration, records lie in it, evidence is valid."""

from __future__ import annotations

from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgrpo.knowledge import PHASES, Procedure
from medgrpo.perception import Domain, ViewState
from medgrpo.reasoning import RULES, Reasoner

ACTIONS = ("clipper,clip,cystic_duct", "scissors,cut,cystic_duct", "hook,dissect,gallbladder", "grasper,grasp,specimen_bag")
REASONS = ("black picture", "camera outside the body", "unsure")
STRETCH = st.tuples(
    st.floats(0.1, 30),
    st.sampled_from((*PHASES, None)),
    st.sampled_from((*ACTIONS, None)),
    st.sampled_from((*REASONS, None, None, None)),
    st.sampled_from(tuple(ViewState)),
    st.floats(0, 0.5),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    stretches=st.lists(STRETCH, min_size=1, max_size=8),
    steps=st.lists(st.floats(0.05, 7), min_size=1, max_size=60),
    domain=st.sampled_from(tuple(Domain)),
    extra=st.floats(0, 10),
)
def test_every_channel_is_in_exactly_one_state_at_every_moment(
    streams: ModuleType, procedure: Procedure, stretches: list, steps: list[float], domain: Domain, extra: float
) -> None:
    parts, at = [], 0.0
    for length, phase, action, reason, state, blood in stretches:
        parts.append(streams.Part(at, at + length, phase, action, state, blood, reason))
        at += length
    times, now = [], 0.0
    for step in steps:
        times.append(now)
        now += step
    reasoner = Reasoner(procedure)
    for look in streams.Script(tuple(parts), at, times=tuple(times), noise=0.5, domain=domain).observations():
        reasoner.step(look)
    end = times[-1] + extra
    timeline = reasoner.finish(end)
    for rule in RULES:
        spans = [risk.span for risk in timeline.risks if risk.channel == rule.hazard]
        assert spans[0].start_seconds == 0
        assert spans[-1].end_seconds == end
        assert all(one.end_seconds == two.start_seconds for one, two in pairwise(spans))
        assert end == 0 or all(span.duration_seconds > 0 for span in spans[:-1])
    covered = timeline.coverage.assessed_seconds + sum(timeline.coverage.not_assessed_seconds.values())
    assert covered == pytest.approx(end)
    for one, two in pairwise(timeline.phases):
        assert one.span.end_seconds <= two.span.start_seconds
    looks = set(times)
    for record in (*timeline.phases, *timeline.actions, *timeline.events, *timeline.findings):
        assert set(record.evidence.seconds) <= looks
        assert len(record.evidence.seconds) <= 8
        assert record.span.end_seconds <= end
    for phase in timeline.phases:
        assert (phase.phase is None) == (phase.reason is not None)
