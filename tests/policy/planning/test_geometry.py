"""Measures read from a configuration against the real classes, built without memory."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from medgrpo.core import InputError
from medgrpo.models import build_tiny
from medgrpo.policy.planning.geometry import find_geometry, geometry_of

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

_TABLE: dict[str, Any] = json.loads((files("medgrpo.policy.planning") / "geometries.json").read_text(encoding="utf-8"))


def _parts(config: Any) -> dict[str, int]:
    with torch.device("meta"):
        network = transformers.AutoModelForImageTextToText.from_config(config)
    found = dict.fromkeys(("tower", "projector", "language", "head"), 0)
    for name, weight in network.named_parameters():
        vision = "projector" if "merger" in name else "tower"
        part = vision if "visual" in name else "language" if "language_model" in name else "head"
        found[part] += weight.numel()
    return found


@pytest.mark.parametrize("kind", ["qwen2.5-vl", "qwen3-vl", "qwen3.5"])
def test_a_folder_has_the_parameters_of_its_network(kind: Any, tmp_path: Path) -> None:
    build_tiny(kind, tmp_path / "m")
    config = transformers.AutoConfig.from_pretrained(tmp_path / "m")
    assert find_geometry(str(tmp_path / "m")).parameters() == _parts(config)


@pytest.mark.parametrize("name", _TABLE)
def test_the_table_has_the_parameters_of_the_published_networks(name: str) -> None:
    stated = {key: value for key, value in _TABLE[name].items() if key != "model_type"}
    config = transformers.AutoConfig.for_model(_TABLE[name]["model_type"], **stated)
    assert find_geometry(name).parameters() == _parts(config)


def test_sizes_that_everybody_knows() -> None:
    sizes = {name: sum(find_geometry(name).parameters().values()) for name in _TABLE}
    assert sizes["Qwen/Qwen2.5-VL-7B-Instruct"] == 8_292_166_656  # the checkpoint's own index says so
    assert 4.4e9 < sizes["Qwen/Qwen3-VL-4B-Instruct"] < 4.5e9


def test_an_unknown_name_and_an_unknown_family_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Some/Model: no such folder, and no measures are known"):
        find_geometry("Some/Model")
    with pytest.raises(InputError, match="model_type 'llama' is not trained here"):
        geometry_of("m", {"model_type": "llama"})
    with pytest.raises(InputError, match="does not say 'depth'"):
        geometry_of(
            "m", {"model_type": "qwen3_vl", "text_config": {"num_hidden_layers": 2, "num_attention_heads": 2}, "vision_config": {}}
        )
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"holds no config\.json that can be read"):
        find_geometry(str(tmp_path))
