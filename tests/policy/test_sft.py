"""The loop of supervised training: what it writes and counts; killed and resumed it goes on to the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.core import InputError, Interrupted, ModelError
from medgrpo.policy import Reader, SftRecipe, read_sft_recipe, train_sft
from medgrpo.video import encode_png

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_ANSWERS = ("ace", "dog", "he lifts it", "cut")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four answered questions from two data sets, of clips of one to four pictures."""
    folder = tmp_path_factory.mktemp("samples")
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number, answer in enumerate(_ANSWERS):
        names = [f"{number}_{frame}.png" for frame in range(number + 1)]
        for name in names:
            (folder / name).write_bytes(encode_png(random.integers(0, 255, (56, 56, 3), dtype=np.uint8)))
        clip = {"video_id": f"v{number}", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "8"}
        said = [{"from": "human", "value": "<video>\nSay."}, {"from": "gpt", "value": answer}]
        source = "CholecT50" if number == 1 else "CoPESD"
        rows.append({"id": f"v{number}", "qa_type": "video_summary_gpt", "data_source": source, "video": names, "metadata": clip})
        rows[-1]["conversations"] = said
    (folder / "questions.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def _recipe(tiny25: Any, folder: Path, questions: str = "questions.json", **changes: dict[str, Any]) -> SftRecipe:
    tables: dict[str, dict[str, Any]] = {
        "model": {"checkpoint": str(tiny25.folder)},
        "data": {"questions": folder / questions, "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 3136},
        "batch": {"samples_per_step": 2, "most_packed_tokens": 200},
        "update": {"learning_rate": 1e-3},
        "run": {"epochs": 3, "checkpoint_every": 2},
    }
    tables["data"]["balance"] = 1.0
    return SftRecipe.model_validate({table: values | changes.get(table, {}) for table, values in tables.items()})


def _quiet(title: str, done: int, total: int) -> None:
    del title, done, total


def _never() -> bool:
    return False


def _lines(out: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "features")} for line in lines]


@pytest.fixture(scope="module")
def whole(tiny25: Any, samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    out = tmp_path_factory.mktemp("run") / "whole"
    done = train_sft(_recipe(tiny25, samples), out, _quiet, _never)
    assert (done.steps, done.model, done.left_out, done.skipped) == (6, out / "model", {}, 0)
    return out


def test_figures_are_per_source_and_task(whole: Path, tiny25: Any) -> None:
    lines = _lines(whole)
    assert [line["step"] for line in lines] == list(range(6))
    assert {key for line in lines for key in line["keys"]} == {"CoPESD/video_summary", "CholecT50/video_summary"}
    letters = sum(len(answer) + 1 for answer in _ANSWERS)  # one token a byte, and the end of the turn
    for first in range(0, 6, 2):
        assert sum(line["answer_tokens"] for line in lines[first : first + 2]) == letters
    for line in lines:
        own = line["keys"].values()
        assert sum(row["answer_tokens"] for row in own) == line["answer_tokens"]
        assert (line["samples"], line["skipped"], line["sequences"] in (1, 2)) == (2, 0, True)
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert [line["learning_rate"] for line in lines] == pytest.approx([1e-3 * (6 - step) / 6 for step in range(6)])


def test_the_trained_model_opens_like_the_one_it_came_from(whole: Path, tiny25: Any) -> None:
    from transformers import AutoModelForImageTextToText

    from medgrpo.models import open_encoder

    trained = AutoModelForImageTextToText.from_pretrained(whole / "model", dtype=torch.float32)
    start = AutoModelForImageTextToText.from_pretrained(tiny25.folder, dtype=torch.float32)
    assert not torch.equal(trained.lm_head.weight, start.lm_head.weight)
    for name, weight in trained.model.visual.named_parameters():  # frozen by default
        assert torch.equal(weight, start.model.visual.get_parameter(name)), name
    assert open_encoder(str(whole / "model")).family == tiny25.encoder.family


def test_killed_between_checkpoints_it_goes_on_to_the_same_numbers(whole: Path, tiny25: Any, samples: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"

    class Killed(BaseException):
        pass

    def kill(title: str, done: int, total: int) -> None:
        if done == 3:  # step 2 is written, the checkpoint knows two steps
            raise Killed

    with pytest.raises(Killed):
        train_sft(_recipe(tiny25, samples), out, kill, _never)
    assert len(_lines(out)) == 3
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 3, "lo')  # cut in the middle of a line
    train_sft(_recipe(tiny25, samples), out, _quiet, _never)
    assert _lines(out) == _lines(whole)
    ours, theirs = (torch.load(folder / "checkpoint.pt", weights_only=True)["trained"] for folder in (out, whole))
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())


def test_asked_to_stop_it_keeps_the_last_step(whole: Path, tiny25: Any, samples: Path, tmp_path: Path) -> None:
    asked = iter([False, True])
    with pytest.raises(Interrupted, match="after step 1 of 6; the same command goes on"):
        train_sft(_recipe(tiny25, samples), tmp_path / "run", _quiet, lambda: next(asked))
    train_sft(_recipe(tiny25, samples), tmp_path / "run", _quiet, _never)
    assert _lines(tmp_path / "run") == _lines(whole)


def test_packing_and_kept_features_change_no_loss(whole: Path, tiny25: Any, samples: Path, tmp_path: Path) -> None:
    recipe = _recipe(tiny25, samples, model={"features": tmp_path / "features"}, batch={"most_packed_tokens": 1000})
    train_sft(recipe, tmp_path / "run", _quiet, _never)
    alone = [line["loss"] for line in _lines(whole)]
    assert {line["sequences"] for line in _lines(tmp_path / "run")} == {1}
    assert [line["loss"] for line in _lines(tmp_path / "run")] == pytest.approx(alone, abs=1e-4)
    assert len(list((tmp_path / "features").rglob("*.pt"))) == 4


def test_adapters_are_trained_alone_and_exported_added_in(tiny25: Any, samples: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText

    frozen = {"frozen": ("tower", "projector", "head"), "lora_rank": 2, "gradient_checkpointing": True}
    recipe = _recipe(tiny25, samples, model=frozen, update={"learning_rate": 1e-2})
    train_sft(recipe, tmp_path / "run", _quiet, _never)
    kept = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["trained"]
    assert all(name.endswith((".up", ".down")) for name in kept)
    lines = _lines(tmp_path / "run")
    assert lines[-1]["loss"] < lines[0]["loss"]
    start, trained = (
        AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
        for folder in (tiny25.folder, tmp_path / "run" / "model")
    )
    changed = {name for name, weight in trained.named_parameters() if not torch.equal(weight, start.get_parameter(name))}
    assert changed
    assert all(name.endswith("_proj.weight") for name in changed)


def test_what_cannot_be_had_is_skipped_by_name_and_counted(tiny25: Any, samples: Path, tmp_path: Path) -> None:
    rows = json.loads((samples / "questions.json").read_text(encoding="utf-8"))
    rows[0]["video"] = ["absent.png"]
    rows[1]["conversations"][1]["value"] = "long " * 60
    rows[3]["conversations"] = rows[3]["conversations"][:1]
    (samples / "broken.json").write_text(json.dumps(rows), encoding="utf-8")
    done = train_sft(_recipe(tiny25, samples, "broken.json", run={"epochs": 1}), tmp_path / "run", _quiet, _never)
    assert done.left_out == {"no gold answer that can be read": 1}
    skipped = {line["key"]: line["reason"] for line in _lines(tmp_path / "run", "skipped.jsonl")}
    assert skipped.keys() == {"CoPESD:0", "CholecT50:1"}
    assert "absent.png" in skipped["CoPESD:0"]
    assert skipped["CholecT50:1"].endswith("tokens, more than batch.most_packed_tokens = 200")
    lines = _lines(tmp_path / "run")
    assert sum(line["skipped"] for line in lines) == done.skipped == 2
    assert sum(row["skipped"] for line in lines for row in line["keys"].values()) == 2


def test_without_one_sample_nothing_is_trained(tiny25: Any, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no sample can be had, the first because \d+ tokens, more than"):
        train_sft(_recipe(tiny25, samples, batch={"most_packed_tokens": 5}), tmp_path / "run", _quiet, _never)


def test_a_model_that_does_not_see_is_refused(tiny25: Any, samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeing = Reader.losses
    monkeypatch.setattr(Reader, "losses", lambda self, samples, blind=False: seeing(self, samples, True))
    with pytest.raises(ModelError, match="the model does not see it, and training would be blind"):
        train_sft(_recipe(tiny25, samples), tmp_path / "run", _quiet, _never)


def test_other_settings_or_other_questions_do_not_go_on(whole: Path, tiny25: Any, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds a run with other settings \(update\)"):
        train_sft(_recipe(tiny25, samples, update={"learning_rate": 1e-4}), whole, _quiet, _never)
    state = torch.load(whole / "checkpoint.pt", weights_only=True)
    state["trained"]["lm_head.weight"] = torch.zeros(3, 3)
    out = tmp_path / "run"
    out.mkdir()
    (out / "recipe.json").write_bytes((whole / "recipe.json").read_bytes())
    torch.save(state, out / "checkpoint.pt")
    with pytest.raises(ModelError, match=r"the checkpoint is of another model: lm_head.weight"):
        train_sft(_recipe(tiny25, samples), out, _quiet, _never)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[run]\nepochs = 1\nseeed = 3", "run.seeed: no such key: did you mean seed?"),
        ('[model]\ncheckpoint = "m"\nfrozen = ["tower"]\nfeatures = "f"', "`tower` and `projector` are both frozen"),
        ('[model]\ncheckpoint = "m"\nfrozen = ["language"]\nlora_rank = 2', "take `language` out of frozen"),
        ('[model]\ncheckpoint = "m"\nfrozen = ["tower", "projector", "language", "head"]', "leaves nothing to train"),
        ("[batch]\nsamples_per_step = 0", "batch.samples_per_step: 0 cannot be: give a whole number of at least 1"),
        ('[data]\nquestions = "q.json"\ntasks = ["poem"]', "no such task: poem"),
    ],
)
def test_a_recipe_says_what_is_wrong_with_it(change: str, said: str, tmp_path: Path) -> None:
    tables = {
        "[model]": '[model]\ncheckpoint = "m"', "[data]": '[data]\nquestions = "q.json"', "[run]": "[run]\nepochs = 1",
    }  # fmt: skip
    tables[change.split("\n")[0]] = change
    (tmp_path / "r.toml").write_text("\n".join(tables.values()), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_sft_recipe(tmp_path / "r.toml")
    assert said in str(error.value)


def test_a_refused_start_does_not_stand_in_the_way_of_a_corrected_recipe(tiny25: Any, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sample can be had"):
        train_sft(_recipe(tiny25, samples, batch={"most_packed_tokens": 5}), tmp_path / "run", _quiet, _never)
    recipe = _recipe(tiny25, samples, run={"epochs": 1})
    assert train_sft(recipe, tmp_path / "run", _quiet, _never).steps == len(_lines(tmp_path / "run"))
    told = json.loads((tmp_path / "run" / "recipe.json").read_text(encoding="utf-8"))
    assert told["batch"] == recipe.batch.model_dump(mode="json")
