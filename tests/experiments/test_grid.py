"""The runner: every run once, finished ones never again, refused where it would not show what it is for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.core import InputError, Interrupted  # noqa: E402
from medgrpo.experiments import Run, grid, recipe_of, run_study, write_study  # noqa: E402
from medgrpo.models import build_tiny  # noqa: E402
from medgrpo.policy import GrpoRecipe  # noqa: E402
from medgrpo.reward import read_calibration  # noqa: E402
from medgrpo.video import encode_png  # noqa: E402


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> GrpoRecipe:
    folder = tmp_path_factory.mktemp("study")
    (folder / "0.png").write_bytes(encode_png(np.random.default_rng(0).integers(0, 255, (56, 56, 3), dtype=np.uint8)))
    rows = [
        {
            "id": "v",
            "qa_type": "tal",
            "data_source": source,
            "video": ["0.png", "0.png"],
            "metadata": {"video_id": "v", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "4"},
            "conversations": [{"from": "human", "value": "<video>\nWhen?"}, {"from": "gpt", "value": "0.0-2.0 seconds."}],
        }
        for source in ("CoPESD", "AVOS")
    ]
    (folder / "q.json").write_text(json.dumps(rows), encoding="utf-8")
    stop = dict.fromkeys(("least_entropy", "most_overlong", "most_unreadable", "most_zero_spread", "most_drift"), False)
    return GrpoRecipe.model_validate(
        {
            "model": {"checkpoint": str(build_tiny("qwen2.5-vl", folder / "tiny", texts=["0.0-2.0 seconds."] * 3))},
            "data": {"questions": folder / "q.json", "tasks": ["temporal_grounding"], "least_pixels": 3136, "most_pixels": 3136},
            "rewards": {"normaliser": "logistic", "calibration": folder / "calibration.json"},
            "rollout": {"group_size": 2, "prompts_per_step": 2, "draws_per_step": 2, "most_new_tokens": 12, "prompts_kept": 4},
            "held_out": {"questions": folder / "q.json", "answers": 2},
            "stop": stop,
            "run": {"steps": 1},
        }
    )


def _nothing(title: str, done: int, total: int) -> None:
    del title, done, total


def test_all_runs_are_made_once_with_their_own_recipe(base: GrpoRecipe, tmp_path: Path, monkeypatch) -> None:
    runs = [Run("logistic", "none", 0), Run("ema", "batch", 5), Run("none", "group", 1)]
    monkeypatch.setattr(grid, "planned", lambda seeds: runs[: seeds + 1])
    scored = grid.start_scores  # the random model gets nothing right, and such a scale is refused: one answer is let count
    monkeypatch.setattr(grid, "start_scores", lambda recipe: {key: (*own[:-1], 0.5) for key, own in scored(recipe).items()})
    told: list[str] = []
    asked = iter([False, True])
    with pytest.raises(Interrupted):
        run_study(base, tmp_path / "out", 1, _nothing, lambda: next(asked), told.append)
    assert told[0].endswith("calibration.json: made from the starting model's answers")
    assert told[1].startswith("logistic-none-0: done, 1 of 2, about ")
    assert base.rewards.calibration is not None
    statistics = read_calibration(base.rewards.calibration).statistics
    assert {entry.key.source: entry.n for entry in statistics} == {"AVOS": 2, "CoPESD": 2}
    before = (tmp_path / "out" / "logistic-none-0" / "metrics.jsonl").stat().st_mtime_ns
    told.clear()
    assert run_study(base, tmp_path / "out", 2, _nothing, lambda: False, told.append) == runs
    assert [words.partition(":")[0] for words in told] == ["ema-batch-5", "none-group-1"]
    assert told[-1].endswith("done, 3 of 3, about 0 min left")
    assert (tmp_path / "out" / "logistic-none-0" / "metrics.jsonl").stat().st_mtime_ns == before
    other = base.model_copy(update={"update": base.update.model_copy(update={"learning_rate": 1e-3})})
    with pytest.raises(InputError, match=r"logistic-none-0: was made from another recipe \(update\)"):
        run_study(other, tmp_path / "out", 2, _nothing, lambda: False, told.append)
    path = tmp_path / "other.json"
    path.write_text(
        read_calibration(base.rewards.calibration).model_copy(update={"floor": 0.5}).model_dump_json(), encoding="utf-8"
    )
    base.rewards.calibration.rename(path.with_name("kept.json"))
    path.rename(base.rewards.calibration)
    with pytest.raises(InputError, match=r"another recipe \(what the calibration holds\)"):
        write_study(base, tmp_path / "out", runs)
    path.with_name("kept.json").rename(base.rewards.calibration)
    written = json.loads((tmp_path / "out" / "ema-batch-5" / "recipe.json").read_text(encoding="utf-8"))
    assert (written["rewards"]["normaliser"], written["rewards"]["scale"], written["run"]["seed"]) == ("ema", "batch", 5)


def test_recipes_differ_in_what_is_compared_and_nothing_else(base: GrpoRecipe) -> None:
    one, other = (recipe_of(base, run).model_dump() for run in (Run("zscore", "batch", 1), Run("none", "none", 2)))
    assert {table for table in one if one[table] != other[table]} == {"rewards", "run"}


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        ("held_out", {"questions": False}, "needs held_out.questions"),
        ("rewards", {"calibration": None, "normaliser": "none"}, "rewards.calibration"),
        ("stop", {"most_drift": 0.1}, "set most_drift of"),
    ],
)
def test_a_recipe_that_would_not_show_it_is_refused(base: GrpoRecipe, tmp_path: Path, table: str, values, said: str) -> None:
    changed = base.model_copy(update={table: getattr(base, table).model_copy(update=values)})
    with pytest.raises(InputError, match=said):
        run_study(changed, tmp_path / "out", 1, _nothing, lambda: False, lambda words: None)
    assert not (tmp_path / "out").exists()
