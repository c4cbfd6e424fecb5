"""Smoothing against an enumeration by hand, its bounded memory, and the phases it gives."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from types import ModuleType

import numpy as np
import pytest

from medgrpo.core import Span
from medgrpo.evaluation import phase_segments, segment_f1
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import Evidence, PhaseConfig, PhaseSegment, Reasoner
from medgrpo.reasoning.durations import Duration
from medgrpo.reasoning.semi_markov import SemiMarkov, State
from medgrpo.reasoning.smoothing import EvidenceLog, Smoothed, revised_phases, smooth

NAMES = ("a", "b", "c")
EVIDENCE = Evidence((1.0,), 1.0, "scripted", 0.5)


def test_forward_backward_is_the_sum_over_all_paths():
    states = [State("a", Duration(1, 2.0)), State("b", Duration(1, 3.0))]
    model = SemiMarkov(states, np.array([[0, 1.0], [1.0, 0]]), np.array([0.7, 0.3]))
    starts = np.array([0.0, 0.5, 1.5])
    likelihood = np.array([[0.8, 0.2], [0.4, 0.6], [0.1, 0.9]])
    moves = [model.kernel(0.5)[0], model.kernel(1.0)[0]]
    joint = np.zeros((3, 2))
    total = 0.0
    for path in product((0, 1), repeat=3):
        weight = model.initial[0, path[0]] * likelihood[0, path[0]]
        for place in (1, 2):
            weight *= moves[place - 1][path[place - 1], path[place]] * likelihood[place, path[place]]
        total += weight
        for place, state in enumerate(path):
            joint[place, state] += weight
    smoothed = smooth(model, starts, np.log(likelihood))
    assert smoothed.belief == pytest.approx(joint / total)
    assert smoothed.log_likelihood == pytest.approx(math.log(total))


def test_memory_is_bounded_and_nothing_is_lost():
    log = EvidenceLog(grain_seconds=0.5, most=10)
    for look in range(203):
        log.add(look / 5, np.array([1.0, -0.5]))
    assert len(log) <= 10
    assert log.sums.sum(axis=0) == pytest.approx([203.0, -101.5])
    assert log.starts[0] == 0.0
    assert (np.diff(log.starts) > 0).all()
    odd = EvidenceLog(grain_seconds=0.1, most=3)
    for look in range(4):
        odd.add(float(look), np.ones(1))
    assert odd.starts.tolist() == [0.0, 2.0, 3.0]
    assert odd.sums[:, 0].tolist() == [2.0, 1.0, 1.0]


def test_a_phase_names_the_model_of_the_looks_it_was_settled_by():
    """Not the one that looked last at something else: a black picture at the end, say."""
    real, other = replace(EVIDENCE, model="real"), replace(EVIDENCE, model="another")
    segments = (
        PhaseSegment(Span(0.0, 30.0), "a", 0.5, real),
        PhaseSegment(Span(30.0, 60.0), "b", 0.5, other),
        PhaseSegment(Span(60.0, 70.0), None, 0.0, replace(EVIDENCE, model="image measures"), "black picture"),
    )
    starts = np.arange(0.0, 60.0)
    belief = np.where((starts < 30)[:, None], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0])
    found = revised_phases(segments, Smoothed(starts, belief, 0.0), NAMES, PhaseConfig(), 8)
    assert [(one.phase, one.evidence.model) for one in found] == [("a", "real"), ("b", "another"), (None, "image measures")]


def named(start: float, end: float, phase: str | None) -> PhaseSegment:
    return PhaseSegment(Span(start, end), phase, 0.5, EVIDENCE, None if phase else "black picture")


def belief(*leading: int, sure: float = 0.9) -> Smoothed:
    rows = np.full((len(leading), 3), (1 - sure) / 2)
    rows[np.arange(len(leading)), leading] = sure
    return Smoothed(np.arange(len(leading), dtype=float), rows, 0.0)


def revised(segments: list[PhaseSegment], smoothed: Smoothed) -> list[tuple[float, float, str | None]]:
    found = revised_phases(segments, smoothed, NAMES, PhaseConfig(), 8)
    assert all(len(one.evidence.seconds) <= 8 for one in found)
    return [(one.span.start_seconds, one.span.end_seconds, one.phase) for one in found]


def test_boundaries_move_and_flicker_goes():
    segments = [named(0, 12, "a"), named(12, 13, "c"), named(13, 20, "b")]
    smoothed = belief(*[0] * 9, 2, *[0] * 1, *[1] * 9)
    assert revised(segments, smoothed) == [(0, 11, "a"), (11, 20, "b")]


def test_what_was_not_named_stays_unnamed():
    segments = [named(0, 8, "a"), named(8, 14, None), named(14, 20, "a")]
    smoothed = belief(*[0] * 8, *[1] * 12)
    assert revised(segments, smoothed) == [(0, 8, "a"), (8, 14, None), (14, 20, "b")]


def test_a_phase_that_is_never_sure_falls_to_its_neighbour():
    rows = belief(*[0] * 8, *[2] * 6, *[1] * 6)
    rows.belief[8:14] = [0.2, 0.35, 0.45]
    assert revised([named(0, 20, "a")], rows) == [(0, 8, "a"), (8, 20, "b")]


def test_a_stretch_without_evidence_keeps_its_segments():
    segments = [named(0, 20, None), named(20, 30, "b")]
    assert revised(segments, belief(0, 0)) == [(0, 20, None), (20, 30, "b")]


def test_the_whole_video_corrects_what_was_settled_look_by_look(streams: ModuleType, procedure: Procedure):
    parts = streams.operation()
    end = streams.end_of(parts)
    truth = [(part.phase, Span(part.start, part.end)) for part in parts if part.phase]
    causal, whole = [], []
    for seed in range(3):
        reasoner = Reasoner(procedure)
        for look in streams.Script(tuple(parts), end, noise=1.6, seed=seed).observations():
            reasoner.step(look)
        timeline = reasoner.finish(end)
        after = reasoner.revised(timeline)
        causal.append(segment_f1(phase_segments(timeline), truth).f1)
        whole.append(segment_f1(phase_segments(after), truth).f1)
        assert after.risks == timeline.risks
        assert after.forecasts == timeline.forecasts
        assert len({finding.id for finding in after.findings}) == len(after.findings)
        assert [one.span.end_seconds for one in after.phases[:-1]] == [one.span.start_seconds for one in after.phases[1:]]
        assert reasoner.revised(timeline).phases == after.phases
    assert sum(whole) > sum(causal)


def test_nothing_seen_is_nothing_revised(procedure: Procedure):
    reasoner = Reasoner(procedure)
    timeline = reasoner.finish(10.0)
    assert reasoner.revised(timeline) is timeline
