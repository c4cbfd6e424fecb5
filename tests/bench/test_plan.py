"""Plans of three unlike recipes against their runs: tokens exactly, bytes and seconds within a quarter."""

from __future__ import annotations

import pytest

from medgrpo.bench import bench_plan

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")


_TRIES = 6
"""Seconds are measured on a machine that may do other things meanwhile: a plan that is wrong is wrong every time."""


@pytest.mark.slow
def test_plans_agree_with_runs_within_a_quarter() -> None:
    seconds: list[dict[str, float]] = []
    for _ in range(_TRIES):
        bench = bench_plan(steps=3, scale=1, resident=False)
        assert len(bench.sides) == 3
        seconds.append({})
        for side in bench.sides:
            assert side.tokens_equal
            ratios = side.ratios()
            seconds[-1][side.recipe] = ratios.pop("seconds")
            for part in ("weights", "gradients", "optimiser"):
                assert ratios.pop(part) == 1
            for name, ratio in ratios.items():
                assert 0.75 < ratio < 1.25, f"{side.recipe}: {name}"
        if all(any(0.75 < one[recipe] < 1.25 for one in seconds) for recipe in seconds[0]):
            return
    raise AssertionError(f"seconds planned over found: {seconds}")
