"""What a person writes after --model, and what every backend keeps to."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from medgrpo.core import DataError, InputError, MissingExtra, ModelError
from medgrpo.models import BACKENDS, ModelOptions, Request, TinyKind, open_encoder, open_model


def test_each_way_of_writing_a_name_has_its_backend(tiny: dict[TinyKind, Path], tmp_path: Path) -> None:
    (tmp_path / "replies.json").write_text(json.dumps({"a": "tying"}))
    named = {
        f"scripted:{tmp_path / 'replies.json'}": "scripted",
        "http://127.0.0.1:9/v1": "openai-compatible",
        str(tiny["qwen3-vl"]): "transformers",
    }
    for name, backend in named.items():
        assert open_model(name, ModelOptions(endpoint_model="m", device="cpu")).card.backend == backend
    assert [one.name for one in BACKENDS] == ["scripted", "vllm", "openai-compatible", "transformers"]


def test_scripted_replies_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    path.write_text(json.dumps({"a": "tying"}))
    (got,) = asyncio.run(open_model(f"scripted:{path}").generate([Request("a", "?", None, 8)]))
    assert got.text == "tying"


@pytest.mark.parametrize("content", ["[]", '{"a": 1}', "{", ""])
def test_a_file_of_no_replies_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "replies.json"
    path.write_text(content)
    with pytest.raises(DataError, match="is no JSON object of request keys and replies"):
        open_model(f"scripted:{path}")
    with pytest.raises(DataError, match="cannot be read"):
        open_model(f"scripted:{tmp_path / 'nowhere'}")


def test_a_hub_name_that_cannot_be_had_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="-7B-RL: cannot be opened as a model folder or hub name"):
        open_model("UII-AI/uAI-NEXUS-MedVLM-1.0a-7B-RL")


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "medgrpo.models.transformers_model", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'medgrpo\[models\]'"):
        open_model("ORG/NAME")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nano-2", r"^nano-2: no such folder, .* is shipped: nano is \(did you mean nano\?\)\. A hub name is ORG/NAME"),
        ("vllm:nanoo", r"^nanoo: no such folder, .*did you mean nano\?"),
        ("Qwen2.5-VL-7B-Instruct", r"nano is\. A hub name is ORG/NAME, as Qwen/Qwen2\.5-VL-7B-Instruct$"),
    ],
)
def test_a_slip_is_told_at_once_and_no_hub_is_asked(name: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # nothing heavy is imported before
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=said):
        open_model(name)


def test_a_recipe_s_checkpoint_is_looked_at_in_the_same_way() -> None:
    pytest.importorskip("transformers", reason="needs the extra `models`")
    with pytest.raises(InputError, match=r"did you mean nano\?"):
        open_encoder("nanoo")
    with pytest.raises(InputError, match=r"where a folder is wanted, it is .*shipped/nano"):
        open_encoder("nano")
