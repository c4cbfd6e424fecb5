"""Plans of three unlike recipes against their runs: tokens exactly, bytes and seconds within a quarter."""

from __future__ import annotations

import pytest

from medgrpo.bench import bench_plan

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")


@pytest.mark.slow
def test_plans_agree_with_runs_within_a_quarter() -> None:
    bench = bench_plan(steps=3, scale=1, resident=False)
    assert len(bench.sides) == 3
    for side in bench.sides:
        assert side.tokens_equal
        ratios = side.ratios()
        for part in ("weights", "gradients", "optimiser"):
            assert ratios.pop(part) == 1
        for name, ratio in ratios.items():
            assert 0.75 < ratio < 1.25, f"{side.recipe}: {name}"
