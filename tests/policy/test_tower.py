"""The tower's targets and loss by hand, and a run that learns where a drawn instrument is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from medgrpo.core import InputError, Interrupted, Span
from medgrpo.policy import TowerFigures, run_lines, train_tower
from medgrpo.policy.tower import Pair, Words, figures_of, tower_loss, truths_of
from medgrpo.simulation import simulate_world, write_world
from medgrpo.sources import SimulatedCase
from medgrpo.sources.simulated import Told
from medgrpo.tasks import PixelBox

WORDS = Words(("cut", "push"), ("driver",), ("Respect for tissue",))


def _pair(second: int) -> Pair:
    segments = ((Span(0, 10), "push"), (Span(10, 20), "cut"))
    told = Told("drawn", segments, ("push", "cut"), ((segments, ()),), (), {"Respect for tissue": 4})
    boxes = {5: {"driver": PixelBox(80, 0, 100, 25)}}
    case = SimulatedCase("one", 20, (100, 50), boxes, {}, told)
    return Pair(case, (5, second), (Path("a"), Path("b")))


def test_what_should_be_said_of_two_pictures() -> None:
    truths = truths_of([_pair(15), _pair(6)], WORDS, (3, 4))
    assert truths.labels.tolist() == [[[0, 1], [1, 0]], [[0, 1], [0, 1]]]
    assert truths.cells[:, :, 0].tolist() == [[3, -1], [3, -1]]  # upper row, last of four columns
    assert truths.corners[0, 0, 0].tolist() == pytest.approx([0.8, 0.0, 1.0, 0.5])
    assert truths.grades.tolist() == [[3], [-1]]  # graded 4, from second 15 of 20 on


def test_the_loss_by_hand() -> None:
    truths = truths_of([_pair(15)], WORDS, (1, 1))
    said = torch.zeros(1, 1, WORDS.outputs)
    said[0, 0, 6:10] = torch.tensor([0.8, 0.0, 0.9, 0.5])  # corners of the first picture, one of them 0.1 off
    bits = (2 + 1) * math.log(2)  # two labels and one instrument, each half believed, per picture
    assert tower_loss(said, truths, WORDS).item() == pytest.approx(bits + 5 * 0.1 + math.log(5), abs=1e-5)


def test_figures_by_hand() -> None:
    truths = truths_of([_pair(15)], WORDS, (1, 1))
    said = torch.zeros(1, 1, WORDS.outputs)
    said[0, 0, 1], said[0, 0, 3] = 1.0, 1.0  # push, push: right in the first picture only
    said[0, 0, 4] = 1.0
    said[0, 0, 6:10] = torch.tensor([0.9, 0.0, 1.0, 0.5])  # half of the box
    figures = figures_of(said, truths, WORDS)
    assert (figures.label, figures.found) == (0.5, 1.0)
    assert figures.overlap == pytest.approx(0.5)


@pytest.mark.slow
def test_it_learns(tmp_path: Path, nano_start: Path) -> None:
    for name, seed in (("cases", 1), ("other", 2)):
        case = simulate_world("bench-suturing", 0.5, seed, size_wh=(160, 120), frame_rate=1)
        write_world(case, tmp_path / name / "a", video=False, frames=True)

    def run(name: str, steps: int) -> object:
        return train_tower(
            tmp_path / "cases", tmp_path / "cases", str(nano_start), tmp_path / name, steps, 0, lambda *_: None, lambda: False
        )

    before, after = run("before", 1), run("after", 25)
    assert getattr(after, "label") > getattr(before, "label") + 0.1  # noqa: B009
    assert (tmp_path / "after" / "model" / "model.safetensors").exists()
    with pytest.raises(InputError, match=r"holds a run with other settings \(steps\)"):
        run("after", 1)


@pytest.mark.slow
def test_killed_or_stopped_it_goes_on_to_the_same_losses(tmp_path: Path, nano_start: Path) -> None:
    case = simulate_world("bench-suturing", 0.5, 1, size_wh=(160, 120), frame_rate=1)
    write_world(case, tmp_path / "cases" / "a", video=False, frames=True)

    def run(name: str, progress: Any = lambda *_: None, stop: Any = lambda: False) -> TowerFigures:
        cases = tmp_path / "cases"
        return train_tower(cases, cases, str(nano_start), tmp_path / name, 6, 0, progress, stop, checkpoint_every=2)

    def losses(name: str) -> list[Any]:
        return run_lines(tmp_path / name, "metrics.jsonl")

    figures = run("whole")
    assert [line["step"] for line in losses("whole")] == list(range(6))

    saved = 0

    def killed() -> bool:  # in the middle of a step, after a line that no checkpoint knows
        nonlocal saved
        saved += 1
        if saved == 4:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        run("killed", stop=killed)
    assert len(losses("killed")) == 3
    assert run("killed") == figures

    asked = iter([False, True])
    with pytest.raises(Interrupted, match="after step 1 of 6; the same command goes on"):
        run("stopped", stop=lambda: next(asked))
    assert run("stopped") == figures
    weights = {name: load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "killed", "stopped")}
    for name in ("killed", "stopped"):
        assert losses(name) == losses("whole")
        assert all(torch.equal(value, weights[name][key]) for key, value in weights["whole"].items())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty and no run"):
        run("other")
