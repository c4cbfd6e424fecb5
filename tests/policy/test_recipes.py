"""The recipes in the repository say everything, and only what there is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from medgrpo.core import InputError
from medgrpo.policy import GrpoRecipe, needs_sentences, read_grpo_recipe, read_sft_recipe
from medgrpo.tasks import TASKS

_RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.toml"))


@pytest.mark.parametrize("path", _RECIPES, ids=lambda path: path.stem)
def test_every_setting_is_written_out(path: Path) -> None:
    recipe = read_sft_recipe(path) if "sft" in path.stem else read_grpo_recipe(path)
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    for table, values in recipe.model_dump().items():
        assert set(written[table]) == set(values), table


def test_the_published_setting() -> None:
    recipe: GrpoRecipe = read_grpo_recipe(next(path for path in _RECIPES if path.stem == "qwen2.5-vl-7b-h100x8"))
    assert (recipe.rollout.group_size, recipe.update.learning_rate, recipe.update.kl) == (8, 5e-7, 0.0)
    assert (recipe.update.clip_low, recipe.update.clip_high, recipe.run.steps) == (0.2, 0.3, 5000)
    assert recipe.data.tasks == ("temporal_grounding", "spatiotemporal_grounding", "video_summary", "region_caption")
    assert recipe.rewards.caption_weights == {"similarity": 0.5, "judge": 0.5}
    assert needs_sentences(recipe)


def test_the_published_fine_tuning() -> None:
    recipe = read_sft_recipe(next(path for path in _RECIPES if path.stem == "qwen2.5-vl-7b-sft"))
    assert (recipe.run.epochs, recipe.update.learning_rate, recipe.data.balance) == (3, 5e-7, 1.0)
    assert set(recipe.data.tasks) == set(TASKS)


def test_paths_are_relative_to_the_recipe(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text(
        '[model]\ncheckpoint = "m"\n[data]\nquestions = "q.json"\nmoved = { videos = "raw/videos", "/old" = "/new" }\n'
        '[rewards]\nnormaliser = "none"\n[run]\nsteps = 1\n',
        encoding="utf-8",
    )
    data = read_grpo_recipe(recipe).data
    assert data.questions == tmp_path / "q.json"
    assert data.moved == {"videos": str(tmp_path / "raw" / "videos"), "/old": "/new"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[run]\nsteps = 1\nseeed = 3", "run.seeed: no such key: did you mean seed"),
        ('[rewards]\nnormaliser = "logistic"', "needs a calibration"),
        ('[data]\nquestions = "q.json"\ntasks = ["poem"]', "no such task: poem"),
        ("[rollout]\ndraws_per_step = 2", "draws_per_step is at least prompts_per_step"),
        ("[rollout]\ntemperature = 0", "rollout.temperature: 0 cannot be: give a number above 0"),
        ("[update", "not a TOML file"),
    ],
)
def test_a_recipe_says_what_is_wrong_with_it(change: str, said: str, tmp_path: Path) -> None:
    tables = {
        "[model]": '[model]\ncheckpoint = "m"',
        "[data]": '[data]\nquestions = "q.json"',
        "[rewards]": '[rewards]\nnormaliser = "none"',
        "[run]": "[run]\nsteps = 1",
    }
    tables[change.split("\n")[0]] = change
    (tmp_path / "r.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    with pytest.raises(InputError, match=r".*".join(["r.toml", *said.split(": ")])):
        read_grpo_recipe(tmp_path / "r.toml")
