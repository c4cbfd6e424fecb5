"""`bench grpo`: every side runs on a small case, and ratios are what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgrpo.bench import bench_grpo
from medgrpo.core import InputError

torch = pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.bench import grpo  # noqa: E402
from medgrpo.bench.grpo_model import Case, build_model  # noqa: E402
from medgrpo.bench.grpo_sides import differences, growth, measure_copies, measure_ours  # noqa: E402

_CASE = Case(pictures=1, group=3, answer_tokens=4, rounds=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory):
    threads = torch.get_num_threads()
    yield build_model(tmp_path_factory.mktemp("bench") / "model", _CASE)
    torch.set_num_threads(threads)


def test_packed_and_copies_are_the_same_numbers(model) -> None:
    apart = differences(model, _CASE)
    assert apart["max_logprob_difference"] < 3e-6
    assert apart["max_gradient_difference"] < 1e-5 * max(1.0, apart["largest_gradient"])


def test_both_sides_are_timed_and_ours_keeps_less(model) -> None:
    ours, plain = measure_ours(model, _CASE), measure_copies(model, _CASE)
    assert set(ours["seconds"]) == {"preprocess", "rollout", "scoring", "update", "step"}
    assert set(plain["seconds"]) == {"rollout", "update"}
    assert 0 < ours["saved_bytes"] < plain["saved_bytes"]
    assert ours["prompt_tokens"] == plain["prompt_tokens"] > 64


def test_growth_says_the_ratio_of_token_counts(model) -> None:
    (row,) = growth(model, [_CASE])
    tokens = row["prompt_tokens"]
    assert row["token_ratio"] == pytest.approx(3 * (tokens + 4) / (tokens + 12))
    assert row["ratio"] == pytest.approx(row["copies_seconds"] / row["packed_seconds"])


def _sides(monkeypatch: pytest.MonkeyPatch, trl: bool) -> None:
    def side(name: str, cases: Any, threads: int) -> Any:
        del cases, threads
        scale = {"ours": 1, "copies": 4, "trl": 10}.get(name)
        if scale is None:
            return {"max_logprob_difference": 1e-7, "max_gradient_difference": 1e-8, "largest_gradient": 1.0}
        seconds = {"update": 2.0 * scale, "rollout": 1.0 * scale, "step": 3.0 * scale}
        return {"seconds": seconds, "saved_bytes": 5 * scale, "peak_growth_bytes": 1, "prompt_tokens": 9}

    monkeypatch.setattr(grpo, "_side", side)
    monkeypatch.setattr(grpo, "find_spec", lambda name: None if name == "trl" and not trl else object())
    monkeypatch.setattr(grpo, "_version", lambda name: "1.16.0")


def test_ratios_against_trl(monkeypatch: pytest.MonkeyPatch) -> None:
    _sides(monkeypatch, trl=True)
    bench = bench_grpo(1, 8, 4, 1, 1, grow=False)
    assert bench.peer == "TRL 1.16.0 GRPOTrainer"
    assert (bench.update_ratio, bench.rollout_ratio, bench.step_ratio, bench.memory_ratio) == (10, 10, 10, 0.1)
    assert (bench.update_ratio_to_copies, bench.memory_ratio_to_copies) == (4, 0.25)


def test_without_trl_it_says_that_trl_was_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    _sides(monkeypatch, trl=False)
    bench = bench_grpo(1, 8, 4, 1, 1, grow=False)
    assert "it was not run" in bench.peer
    assert (bench.update_ratio, bench.step_ratio, bench.trl) == (4, None, None)


def test_a_side_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho first >&2\necho the reason >&2\nexit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(grpo.sys, "executable", str(broken))
    with pytest.raises(InputError, match="the side `ours` failed: the reason"):
        grpo._side("ours", [{"pictures": 1}], 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_trl_runs(model, tmp_path) -> None:
    pytest.importorskip("trl", reason="needs the extra `bench-grpo`")
    from medgrpo.bench.grpo_trl import measure_trl

    found = measure_trl(model, _CASE.model_copy(update={"group": 2}), tmp_path)
    assert found["saved_bytes"] > 0
    assert set(found["seconds"]) >= {"rollout", "update", "step"}
