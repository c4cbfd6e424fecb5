from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.core import InputError
from medgrpo.experiments import SAME, Run, changed, over_seeds, planned, recipe_of, run_figures, study_figures, tables, write_study
from medgrpo.policy import GrpoRecipe

_BASE = GrpoRecipe.model_validate(
    {"model": {"checkpoint": "m"}, "data": {"questions": "q.json"}, "rewards": {"normaliser": "none"}, "run": {"steps": 2}}
)


def test_the_grid_has_every_cell_once_and_twins_come_last() -> None:
    runs = planned(3)
    assert len(runs) == len(set(runs)) == 36
    cells = [(run.normaliser, run.scale) for run in runs]
    assert len(set(cells[:24])) == 8
    assert not SAME - {("none", "group")} & set(cells[:24])
    assert set(cells[24:]) == SAME - {("none", "group")}
    assert [run.seed for run in runs[:9]] == [0] * 8 + [1]


def test_students_interval_by_hand() -> None:
    mean, interval = over_seeds([0.1, 0.2, 0.3])
    half = 4.303 * 0.1 / 3**0.5
    assert mean == pytest.approx(0.2)
    assert interval == pytest.approx((0.2 - half, 0.2 + half))
    assert over_seeds([0.4]) == (0.4, None)
    with pytest.raises(ValueError, match="got 0"):
        over_seeds([])


def test_a_change_that_every_question_shares_has_no_width() -> None:
    assert changed([0.5, 0.1, 0.3], [0.4, 0.0, 0.2]) == pytest.approx((-0.1, -0.1))
    low, high = changed([0.0] * 50, [1.0, 0.0] * 25)
    assert 0.3 < low < 0.45 < 0.55 < high < 0.7


def _write(folder: Path, start: list[float], end: list[float], unreadable: tuple[float, float], entropy: float) -> None:
    folder.mkdir(parents=True)

    def row(each: list[float], share: float) -> dict[str, Any]:
        return {"each": each, "raw": sum(each) / len(each), "unreadable": share}

    steady = row([0.3, 0.5], 0.0)
    moments = [(0, start, unreadable[0]), (2, end, unreadable[1])]
    held = [{"step": step, "keys": {"A/t": steady, "B/t": row(each, share)}} for step, each, share in moments]
    figures = {"raw": 0.5, "entropy": entropy, "advantage": 0.8}
    steps = [{"step": step, "seconds": {"collect": 1.0, "update": 0.5}, "keys": {"A/t": figures}} for step in range(2)]
    for name, lines in (("held_out.jsonl", held), ("metrics.jsonl", steps)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("end", "unreadable", "entropy", "declined", "collapse"),
    [
        ([0.4, 0.6, 0.5], (0.0, 0.0), 0.5, False, []),
        ([0.3, 0.5, 0.4], (0.0, 0.0), 0.5, True, []),
        ([0.1, 0.3, 0.2], (0.0, 0.0), 0.5, True, ["B/t: 0.500 -> 0.200"]),
        ([0.4, 0.6, 0.5], (0.3, 0.6), 0.5, False, ["B/t: 0.60 unreadable"]),
        ([0.4, 0.6, 0.5], (0.5, 0.6), 0.5, False, []),
        ([0.4, 0.6, 0.5], (0.0, 0.0), 0.01, False, ["entropy 0.010"]),
    ],
)
def test_decline_and_collapse(tmp_path: Path, end, unreadable, entropy, declined, collapse) -> None:
    run = Run("none", "batch", 1)
    _write(tmp_path / run.name, [0.4, 0.6, 0.5], end, unreadable, entropy)
    found = run_figures(_BASE, tmp_path, run)
    assert found["keys"]["B/t"]["declined"] is declined
    assert found["keys"]["A/t"]["declined"] is False
    assert found["collapse"] == collapse
    assert found["moments"] == [0, 2]
    assert found["mean"] == pytest.approx([(0.4 + 0.5) / 2, (0.4 + sum(end) / 3) / 2], abs=1e-4)
    assert found["worst_change"] == pytest.approx(min(0.0, sum(end) / 3 - 0.5), abs=1e-4)
    assert found["seconds"] == 3.0


def test_a_study_says_what_is_there_and_what_is_missing(tmp_path: Path) -> None:
    runs = [Run("none", "none", 0), Run("none", "none", 1), Run("ema", "group", 0)]
    _write(tmp_path / "none-none-0", [0.4, 0.6], [0.1, 0.1], (0.0, 0.0), 0.5)
    _write(tmp_path / "none-none-1", [0.4, 0.6], [0.5, 0.7], (0.0, 0.0), 0.5)
    with pytest.raises(InputError, match=r"none-none-0: was made from another recipe \(data, "):
        study_figures(_BASE, tmp_path, runs)
    for run in runs[:2]:
        (tmp_path / run.name / "recipe.json").write_text(recipe_of(_BASE, run).model_dump_json(), encoding="utf-8")
    study = study_figures(_BASE, tmp_path, runs)
    assert study["missing"] == ["ema-group-0"]
    assert len(study["cells"]) == 1
    cell = study["cells"][0]
    assert (cell["seeds"], cell["declines"], cell["collapses"]) == (2, 1, 1)
    assert cell["key_gains"]["B/t"]["mean"] == pytest.approx((-0.4 + 0.1) / 2)
    told = write_study(_BASE, tmp_path, runs)
    assert told == tables(study)
    assert "| none | none | 2 |" in told
    assert "Not finished: ema-group-0." in told
    assert json.loads((tmp_path / "study.json").read_text(encoding="utf-8")) == study
    for name in ("overview.svg", "by-key.svg"):
        drawing = (tmp_path / name).read_text(encoding="utf-8")
        assert drawing.count("<circle") == 2 * (3 if name == "overview.svg" else 2)
        assert "none / none" in drawing
