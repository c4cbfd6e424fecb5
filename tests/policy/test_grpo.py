"""The loop: what it writes, what it counts, what stops it; killed and resumed it goes on to the same numbers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import InputError, Interrupted, ModelError
from medgrpo.policy import GrpoRecipe, run_page, train_grpo
from medgrpo.tasks import DIMENSIONS, Rating
from tests.policy.small_run import Letters, lines, never, quiet, run, small_recipe, write_questions

torch = pytest.importorskip("torch", reason="needs the extra `models`")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_questions(tmp_path_factory.mktemp("data"))


def _recipe(tiny25, folder: Path, questions: str = "questions.json", **changes) -> GrpoRecipe:
    return small_recipe(tiny25.folder, folder, questions, **changes)


@pytest.fixture(scope="module")
def whole(tiny25, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupted."""
    out = tmp_path_factory.mktemp("run") / "whole"
    done = run(_recipe(tiny25, data), out)
    assert (done.steps, done.stopped, done.model) == (4, (), out / "model")
    return out


def test_figures_are_per_source_and_task(whole: Path) -> None:
    told = lines(whole)
    assert [line["step"] for line in told] == [0, 1, 2, 3]
    assert {key for line in told for key in line["keys"]} == {"CoPESD/video_summary", "CholecT50/video_summary"}
    for line in told:
        assert line["loss"] is not None
        assert line["gradient_norm"] > 0
        assert line["alarms"] == []
        for row in line["keys"].values():
            assert row["answers"] == 3 * row["groups"]
            assert row["drift"] is None or row["drift"] <= row["worst_drift"] < 1e-4
            assert 1 <= row["length"] <= 8
    assert [line["learning_rate"] for line in told[:3]] == pytest.approx([2e-3 / 3, 1e-3, 1e-3])


def test_the_trained_model_opens_like_the_one_it_came_from(whole: Path, tiny25) -> None:
    from transformers import AutoModelForImageTextToText

    from medgrpo.models import open_encoder

    trained = AutoModelForImageTextToText.from_pretrained(whole / "model", dtype=torch.float32)
    moved = (trained.lm_head.weight - tiny25_start(tiny25).lm_head.weight).abs().max().item()
    assert moved > 0
    assert open_encoder(str(whole / "model")).family == tiny25.encoder.family


def tiny25_start(tiny25):
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(tiny25.folder, dtype=torch.float32)


def test_killed_between_checkpoints_it_goes_on_to_the_same_numbers(whole: Path, tiny25, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"

    class Killed(BaseException):
        pass

    def kill(title: str, done: int, total: int) -> None:
        if done == 3:  # step 2 is written, the checkpoint knows two steps
            raise Killed

    with pytest.raises(Killed):
        run(_recipe(tiny25, data), out, kill)
    assert len(lines(out)) == 3
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"step": 3, "lo')  # cut in the middle of a line
    run(_recipe(tiny25, data), out)
    assert lines(out) == lines(whole)
    assert lines(out, "samples.jsonl") == lines(whole, "samples.jsonl")
    ours, theirs = (torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (out, whole))
    assert all(torch.equal(ours["network"][name], value) for name, value in theirs["network"].items())


def test_asked_to_stop_it_keeps_the_last_step(whole: Path, tiny25, data: Path, tmp_path: Path) -> None:
    asked = iter([False, True])
    with pytest.raises(Interrupted, match="after step 1 of 4; the same command goes on"):
        run(_recipe(tiny25, data), tmp_path / "run", stop=lambda: next(asked))
    run(_recipe(tiny25, data), tmp_path / "run")
    assert lines(tmp_path / "run") == lines(whole)


def test_the_running_spread_is_kept_over_a_restart(tiny25, data: Path, tmp_path: Path) -> None:
    recipe = _recipe(tiny25, data, rewards={"normaliser": "ema", "scale": "none"})
    run(recipe, tmp_path / "whole")
    asked = iter([False, False, True])
    with pytest.raises(Interrupted):
        run(recipe, tmp_path / "stopped", stop=lambda: next(asked))
    run(recipe, tmp_path / "stopped")
    assert lines(tmp_path / "stopped") == lines(tmp_path / "whole")
    averages = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)["averages"]
    assert set(averages) == {"CoPESD/video_summary", "CholecT50/video_summary"}


def test_another_recipe_does_not_go_on_in_the_same_folder(whole: Path, tiny25, data: Path) -> None:
    with pytest.raises(InputError, match=r"holds a run with other settings \(update\)"):
        run(_recipe(tiny25, data, update={"learning_rate": 1e-4}), whole)


def test_several_updates_per_rollout_clip_against_the_policy_that_spoke(tiny25, data: Path, tmp_path: Path) -> None:
    recipe = _recipe(
        tiny25, data, update={"updates_per_rollout": 3, "learning_rate": 1e-2, "kl": 0.1, "warmup_steps": 0}, run={"steps": 2}
    )
    run(recipe, tmp_path / "run")
    rows = [row for line in lines(tmp_path / "run") for row in line["keys"].values() if row["kl"] is not None]
    assert rows
    assert max(row["kl"] for row in rows) > 0  # the second step starts away from the start


def test_a_clip_that_cannot_be_read_is_skipped_by_name_and_counted(tiny25, data: Path, tmp_path: Path) -> None:
    rows = json.loads((data / "questions.json").read_text(encoding="utf-8"))
    rows[0]["video"][1] = "absent.png"
    (data / "broken.json").write_text(json.dumps(rows), encoding="utf-8")
    run(_recipe(tiny25, data, "broken.json"), tmp_path / "run")
    skipped = lines(tmp_path / "run", "skipped.jsonl")
    assert skipped
    assert all(line["key"] == "CoPESD:0" and "absent.png" in line["reason"] for line in skipped)
    told = lines(tmp_path / "run")
    assert sum(line["skipped"] for line in told) == len(skipped)
    assert sum(row["skipped"] for line in told for row in line["keys"].values()) == len(skipped)
    assert all(line["drawn"] <= 4 for line in told)


def test_questions_that_are_left_out_are_told_before_the_first_step_and_in_the_report(tiny25, data: Path, tmp_path: Path) -> None:
    rows = json.loads((data / "questions.json").read_text(encoding="utf-8"))
    rows += [rows[0] | {"qa_type": "next_action"}, {"id": 3}]
    (data / "more.json").write_text(json.dumps(rows), encoding="utf-8")
    told: list[str] = []
    with pytest.raises(Interrupted):
        train_grpo(_recipe(tiny25, data, "more.json"), tmp_path / "run", quiet, lambda: True, Letters(), tell=told.append)
    assert told == [
        "1 questions left out: a task that the recipe leaves out", "1 questions left out: not a whole record",
    ]  # fmt: skip
    run(_recipe(tiny25, data, "more.json", run={"steps": 1}), tmp_path / "one")
    assert "3 questions, 1 left out: a task that the recipe leaves out, 1 left out: not a whole" in run_page(tmp_path / "one")


def test_without_one_readable_clip_nothing_is_trained(tiny25, data: Path, tmp_path: Path) -> None:
    rows = [{**row, "video": ["absent.png"]} for row in json.loads((data / "questions.json").read_text(encoding="utf-8"))]
    (data / "absent.json").write_text(json.dumps(rows), encoding="utf-8")
    with pytest.raises(InputError, match="no question's clip can be read"):
        run(_recipe(tiny25, data, "absent.json"), tmp_path / "run")


def test_groups_without_spread_are_replaced_counted_and_end_therun(tiny25, data: Path, tmp_path: Path) -> None:
    rows = json.loads((data / "questions.json").read_text(encoding="utf-8"))
    for row in rows:  # noise never gives a readable span, so that all score 0
        row |= {"qa_type": "tal", "struc_info": [{"spans": [{"start": 0, "end": 4}]}]}
    (data / "spans.json").write_text(json.dumps(rows), encoding="utf-8")
    recipe = _recipe(tiny25, data, "spans.json", data={"tasks": ["temporal_grounding"]}, stop={"most_unreadable": False})
    done = run(recipe, tmp_path / "run")
    assert (done.steps, done.model) == (2, None)
    assert done.stopped[0].startswith("zero_spread 1 over 2 steps, above stop.most_zero_spread")
    for line in lines(tmp_path / "run"):
        assert (line["drawn"], line["zero_spread_groups"], line["groups"], line["loss"]) == (4, 4, 0, None)


def test_answers_that_the_budget_cut_are_not_in_the_loss(tiny25, data: Path, tmp_path: Path) -> None:
    run(_recipe(tiny25, data, update={"mask_overlong": True}, run={"steps": 1, "seed": 3}), tmp_path / "run")
    line = lines(tmp_path / "run")[0]
    assert line["groups"] == 2
    assert line["loss"] is None
    assert {row["overlong"] for row in line["keys"].values()} == {1.0}


def test_a_budget_below_the_references_is_refused(tiny25, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"most_new_tokens is 3, but the reference of CoPESD:0 \(video_summary\) has 4"):
        run(_recipe(tiny25, data, rollout={"most_new_tokens": 3}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_missing_calibration_key_is_refused_before_anything_is_written(tiny25, data: Path, tmp_path: Path) -> None:
    entry = {"source": "CoPESD", "task": "video_summary", "part": "similarity", "n": 9, "p25": 0.1, "p50": 0.2, "p75": 0.3}
    (tmp_path / "calibration.json").write_text(json.dumps({"checkpoint": "x", "statistics": [entry]}), encoding="utf-8")
    rewards = {"normaliser": "logistic", "calibration": str(tmp_path / "calibration.json")}
    with pytest.raises(InputError, match="no statistics for CholecT50/video_summary/similarity"):
        run(_recipe(tiny25, data, rewards=rewards), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_calibration_without_a_scale_is_refused_before_anything_is_written(tiny25, data: Path, tmp_path: Path) -> None:
    zeros = {"task": "video_summary", "part": "similarity", "n": 9, "p25": 0, "p50": 0, "p75": 0}
    entries = [{"source": "CoPESD", **zeros, "above_zero": 2}, {"source": "CholecT50", **zeros, "above_zero": 0}]
    (tmp_path / "calibration.json").write_text(json.dumps({"checkpoint": "x", "statistics": entries}), encoding="utf-8")
    rewards = {"normaliser": "logistic", "calibration": str(tmp_path / "calibration.json")}
    with pytest.raises(InputError, match=r"no answer scored above 0 for CholecT50/video_summary/similarity \(9 answers\)"):
        run(_recipe(tiny25, data, rewards=rewards), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_part_that_nobody_can_measure_is_refused(tiny25, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the part `judge` needs a judge"):
        run(_recipe(tiny25, data, rewards={"captions": {"judge": 1.0}}), tmp_path / "run")


class _Alphabet:
    """How much of a text is letters."""

    name = "alphabet"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        letters = np.array([[sum(map(str.isalpha, text)), sum(not one.isalpha() for one in text)] for text in texts], np.float32)
        return (letters + 0.3) / np.linalg.norm(letters + 0.3, axis=1, keepdims=True)


def test_what_is_rewarded_becomes_more(tiny25, data: Path, tmp_path: Path) -> None:
    recipe = _recipe(
        tiny25,
        data,
        rollout={"group_size": 6, "prompts_per_step": 2, "draws_per_step": 2, "most_new_tokens": 5},
        update={"learning_rate": 1e-2, "warmup_steps": 0},
        run={"steps": 14, "checkpoint_every": 100},
        stop={"window": 100},
    )
    train_grpo(recipe, tmp_path / "run", quiet, never, _Alphabet())
    rewards = [np.mean([row["reward"] for row in line["keys"].values()]) for line in lines(tmp_path / "run")]
    assert np.mean(rewards[-4:]) > np.mean(rewards[:4]) + 0.15


class _Moody:
    """A judge that rates by length and fails on every third pair; slowly, so that it runs beside the sampling."""

    name = "moody"

    def __init__(self) -> None:
        self.asked = 0

    async def rate(self, pairs):
        await asyncio.sleep(0.01)
        rated = []
        for pair in pairs:
            self.asked += 1
            grade = 1 + len(pair.prediction.split()) % 5
            rated.append(None if self.asked % 3 == 0 else Rating(dict.fromkeys(DIMENSIONS, grade)))
        return rated


def test_a_judge_that_fails_leaves_answers_unscored_and_counted(tiny25, data: Path, tmp_path: Path) -> None:
    judge = _Moody()
    recipe = _recipe(tiny25, data, rewards={"captions": {"similarity": 0.5, "judge": 0.5}}, run={"steps": 2})
    train_grpo(recipe, tmp_path / "run", quiet, never, Letters(), judge)
    rows = [row for line in lines(tmp_path / "run") for row in line["keys"].values()]
    assert sum(row["unscored"] for row in rows) == judge.asked // 3 > 0
    samples = [answer for line in lines(tmp_path / "run", "samples.jsonl") for answer in line["answers"]]
    assert all(answer["advantage"] == 0 for answer in samples if answer["reward"] is None)
    assert json.loads((tmp_path / "run" / "recipe.json").read_text(encoding="utf-8"))["judge"] == "moody"


def test_a_checkpoint_of_another_geometry_is_refused(whole: Path, tiny25, data: Path, tmp_path: Path) -> None:
    import shutil

    out = tmp_path / "run"
    shutil.copytree(whole, out)
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    state["network"]["lm_head.weight"] = torch.zeros(3, 3)
    torch.save(state, out / "checkpoint.pt")
    with pytest.raises(ModelError, match="the checkpoint is of another model"):
        run(_recipe(tiny25, data), out)
    (out / "checkpoint.pt").write_bytes((out / "checkpoint.pt").read_bytes()[:1000])
    with pytest.raises(ModelError, match="cannot be read as a checkpoint"):
        run(_recipe(tiny25, data), out)
