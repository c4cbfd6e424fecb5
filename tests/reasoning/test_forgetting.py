"""A case without end: what is forgotten is never missed by the rules, and memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from medgrpo.evaluation import NOISE, case_truths, observe
from medgrpo.knowledge import Procedure
from medgrpo.perception import Observation
from medgrpo.reasoning import Forecast, Reasoner, RiskState
from medgrpo.reasoning.forgetting import first_and_last
from medgrpo.simulation import Deviation, simulate

KEEPS_SECONDS = 240.0


def operations(procedure: Procedure, number: int, minutes: float = 10.0, rate: float = 1.0) -> Iterator[Observation]:
    """One after the other as one case, each with something that goes wrong, seen through noise."""
    before, deviations = 0.0, tuple(Deviation)
    for seed in range(number):
        case = simulate(procedure, minutes, 300 + seed, [deviations[seed % len(deviations)]], size_wh=(160, 120), frame_rate=5)
        last = before
        for look in observe(case_truths(case, rate), NOISE["medium"], seed):
            last = round(before + look.seconds, 6)
            yield replace(look, seconds=last)
        before = last + 1 / rate


def test_first_and_last_by_hand() -> None:
    ones = ["a1", "b1", "a2", "a3", "b2", "c1", "a4"]
    kept = first_and_last(ones, lambda one: one in ("c1", "a4"), lambda one: None if one.startswith("b") else one[0])
    assert kept == ["a1", "a3", "c1", "a4"]


@pytest.mark.slow
def test_the_rules_judge_as_if_nothing_were_forgotten(procedure: Procedure) -> None:
    whole, short = Reasoner(procedure), Reasoner(procedure, keeps_seconds=KEEPS_SECONDS)
    kept: list[int] = []
    alerts = 0
    for number, look in enumerate(operations(procedure, 4)):
        ours, theirs = short.step(look), whole.step(look)
        told = [[record for record in records if isinstance(record, RiskState | Forecast)] for records in (ours, theirs)]
        assert told[0] == told[1]
        assert len(ours) == len(theirs)
        assert short.channels == whole.channels
        alerts += sum(isinstance(one, RiskState) and one.level.value == "alert" for one in ours)
        if number % 300 == 299:
            kept.append(short.kept)
    assert alerts > 3, "something is alerted about, or the comparison says nothing"
    assert max(kept[4:]) < 1.6 * max(kept[:4]), kept
    assert whole.kept > 2.5 * kept[-1]
    now = {(state.sub_goal, state.level) for state in whole.sub_goals() if state.span.end_seconds >= look.seconds}
    assert now == {(state.sub_goal, state.level) for state in short.sub_goals() if state.span.end_seconds >= look.seconds}


def test_a_case_within_the_memory_is_kept_whole(procedure: Procedure) -> None:
    whole, short = Reasoner(procedure), Reasoner(procedure, keeps_seconds=7200.0)
    for look in operations(procedure, 1, minutes=4.0):
        whole.step(look)
        short.step(look)
    assert short.finish() == whole.finish()
