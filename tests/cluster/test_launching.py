"""What is written for verl, and what is refused because verl would train something else."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.cli import main
from medgrpo.cluster import JudgeChoice, Nodes, launch_arguments
from medgrpo.core import InputError
from medgrpo.policy import read_grpo_recipe

_SHIPPED = Path(__file__).parents[2] / "recipes"


def _arguments(path: Path, judge: str = "") -> dict[str, str]:
    lines = launch_arguments(path, read_grpo_recipe(path), Path("/runs/one"), Nodes(2, 8, 2), JudgeChoice(judge))
    return dict(line.split("=", 1) for line in lines)


def test_the_papers_numbers_arrive() -> None:
    told = _arguments(_SHIPPED / "qwen2.5-vl-7b-verl.toml", "offline")
    actor = "actor_rollout_ref.actor"
    assert told["actor_rollout_ref.rollout.n"] == "8"
    assert float(told[f"{actor}.optim.lr"]) == 5e-7
    assert (told[f"{actor}.clip_ratio_low"], told[f"{actor}.clip_ratio_high"]) == ("0.2", "0.3")
    assert (told[f"{actor}.use_kl_loss"], told["algorithm.adv_estimator"]) == ("False", "medgrpo_group")
    assert told["trainer.total_training_steps"] == "5000"
    assert told["algorithm.rollout_correction.rollout_is_threshold"] == "2.0"
    assert (told["trainer.nnodes"], told["actor_rollout_ref.rollout.tensor_model_parallel_size"]) == ("2", "2")


def test_without_a_cap_of_importance_verl_is_told_none(tmp_path: Path) -> None:
    text = (_SHIPPED / "qwen2.5-vl-7b-verl.toml").read_text(encoding="utf-8")
    (tmp_path / "r.toml").write_text(text.replace("importance_cap = 2.0 ", "importance_cap = false "), encoding="utf-8")
    assert not [name for name in _arguments(tmp_path / "r.toml", "offline") if "rollout_correction" in name]


def test_the_two_recipes_of_the_paper_differ_in_one_setting() -> None:
    one, two = (read_grpo_recipe(_SHIPPED / f"qwen2.5-vl-7b-{name}.toml").model_dump() for name in ("h100x8", "verl"))
    different = {(table, name) for table, values in one.items() for name in values if values[name] != two[table][name]}
    assert different == {("update", "mask_overlong")}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("mask_overlong = false", "mask_overlong = true", "mask_overlong"),
        ('calibration = "calibration.json"', 'normaliser = "zscore"', "normaliser"),
        ('calibration = "calibration.json"', 'normaliser = "ema"', "looks at a whole group or step"),
        ("mask_overlong = false", 'mask_overlong = false\n[held_out]\nquestions = "q.json"', "held_out"),
        ('compute = "bfloat16"', 'compute = "float32"', "compute"),
        ('compute = "bfloat16"', 'compute = "bfloat16"\nfrozen = ["head"]', "frozen"),
        ('compute = "bfloat16"', 'compute = "bfloat16"\nlora_rank = 4', "lora_rank"),
        ("mask_overlong = false", "mask_overlong = false\nmost_packed_tokens = 256", "no room"),
        ('"next_action"', '"video_summary"', "judge"),
    ],
)
def test_what_verl_cannot_do_is_refused_by_name(recipe: Path, old: str, new: str, reason: str) -> None:
    _arguments(recipe)
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(InputError, match=reason):
        _arguments(recipe)


def test_nodes_that_make_no_sense() -> None:
    with pytest.raises(InputError, match="whole engines"):
        Nodes(1, 8, 3)
    with pytest.raises(InputError, match="model's name"):
        JudgeChoice("http://localhost:8000/v1")


def test_the_command_prints_one_that_can_be_pasted(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "verl", str(recipe), "--out", "/runs/one"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("python -m verl.trainer.main_ppo \\\n    data.train_files=")
    assert f"data.train_files={recipe}" in shown.out
    assert shown.err.count("not carried over") == 6
    for setting in ("prompts_together", "prompts_kept", "model.attention", "run.spread"):
        assert setting in shown.err
