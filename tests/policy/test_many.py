"""A run in two processes: the same numbers as in one, whoever has what; killed it goes on; nobody waits for a dead one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import InputError, ModelError
from medgrpo.policy import (
    ALONE,
    Group,
    GrpoRecipe,
    Idle,
    Sampled,
    SftRecipe,
    Team,
    UpdateSettings,
    accumulate,
    dealt,
    sample_group,
    spread_over,
    train_grpo,
    train_sft,
    update_weights,
)
from medgrpo.video import encode_png

torch = pytest.importorskip("torch", reason="needs the extra `models`")

_SPREADS = ("replicate", "shard")
_SOURCES = ("CoPESD", "CoPESD", "CholecT50", "CoPESD", "AVOS")


class _Letters:
    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five answered questions from three data sets, clips of one to three pictures; AVOS's only one has none that can be read."""
    folder = tmp_path_factory.mktemp("many")
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number, source in enumerate(_SOURCES):
        names = [f"{number}_{frame}.png" for frame in range(1 + number % 3)]
        for name in names if source != "AVOS" else ():
            (folder / name).write_bytes(encode_png(random.integers(0, 255, (56, 56, 3), dtype=np.uint8)))
        clip = {"video_id": f"v{number}", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "8"}
        said = [{"from": "human", "value": "<video>\nSay."}, {"from": "gpt", "value": "he lifts it"[: 3 + 2 * number]}]
        rows.append({"id": f"v{number}", "qa_type": "video_summary_gpt", "data_source": source, "video": names, "metadata": clip})
        rows[-1]["conversations"] = said
    (folder / "questions.json").write_text(json.dumps(rows), encoding="utf-8")
    asked = [row | {"qa_type": "tal", "struc_info": [{"spans": [{"start": 0, "end": 4}]}]} for row in rows[:4]]
    (folder / "held.json").write_text(json.dumps(asked), encoding="utf-8")
    return folder


def _together(tiny25: Any, data: Path, spread: str = "replicate") -> GrpoRecipe:
    """Prompts sampled in twos and kept, the tower frozen, questions held out: three of them a step, so that a block has one."""
    return _grpo(
        tiny25,
        data,
        spread,
        model={"frozen": ["vision"]},
        data={"tasks": ["video_summary", "temporal_grounding"]},
        rollout={"prompts_together": 2, "prompts_kept": 8},
        held_out={"questions": str(data / "held.json"), "every": 2, "answers": 2, "most_per_key": 2},
    )


def _grpo(tiny25: Any, folder: Path, spread: str = "replicate", **changes: dict[str, Any]) -> GrpoRecipe:
    tables: dict[str, dict[str, Any]] = {
        "model": {"checkpoint": str(tiny25.folder)},
        "data": {"questions": folder / "questions.json", "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 3136},
        "rewards": {"normaliser": "ema", "captions": {"similarity": 1.0}, "scale": "none"},
        "rollout": {"group_size": 3, "prompts_per_step": 3, "draws_per_step": 6, "most_new_tokens": 12},
        "update": {"learning_rate": 1e-3, "mask_overlong": False, "most_packed_tokens": 40},
        "run": {"steps": 4, "checkpoint_every": 2, "spread": spread},
        "stop": {"most_overlong": False},
        "held_out": {},
    }
    return GrpoRecipe.model_validate({table: values | changes.get(table, {}) for table, values in tables.items()})


def _sft(tiny25: Any, data: Path, spread: str = "replicate", **changes: dict[str, Any]) -> SftRecipe:
    tables: dict[str, dict[str, Any]] = {
        "model": {"checkpoint": str(tiny25.folder), "frozen": []},
        "data": {"questions": data / "questions.json", "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 3136},
        "batch": {"samples_per_step": 3, "most_packed_tokens": 160},
        "update": {"learning_rate": 1e-3},
        "run": {"epochs": 2, "checkpoint_every": 2, "spread": spread},
    }
    return SftRecipe.model_validate({table: values | changes.get(table, {}) for table, values in tables.items()})


_RECIPES: dict[str, Any] = {"grpo": _grpo, "together": _together, "sft": _sft}


def _quiet(title: str, done: int, total: int) -> None:
    del title, done, total


def _never() -> bool:
    return False


def _train(recipe: Any, out: Path, team: Team = ALONE, progress: Any = _quiet) -> None:
    if isinstance(recipe, SftRecipe):
        train_sft(recipe, out, progress, _never, team)
    else:
        train_grpo(recipe, out, progress, _never, _Letters(), None, team)


def _lines(out: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    if not (out / name).exists():
        return []
    lines = [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key not in ("seconds", "sequences")} for line in lines]


def _near(first: Any, second: Any, where: str = "") -> None:
    """Equal but for the rounding of numbers."""
    if isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key, value in first.items():
            _near(value, second[key], f"{where}/{key}")
    elif isinstance(first, list):
        assert len(first) == len(second), where
        for place, value in enumerate(first):
            _near(value, second[place], f"{where}/{place}")
    elif isinstance(first, float):
        assert second == pytest.approx(first, rel=1e-4, abs=1e-5), where
    else:
        assert first == second, where


def _weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.fixture(scope="module")
def alone(tiny25: Any, data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both kinds of run in one process."""
    out = tmp_path_factory.mktemp("alone")
    for kind, recipe in _RECIPES.items():
        _train(recipe(tiny25, data), out / kind)
    return {kind: out / kind for kind in _RECIPES}


@pytest.mark.parametrize("spread", _SPREADS)
@pytest.mark.parametrize("kind", list(_RECIPES))
def test_two_processes_train_what_one_trains(
    kind: str, spread: str, alone: dict[str, Path], tiny25: Any, data: Path, tmp_path: Path, in_processes: Any
) -> None:
    recipe = _RECIPES[kind](tiny25, data, spread)
    out = tmp_path / "run"
    ended = in_processes(2, lambda team: _train(recipe, out, team))
    assert [one.said for one in ended] == ["", ""]
    lines = _lines(alone[kind])
    assert sum(line["skipped"] for line in lines) > 0  # a clip that fails, on one of the two
    assert len({tuple(line["keys"]) for line in lines}) > 1  # a key that not every step, and so not every process, has
    for name in ("metrics.jsonl", "samples.jsonl", "held_out.jsonl", "skipped.jsonl"):
        _near(_lines(alone[kind], name), _lines(out, name), name)
    assert [line["step"] for line in _lines(out, "held_out.jsonl")] == ([0, 2, 4] if kind == "together" else [])
    ours, theirs = _weights(out / "model"), _weights(alone[kind] / "model")
    start = _weights(tiny25.folder)
    assert ours.keys() == theirs.keys() == start.keys()
    for name, value in theirs.items():  # AdamW turns what a tiny gradient lost to rounding into a step of its own size
        assert (ours[name] - value).abs().max() < 5e-4 < 4e-3, name
    assert (ours["lm_head.weight"] - start["lm_head.weight"]).abs().max() > 1e-3


def _two_groups(tiny25: Any) -> tuple[Any, list[Group]]:
    policy = tiny25.policy()
    groups: list[Group] = []
    for seed in (0, 1):
        encoded = tiny25.encoded(seed=seed, frames=4)
        drawn = sample_group(policy, policy.prompt(encoded), 4, 10, torch.Generator().manual_seed(3))
        cut = tuple(Sampled(one.token_ids[: 3 + k], one.logprobs[: 3 + k], "stop") for k, one in enumerate(drawn))
        groups.append(Group(encoded, cut, (1.0, -0.5, 0.25, -0.75), (True, seed == 0, True, True)))
    return policy, groups


@pytest.mark.parametrize("spread", _SPREADS)
@pytest.mark.parametrize("shares", [([0], [1]), ([1, 0], [])], ids=["one-each", "all-in-one"])
def test_gradients_of_two_processes_are_those_of_one(spread: Any, shares: Any, tiny25: Any, in_processes: Any) -> None:
    _, groups = _two_groups(tiny25)
    settings = UpdateSettings(most_packed_tokens=groups[0].encoded.prompt_tokens + 9)  # several pieces, unlike per process
    lengths = [
        [len(answer.token_ids) if counts else 0 for answer, counts in zip(one.answers, one.counts, strict=True)] for one in groups
    ]
    weights = update_weights("dapo", lengths, 10)

    def gradients(team: Team, kind: Any, own: list[int]) -> tuple[float, float, dict[str, Any]]:
        from medgrpo.policy import Policy

        lies = spread_over(tiny25.network, team, kind)
        policy = Policy(tiny25.network, tiny25.encoder.vision.all, [tiny25.encoder.end_of_turn], "maximum", through=lies.through)
        idle = Idle(tiny25.encoded(seed=0, frames=4), lies.rounds)
        tiny25.network.zero_grad()
        here = [groups[place] for place in own]
        figures = accumulate(policy, here, settings, 10, None, None, [weights[place] for place in own], idle)
        trained = dict(tiny25.network.named_parameters())
        lies.sum_gradients(trained.values())
        norm = lies.clip(trained.values(), 1.0).item()
        whole = {name: one.grad.full_tensor() if kind == "shard" and team.size > 1 else one.grad for name, one in trained.items()}
        return sum(team.gather(figures.loss)), norm, {name: grad.numpy().copy() for name, grad in whole.items()}

    expected_loss, expected_norm, expected = gradients(ALONE, "replicate", [0, 1])
    ended = in_processes(2, lambda team: gradients(team, spread, shares[team.rank]))
    assert [one.said for one in ended] == ["", ""]
    assert expected_norm > 1  # so that clipping did something
    for one in ended:
        found_loss, norm, found = one.value
        assert found_loss == pytest.approx(expected_loss, abs=1e-5)
        assert norm == pytest.approx(expected_norm, rel=1e-5)
        assert max(np.abs(found[name] - value).max() for name, value in expected.items()) < 1e-6
    tiny25.network.zero_grad()


def test_samples_are_dealt_to_and_fro() -> None:
    assert dealt(5, 2) == [[0, 3, 4], [1, 2]]
    assert dealt(1, 3) == [[0], [], []]


def test_one_question_a_step_leaves_a_process_without_a_group(tiny25: Any, data: Path, tmp_path: Path, in_processes: Any) -> None:
    few = {"rollout": {"prompts_per_step": 1, "draws_per_step": 2}, "run": {"steps": 2}}
    _train(_grpo(tiny25, data, **few), tmp_path / "alone")
    recipe = _grpo(tiny25, data, "shard", **few)
    ended = in_processes(2, lambda team: _train(recipe, tmp_path / "shard", team))
    assert [one.said for one in ended] == ["", ""]
    _near(_lines(tmp_path / "alone"), _lines(tmp_path / "shard"))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "spread"), [("grpo", "replicate"), ("sft", "shard"), ("grpo", "shard")])
def test_killed_two_processes_go_on_to_identical_losses(
    kind: str, spread: str, tiny25: Any, data: Path, tmp_path: Path, in_processes: Any
) -> None:
    recipe = (_grpo if kind == "grpo" else _sft)(tiny25, data, spread)
    whole, out = tmp_path / "whole", tmp_path / "killed"
    assert [one.said for one in in_processes(2, lambda team: _train(recipe, whole, team))] == ["", ""]
    for rank, step in ((0, 1), (1, 3)):  # the first process, then the second; before and after the first checkpoint

        def killed(team: Team, rank: int = rank, step: int = step) -> None:
            from medgrpo.policy import grpo, sft

            room: Any = grpo if kind == "grpo" else sft
            update = room.GrpoRun._update if kind == "grpo" else room.SftRun._update

            def dies(run: Any, *given: Any) -> Any:
                if team.rank == rank and run.step == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return update(run, *given)

            (room.GrpoRun if kind == "grpo" else room.SftRun)._update = dies
            _train(recipe, out, team)

        ended = in_processes(2, killed)
        assert ended[rank] is None
        left = ended[1 - rank]
        assert left.code == 3
        assert "another process of this run ended or does not answer" in left.said
        assert "the same command goes on" in left.said
    assert [one.said for one in in_processes(2, lambda team: _train(recipe, out, team))] == ["", ""]
    for name in ("metrics.jsonl", "samples.jsonl", "skipped.jsonl"):
        assert _lines(out, name) == _lines(whole, name)
    ours, theirs = _weights(out / "model"), _weights(whole / "model")
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())


def _said(ended: Sequence[Any]) -> list[str]:
    """What was said, and that it was said once."""
    assert all(one.code for one in ended)
    return [one.said for one in ended if one.said]


def test_a_checkpoint_that_does_not_fit_is_one_clear_error(tiny25: Any, data: Path, tmp_path: Path, in_processes: Any) -> None:
    recipe, out = _sft(tiny25, data, "shard", run={"epochs": 1}), tmp_path / "run"
    in_processes(2, lambda team: _train(recipe, out, team))
    step = len(_lines(out))
    with pytest.raises(ModelError, match=r"was written by 2 processes \(run.spread = 'shard'\), and this is a run of one process"):
        _train(recipe, out)
    (said,) = _said(in_processes(3, lambda team: _train(recipe, out, team)))
    assert "written by 2 processes (run.spread = 'shard'), and this is a run of 3 processes" in said
    share = out / f"shares-{step}" / "1-of-2.pt"
    whole = share.read_bytes()
    share.write_bytes(whole[:-100])
    (said,) = _said(in_processes(2, lambda team: _train(recipe, out, team)))
    assert f"1-of-2.pt: cannot be read as a checkpoint: it has {len(whole) - 100:,} bytes, not {len(whole):,}" in said
    share.unlink()
    (said,) = _said(in_processes(2, lambda team: _train(recipe, out, team)))
    assert "1-of-2.pt: cannot be read as a checkpoint: it is missing" in said
    share.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))  # of the right size
    (said,) = _said(in_processes(2, lambda team: _train(recipe, out, team)))
    assert "1-of-2.pt: cannot be read as a checkpoint" in said
    state = torch.load(share.with_name("0-of-2.pt"), weights_only=True)
    state["trained"]["lm_head.weight"] = torch.zeros(3, 3)
    torch.save(state, share)
    (told := torch.load(out / "checkpoint.pt", weights_only=True))["shares"]["bytes"][1] = share.stat().st_size
    torch.save(told, out / "checkpoint.pt")
    (said,) = _said(in_processes(2, lambda team: _train(recipe, out, team)))
    assert said.endswith("the checkpoint is of another model: lm_head.weight")


def test_what_is_wrong_in_one_process_ends_both_with_one_line(tiny25: Any, data: Path, tmp_path: Path, in_processes: Any) -> None:
    other = tmp_path / "other"
    shutil.copytree(data, other)
    rows = json.loads((other / "questions.json").read_text(encoding="utf-8"))
    (other / "questions.json").write_text(json.dumps(rows[:3]), encoding="utf-8")

    def unlike(team: Team) -> None:
        _train(_sft(tiny25, data if team.first else other), tmp_path / "run", team)

    (said,) = _said(in_processes(2, unlike))
    assert "has another version, recipe, calibration, judge or questions file than process" in said
    assert not (tmp_path / "run").exists()

    def one_fails(team: Team) -> None:
        if team.rank == 1:
            raise InputError("disc full")
        team.gather(1)

    first, second = in_processes(2, one_fails)
    assert (first.said, first.code) == ("", 3)
    assert (second.said, second.code) == ("disc full", 2)


def test_gradients_are_summed_and_one_that_nobody_has_stays_away(in_processes: Any) -> None:
    def work(team: Team) -> list[Any]:
        weights = [torch.nn.Parameter(torch.zeros(2)) for _ in range(3)]
        weights[0].grad = torch.tensor([1.0, 2.0 + team.rank])
        if team.rank == 1:
            weights[1].grad = torch.tensor([5.0, 6.0])
        team.sum_gradients(weights)
        return [None if weight.grad is None else weight.grad.tolist() for weight in weights]

    assert [one.value for one in in_processes(2, work)] == [[[2.0, 5.0], [5.0, 6.0], None]] * 2


def test_a_process_that_hangs_is_named_when_the_others_have_waited(in_processes: Any, monkeypatch: Any) -> None:
    from medgrpo.policy import team as room

    monkeypatch.setattr(room, "PATIENCE", timedelta(seconds=1.5))

    def work(team: Team) -> None:
        team.gather(0)
        if team.rank == 1:
            time.sleep(3)
        team.gather(1)

    first, second = in_processes(2, work)
    assert first.said.startswith("process 0 of 2: waited 0.025 minutes for process 1, which hangs or is too slow; ")
    assert (first.code, second.code) == (3, 3)
