import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from medgrpo.training.held_out import fit_platt, fit_temperature, smooth  # noqa: E402


def test_platt_finds_the_line_that_made_the_labels():
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, 40_000).astype(np.float32)
    truth = (generator.random(40_000) < 1 / (1 + np.exp(-(0.5 * logits - 1.0)))).astype(np.float32)
    platt = fit_platt(logits, truth)
    assert platt.slope == pytest.approx(0.5, abs=0.02)
    assert platt.offset == pytest.approx(-1.0, abs=0.05)


def test_temperature_of_an_overconfident_softmax():
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 2, (20_000, 3)).astype(np.float32)
    chance = np.exp(logits)
    chance /= chance.sum(1, keepdims=True)
    truth = np.eye(3, dtype=np.float32)[[generator.choice(3, p=row / row.sum()) for row in chance.astype(np.float64)]]
    assert fit_temperature(logits * 4, truth).slope == pytest.approx(0.25, abs=0.02)


def test_smoothing_is_causal_and_knows_the_gap():
    logits = np.array([[0.0], [4.0], [4.0]], np.float32)
    seconds = np.array([0, 1, 101], np.float32)
    smoothed = smooth(logits, seconds, 2.0)[:, 0]
    assert smoothed.tolist() == pytest.approx([0, 4 * (1 - np.exp(-0.5)), 4.0], abs=1e-5)
    assert smooth(logits, seconds, 0.0)[:, 0].tolist() == [0, 4, 4]
