"""What samples is an engine: the loop hands it the weights, measures its drift, corrects for it, and stops when it is too much."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.core import ModelError  # noqa: E402
from medgrpo.models import Encoded, Encoder  # noqa: E402
from medgrpo.policy import ENGINES, GrpoRecipe, NetworkEngine, Policy, Sampled, Team, run_page  # noqa: E402
from tests.policy.small_run import lines, run, small_recipe, write_questions  # noqa: E402


class _Apart:
    """An engine with weights of its own, like one in another process: a copy of the network that is handed the weights."""

    def __init__(self, policy: Policy, encoder: Encoder, synchronised: bool, noise: float) -> None:
        self._source = policy.network
        self._copy = copy.deepcopy(policy.network).eval()
        self._engine = NetworkEngine(Policy(self._copy, encoder.vision.all, [encoder.end_of_turn], policy.rule, policy.temperature))
        self._synchronised, self._noise = synchronised, noise
        self.refreshed = 0

    def sample(self, prompts: Sequence[Encoded], size: int, most_tokens: int, seed: int) -> list[list[Sampled]]:
        return self._engine.sample(prompts, size, most_tokens, seed)

    def refresh(self) -> None:
        self.refreshed += 1
        if self._synchronised:
            self._copy.load_state_dict(self._source.state_dict())
        if self._noise:
            with torch.no_grad():
                self._copy.lm_head.weight[7] += self._noise


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("data"))


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[_Apart]]:
    """`apart()` puts the engine into the table; those that were made."""

    def put(synchronised: bool = True, noise: float = 0.0) -> list[_Apart]:
        made: list[_Apart] = []

        def opened(recipe: GrpoRecipe, encoder: Encoder, team: Team) -> tuple[Encoder, Callable[[Policy], _Apart]]:
            def make(policy: Policy) -> _Apart:
                made.append(_Apart(policy, encoder, synchronised, noise))
                return made[-1]

            return encoder, make

        monkeypatch.setitem(ENGINES, "network", opened)
        return made

    return put


def _drifts(out: Path, name: str = "drift") -> list[float]:
    return [max(row[name] for row in line["keys"].values() if row[name] is not None) for line in lines(out)]


def test_an_engine_that_is_handed_the_weights_makes_the_networks_own_run(
    tiny25: Any, data: Path, tmp_path: Path, apart: Callable[..., list[_Apart]]
) -> None:
    recipe = small_recipe(tiny25.folder, data, update={"learning_rate": 1e-2})
    run(recipe, tmp_path / "network")
    made = apart()
    done = run(recipe, tmp_path / "apart")
    assert lines(tmp_path / "apart") == lines(tmp_path / "network")
    assert (done.steps, done.stopped) == (4, ())
    assert made[0].refreshed == 1 + 4  # before the first step, and after each update
    assert max(_drifts(tmp_path / "apart", "worst_drift")) < 1e-3


def test_an_engine_that_is_not_handed_the_weights_drifts_and_ends_the_run(
    tiny25: Any, data: Path, tmp_path: Path, apart: Callable[..., list[_Apart]]
) -> None:
    apart(synchronised=False)
    recipe = small_recipe(tiny25.folder, data, update={"learning_rate": 1e-2}, stop={"most_drift": 0.01})
    done = run(recipe, tmp_path / "stale")
    assert done.model is None
    assert done.stopped[0].startswith("drift ")
    assert "above stop.most_drift = 0.01: rollout and update read the same tokens differently" in done.stopped[0]
    first, second = _drifts(tmp_path / "stale")[:2]
    assert first < 1e-4 < 0.01 < second
    assert "rollout against update, the worst token" in run_page(tmp_path / "stale")


def test_an_engine_that_says_other_probabilities_is_refused_before_the_first_step(
    tiny25: Any, data: Path, tmp_path: Path, apart: Callable[..., list[_Apart]]
) -> None:
    apart(noise=0.5)
    with pytest.raises(ModelError, match="between rollout, packed and plain forward"):
        run(small_recipe(tiny25.folder, data), tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_held_out_questions_are_asked_of_the_engine_with_the_weights_of_that_step(
    tiny25: Any, data: Path, tmp_path: Path, apart: Callable[..., list[_Apart]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same scores as the network's own sampling gives: after the last update too."""
    rows = json.loads((data / "questions.json").read_text(encoding="utf-8"))
    spans = [row | {"qa_type": "tal", "struc_info": [{"spans": [{"start": 0, "end": 4}]}]} for row in rows]
    (data / "spans.json").write_text(json.dumps(spans), encoding="utf-8")
    monkeypatch.setattr(Encoder, "decode", lambda self, ids: f"0.0-{1 + sum(ids) % 97 / 10} seconds.")
    held = {"questions": str(data / "spans.json"), "every": 2, "answers": 2}
    tasks = {"tasks": ["temporal_grounding"]}
    recipe = small_recipe(tiny25.folder, data, "spans.json", data=tasks, held_out=held, update={"learning_rate": 1e-2})
    run(recipe, tmp_path / "network")
    apart()
    run(recipe, tmp_path / "apart")
    told = lines(tmp_path / "apart", "held_out.jsonl")
    assert told == lines(tmp_path / "network", "held_out.jsonl")
    assert len(told) == 3
    assert told[0]["keys"] != told[-1]["keys"]
