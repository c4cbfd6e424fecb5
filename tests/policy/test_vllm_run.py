"""`train grpo` with the installed vLLM as its engine. Without it this says so and skips: it needs an environment of its own
(docs/method.md, "vLLM samples"), in which `pytest -W default tests/policy/test_vllm_run.py` runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("vllm", reason="vLLM is not installed here: the engine `vllm` is tested against a stand-in only")

from medgrpo.core import ModelError  # noqa: E402
from medgrpo.models import Encoded, Encoder  # noqa: E402
from medgrpo.policy import ENGINES, Engine, GrpoRecipe, Policy, Sampled, Team, measure  # noqa: E402
from medgrpo.policy.engines.vllm_engine import VllmEngine  # noqa: E402
from tests.policy.small_run import lines, run, small_recipe, write_questions  # noqa: E402
from tests.policy.wide import build_wide  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wide(tmp_path_factory.mktemp("wide") / "model")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("data"))


def _recipe(wide: Path, data: Path, **changes: Any) -> GrpoRecipe:
    tables = {
        "rollout": {"engine": "vllm", "engine_cache_gb": 0.25},
        "update": {"learning_rate": 1e-2, "warmup_steps": 0},
        "stop": {"most_drift": 1e-3},
    }
    for table, values in changes.items():
        tables[table] = {**tables.get(table, {}), **values}
    return small_recipe(wide, data, **tables)


class _Killed(BaseException):
    pass


def _kill_at_three(title: str, done: int, total: int) -> None:
    if done == 3:
        raise _Killed


def _worst(out: Path) -> list[float]:
    return [max(row["worst_drift"] for row in line["keys"].values() if row["worst_drift"] is not None) for line in lines(out)]


@pytest.fixture(scope="module")
def whole(wide: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[list[Sampled]]]]:
    """A run that nothing interrupted, and every answer that vLLM gave in it."""
    said: list[list[list[Sampled]]] = []
    sample = VllmEngine.sample

    def noted(self: VllmEngine, *args: Any) -> list[list[Sampled]]:
        said.append(sample(self, *args))
        return said[-1]

    out = tmp_path_factory.mktemp("run") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VllmEngine, "sample", noted)
        done = run(_recipe(wide, data), out)
    assert (done.steps, done.stopped) == (4, ())
    return out, said


def test_its_log_probabilities_are_those_of_the_forward_pass_at_every_step(whole: Any) -> None:
    assert max(_worst(whole[0])) < 1e-4


class _Told:
    """Says again what was said, with the forward pass's own log-probabilities."""

    def __init__(self, policy: Policy, said: list[list[list[Sampled]]]) -> None:
        self._policy, self._said = policy, said

    def sample(self, prompts: Sequence[Encoded], size: int, most_tokens: int, seed: int) -> list[list[Sampled]]:
        groups = self._said.pop(0)
        assert len(groups) == len(prompts)
        told: list[list[Sampled]] = []
        for encoded, group in zip(prompts, groups, strict=True):
            with torch.no_grad():
                own = measure(self._policy, self._policy.prompt(encoded), [one.token_ids for one in group]).logprobs
            told.append([Sampled(one.token_ids, logprobs, one.finish) for one, logprobs in zip(group, own, strict=True)])
        return told

    def refresh(self) -> None:
        pass


def test_the_same_answers_from_the_network_give_the_same_losses_and_gradients(
    whole: Any, wide: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(recipe: GrpoRecipe, encoder: Encoder, team: Team) -> tuple[Encoder, Callable[[Policy], Engine]]:
        return encoder, lambda policy: _Told(policy, list(whole[1]))

    monkeypatch.setitem(ENGINES, "network", opened)
    run(_recipe(wide, data, rollout={"engine": "network"}), tmp_path / "run")
    for ours, theirs in zip(lines(tmp_path / "run"), lines(whole[0]), strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-5)
        assert ours["gradient_norm"] == pytest.approx(theirs["gradient_norm"], rel=1e-3)


def test_stopped_and_started_again_it_goes_on_to_the_same_numbers(whole: Any, wide: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(_Killed):
        run(_recipe(wide, data), tmp_path / "run", _kill_at_three)
    run(_recipe(wide, data), tmp_path / "run")
    assert lines(tmp_path / "run") == lines(whole[0])
    assert lines(tmp_path / "run", "samples.jsonl") == lines(whole[0], "samples.jsonl")


def test_without_the_weights_of_the_update_it_drifts_and_the_alarm_ends_the_run(
    wide: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh, handed = VllmEngine.refresh, list[None]()

    def once(self: VllmEngine) -> None:
        if not handed:
            handed.append(refresh(self))

    monkeypatch.setattr(VllmEngine, "refresh", once)
    done = run(_recipe(wide, data), tmp_path / "run")
    assert done.model is None
    assert "above stop.most_drift = 0.001: rollout and update read the same tokens differently" in done.stopped[0]
    worst = _worst(tmp_path / "run")
    assert worst[0] < 1e-4 < 1e-2 < worst[1]


def test_a_run_that_goes_on_without_its_weights_is_seen_before_the_next_step(
    wide: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(_Killed):
        run(_recipe(wide, data), tmp_path / "run", _kill_at_three)
    monkeypatch.setattr(VllmEngine, "refresh", lambda self: None)
    with pytest.raises(ModelError, match="between rollout, packed and plain forward"):
        run(_recipe(wide, data), tmp_path / "run")


def test_adapters_are_sampled_with(wide: Path, data: Path, tmp_path: Path) -> None:
    model = {"lora_rank": 4, "frozen": ["vision", "head"], "gradient_checkpointing": True}
    done = run(_recipe(wide, data, model=model), tmp_path / "run")
    assert done.stopped == ()
    assert max(_worst(tmp_path / "run")) < 1e-4


def test_prompts_that_are_asked_together(wide: Path, data: Path, tmp_path: Path) -> None:
    changes = {"rollout": {"prompts_together": 2, "temperature": 0.7}}
    done = run(_recipe(wide, data, **changes), tmp_path / "run")
    assert done.stopped == ()
    assert max(_worst(tmp_path / "run")) < 1e-4
