"""`medgrpo train plan` from the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.cli.train_plan import memory_size

_RECIPE = """[model]
checkpoint = "Qwen/Qwen3-VL-4B-Instruct"
device = "cuda"
[data]
questions = "absent.json"
[rewards]
normaliser = "none"
[run]
steps = 5
"""


def test_sizes_of_memories() -> None:
    assert [memory_size(text) for text in ("80GB", "24GiB", "8e9", "512 M")] == [80 * 10**9, 24 * 2**30, 8 * 10**9, 512 * 10**6]
    for text in ("", "GB", "-3GB", "10 apples", "0"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no size of a memory"):
            memory_size(text)


def test_what_does_not_fit_is_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    recipe = tmp_path / "r.toml"
    recipe.write_text(_RECIPE, encoding="utf-8")
    told = ["train", "plan", str(recipe), "--teraflops", "400", "--bandwidth", "2500"]
    assert main([*told, "--device-memory", "500GB", "--json", str(tmp_path / "plan.json")]) == 0
    said = capsys.readouterr().out
    assert "qwen3_vl, 4.44 B parameters" in said
    plan = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert plan["memory_bytes"]["weights"] == 4 * 4_437_815_808
    assert main([*told, "--device-memory", "24GB"]) == 1
    assert "change     model.gradient_checkpointing = true" in capsys.readouterr().out
    assert main(["train", "plan", str(recipe), "--teraflops", "400"]) == 2
    assert "--teraflops and --bandwidth belong together" in capsys.readouterr().err
    assert main(["train", "plan", str(tmp_path / "absent.toml")]) == 2


def test_a_checkpoint_that_is_not_there_is_named_whole_and_measuring_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    (tmp_path / "recipes").mkdir()
    recipe = tmp_path / "recipes" / "r.toml"
    recipe.write_text(_RECIPE.replace("Qwen/Qwen3-VL-4B-Instruct", "../runs/model"), encoding="utf-8")
    assert main(["train", "plan", str(recipe)]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'runs' / 'model'}: there is no such folder" in said
    assert "timing layers on this machine" in said
