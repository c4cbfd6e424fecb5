"""The shipped model is the one on its card, answers with no network at all, and can tell the drawn worlds of a held-out seed."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import socket
import sys
from pathlib import Path
from typing import NoReturn

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.benchmark import Pictures, clip_of
from medgrpo.core import MissingExtra
from medgrpo.models import SHIPPED, Completion, Model, ModelOptions, Request, open_model
from medgrpo.simulation import simulate_world, write_world
from medgrpo.sources import SOURCES, BenchmarkRecord, example_of
from medgrpo.tasks import TASKS

FOLDER = SHIPPED["nano"].folder


def test_the_weights_are_those_of_the_card_and_small() -> None:
    weights = (FOLDER / "model.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest() in (FOLDER / "CARD.md").read_text(encoding="utf-8")
    assert len(weights) < 15e6


@pytest.mark.parametrize("said", ["**Data**: ", "`medgrpo simulate`", "**Licence**: Apache-2.0", "Not for clinical use"])
def test_the_card_says(said: str) -> None:
    assert said in (FOLDER / "CARD.md").read_text(encoding="utf-8")


def test_it_is_shown_clips_as_in_training_and_never_more() -> None:
    card = open_model("nano").card
    sampling = card.sampling
    assert card.name == "nano", "not the folder that it lies in on this machine"
    assert sampling is not None
    assert (sampling.most_frames, sampling.scaled_size(160, 120), sampling.scaled_size(854, 480)) == (
        16,
        (160, 120),
        (160, 80),
    )  # of 40x40: 4x3, 4x2
    fewer = open_model("nano", ModelOptions(most_frames=4)).card.sampling
    assert fewer is not None
    assert fewer.most_frames == 4


def test_without_the_extra_its_name_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("medgrpo.models.transformers_model")
    monkeypatch.delitem(sys.modules, "medgrpo.models.transformers_model")
    monkeypatch.delattr(sys.modules["medgrpo.models"], "transformers_model")
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtra, match=r"nano needs transformers.*medgrpo\[models\]"):
        open_model("nano")


def test_an_unseen_case_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short answers about one case of a seed that was not trained on; an answer that says the same of every clip stays below."""

    def refused(*_: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    write_world(simulate_world("open-surgery", 1.0, 9001, size_wh=(160, 120), frame_rate=1), tmp_path, video=False, frames=True)
    model = open_model("nano")
    scores = _scores(model, tmp_path)
    assert set(scores) == {"tal", "next_action"}
    assert sum(scores["tal"]) / len(scores["tal"]) > 0.1
    assert sum(scores["next_action"]) > 0


def _scores(model: Model, folder: Path) -> dict[str, list[float]]:
    assert model.card.sampling is not None
    asked = [
        one
        for one in SOURCES["Simulated"].records(folder)
        if isinstance(one, BenchmarkRecord) and one.qa_type in ("tal", "next_action")
    ]
    moved = Pictures({"frames": str(folder / "frames")})
    requests = [Request(str(one.index), one.question, clip_of(one, moved, model.card.sampling), 96) for one in asked]
    scores: dict[str, list[float]] = {}
    for record, reply in zip(asked, asyncio.run(model.generate(requests)), strict=True):
        assert isinstance(reply, Completion)
        example = example_of(record)
        task = TASKS[example.task]
        scores.setdefault(record.qa_type, []).append(task.score(task.parse(reply.text), example.gold).value or 0.0)
    return scores
