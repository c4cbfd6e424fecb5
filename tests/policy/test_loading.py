"""A checkpoint that is not whole, or not what its configuration says, is one clear line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import ModelError
from medgrpo.policy.loading import load_network
from medgrpo.policy.recipe import ModelSettings

pytest.importorskip("torch", reason="needs the extra `models`")


@pytest.fixture
def copied(tiny25: Any, tmp_path: Path) -> Path:
    shutil.copytree(tiny25.folder, tmp_path / "model")
    return tmp_path / "model"


def _refused(folder: Path) -> str:
    with pytest.raises(ModelError) as error:
        load_network(ModelSettings(checkpoint=str(folder)))
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(f"{folder}: ")


def test_a_truncated_shard(copied: Path) -> None:
    shard = next(copied.glob("*.safetensors"))
    shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])
    assert _refused(copied).startswith("cannot be loaded on cpu: Error while deserializing header: incomplete metadata")


def test_weights_that_are_not_there_are_not_made_up(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    shard = next(copied.glob("*.safetensors"))
    weights = load_file(shard)
    gone = [name for name in weights if "layers.1.mlp" in name]
    save_file({name: value for name, value in weights.items() if name not in gone}, shard, metadata={"format": "pt"})
    assert _refused(copied) == (
        "3 weights are not in its files, the first model.language_model.layers.1.mlp.down_proj.weight; copy the model again"
    )


def test_a_configuration_of_another_geometry(copied: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = json.loads((copied / "config.json").read_text(encoding="utf-8"))
    config["text_config"]["hidden_size"] = config["vision_config"]["out_hidden_size"] = 32
    (copied / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert _refused(copied) == (
        "its weights are of another geometry than its config.json: lm_head.weight is (268, 64), not (268, 32); copy the model again"
    )
    assert "MISMATCH" not in "".join(capfd.readouterr())


def test_activations_are_checkpointed_also_where_transformers_has_the_older_name(
    tiny25: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """vLLM's environment holds a release before 5.20."""
    from transformers import PreTrainedModel

    asked: list[Any] = []
    monkeypatch.delattr(PreTrainedModel, "activation_checkpointing_enable")
    monkeypatch.setattr(PreTrainedModel, "gradient_checkpointing_enable", lambda self, settings: asked.append(settings))
    load_network(ModelSettings(checkpoint=str(tiny25.folder), gradient_checkpointing=True))
    assert asked == [{"use_reentrant": False}]
