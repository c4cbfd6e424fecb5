"""Questions that are never trained on: when they are asked, how they are scored, alike in any number of processes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import InputError, Interrupted
from medgrpo.policy import GrpoRecipe, Kept, NetworkEngine, Team, train_grpo
from medgrpo.policy.held_out import HeldOut, held_out_figures
from medgrpo.video import encode_png

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_SOURCES = ("CoPESD", "CholecT50", "CoPESD")
_ENDS = (4, 8, 4)


class _Letters:
    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _write(folder: Path, seed: int, spans: bool) -> list[dict[str, Any]]:
    """Three clips of noise with a summary each, or with a question in time."""
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number, (source, end) in enumerate(zip(_SOURCES, _ENDS, strict=True)):
        names = [f"{number}_{frame}.png" for frame in range(4)]
        for name in names:
            (folder / name).write_bytes(encode_png(random.integers(0, 255, (56, 56, 3), dtype=np.uint8)))
        clip = {"video_id": f"v{number}", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "8"}
        said = [{"from": "human", "value": "<video>\nSay."}, {"from": "gpt", "value": ("ace", "dog", "he")[number]}]
        row = {"id": f"v{number}", "qa_type": "video_summary_gpt", "data_source": source, "video": names, "metadata": clip}
        rows.append(row | {"conversations": said})
        if spans:
            rows[-1] |= {"qa_type": "tal", "struc_info": [{"spans": [{"start": 0, "end": end}]}]}
    return rows


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "questions.json").write_text(json.dumps(_write(folder, 0, spans=False)), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three questions in time and three summaries, in a folder of their own with pictures of the same names."""
    folder = tmp_path_factory.mktemp("held")
    rows = [*_write(folder, 7, spans=True), *_write(folder, 7, spans=False)]
    (folder / "held.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder / "held.json"


def _recipe(tiny25: Any, data: Path, held: Path, **held_out: int) -> GrpoRecipe:
    return GrpoRecipe.model_validate(
        {
            "model": {"checkpoint": str(tiny25.folder), "frozen": ["vision"]},
            "data": {
                "questions": str(data / "questions.json"), "tasks": ["video_summary", "temporal_grounding"], "least_pixels": 3136,
                "most_pixels": 3136,
            },
            "rewards": {"normaliser": "none", "captions": {"similarity": 1.0}},
            "rollout": {
                "group_size": 3, "prompts_per_step": 2, "draws_per_step": 4, "most_new_tokens": 8, "prompts_together": 2,
                "prompts_kept": 8,
            },
            "update": {"learning_rate": 1e-3, "mask_overlong": False, "warmup_steps": 3},
            "run": {"steps": 4, "checkpoint_every": 2},
            "stop": {"most_overlong": False, "window": 2},
            "held_out": {"questions": str(held), "every": 3, "answers": 2, "most_per_key": 1} | held_out,
        }
    )  # fmt: skip


def _quiet(title: str, done: int, total: int) -> None:
    del title, done, total


def _run(recipe: GrpoRecipe, out: Path, stop: Any = lambda: False) -> None:
    train_grpo(recipe, out, _quiet, stop, _Letters())


def _lines(out: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_they_are_asked_at_the_start_on_the_way_and_at_the_end_also_of_a_resumed_run(
    tiny25: Any, data: Path, held: Path, tmp_path: Path
) -> None:
    recipe = _recipe(tiny25, data, held)
    _run(recipe, tmp_path / "whole")
    lines = _lines(tmp_path / "whole", "held_out.jsonl")
    assert [line["step"] for line in lines] == [0, 3, 4]
    for line in lines:
        assert set(line["keys"]) == {"CoPESD/temporal_grounding", "CholecT50/temporal_grounding"}  # captions are not asked
        for row in line["keys"].values():
            assert (row["questions"], row["answers"], row["unreadable"], row["raw"], row["each"]) == (1, 2, 1.0, 0.0, [0.0])
    asked = iter([False, False, False, True])
    with pytest.raises(Interrupted):
        _run(recipe, tmp_path / "stopped", stop=lambda: next(asked))
    _run(recipe, tmp_path / "stopped")
    assert _lines(tmp_path / "stopped") == _lines(tmp_path / "whole")
    assert _lines(tmp_path / "stopped", "held_out.jsonl") == lines


def test_prompts_of_two_files_with_the_same_keys_are_kept_apart(tiny25: Any, data: Path, held: Path, tmp_path: Path) -> None:
    kept = Kept()
    train_grpo(_recipe(tiny25, data, held), tmp_path / "run", _quiet, lambda: False, _Letters(), kept=kept)
    found = [(key, encoded.clips[0].key) for key, encoded in kept.prompts._held.items()]
    assert len(found) == len({clip for _, clip in found}) == 3 + 2  # all of training, the first of each key held out
    assert len({key[-1] for key, _ in found}) == 3  # by their places in the files they have the same names


def test_answers_are_scored_against_their_own_question(tiny25: Any, data: Path, held: Path, monkeypatch: Any) -> None:
    recipe = _recipe(tiny25, data, held, most_per_key=9)
    monkeypatch.setattr(type(tiny25.encoder), "decode", lambda self, ids: "0.0-4.0 seconds.")
    asking = HeldOut(recipe, tiny25.encoder)
    found = asking.ask(NetworkEngine(tiny25.policy()), lambda question: tiny25.encoded(seed=question.record.index))
    figures = held_out_figures(found)
    assert figures["CoPESD/temporal_grounding"]["each"] == [1.0, 1.0]
    assert figures["CholecT50/temporal_grounding"] | {"length": 0, "overlong": 0} == {
        "questions": 1, "answers": 2, "raw": 0.5, "unreadable": 0.0, "each": [0.5], "length": 0, "overlong": 0,
    }  # fmt: skip


def test_two_processes_ask_each_its_share_and_find_what_one_finds(
    tiny25: Any, data: Path, held: Path, monkeypatch: Any, in_processes: Any
) -> None:
    asking = HeldOut(_recipe(tiny25, data, held, most_per_key=9), tiny25.encoder)
    engine = NetworkEngine(tiny25.policy())
    # an answer is worth what its tokens say, so that other draws would have other scores
    monkeypatch.setattr(type(tiny25.encoder), "decode", lambda self, ids: f"0.0-{1 + sum(ids) % 97 / 10} seconds.")

    def ask(team: Team) -> tuple[Any, list[int]]:
        read: list[int] = []

        def encode(question: Any) -> Any:
            read.append(question.record.index)
            return tiny25.encoded(seed=question.record.index)

        return held_out_figures(asking.ask(engine, encode, team)), read

    expected, _ = ask(Team())
    scores = [score for row in expected.values() for score in row["each"]]
    assert len(set(scores)) == 3
    first, second = (one.value for one in in_processes(2, ask))
    assert first[0] == second[0] == expected
    assert (first[1], second[1]) == ([0, 1], [2])


def test_captions_alone_are_refused(tiny25: Any, data: Path, held: Path, tmp_path: Path) -> None:
    recipe = _recipe(tiny25, data, held)
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"tasks": ("video_summary",)})})
    with pytest.raises(InputError, match=r"every task of data\.tasks is a caption"):
        _run(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()
