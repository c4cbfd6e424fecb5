"""`bench sft`: both sides compute the same step, and figures are what they say."""

from __future__ import annotations

import pytest

from medgrpo.bench import bench_sft

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")


def test_both_sides_are_the_same_step() -> None:
    bench = bench_sft(samples=2, rounds=1, threads=1, seed=32)
    assert bench.loss_difference < 1e-5
    assert bench.max_gradient_difference < 1e-5 * max(1.0, bench.largest_gradient)
    assert bench.token_ratio > 1
    assert bench.packed_saved_bytes < bench.padded_saved_bytes
    assert bench.ratio == pytest.approx(bench.packed_tokens_per_second / bench.padded_tokens_per_second)
