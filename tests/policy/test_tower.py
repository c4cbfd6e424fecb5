"""The tower's targets and loss by hand, and a run that learns where a drawn instrument is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from medgrpo.core import InputError, Span
from medgrpo.policy import train_tower
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
    assert (tmp_path / "after" / "model.safetensors").exists()
    with pytest.raises(InputError, match="already there"):
        run("after", 1)
