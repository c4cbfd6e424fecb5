"""A generated operation of forty seconds, and the scripted perceiver that understands it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from medgrpo.knowledge import TRIPLETS
from medgrpo.video import VideoWriter
from tests.analysis import scripted as scripted_module

SCRIPT = Path(__file__).with_name("scripted.py")
# seconds, phase, triplet, blue; the black part is a lost view
PLOT = ((10, 0, "grasper,retract,gallbladder", 0.0), (8, 1, "hook,dissect,gallbladder", 0.0), (2, None, "", 0.0),
        (10, 2, "clipper,clip,cystic_duct", 0.2), (10, 3, "hook,dissect,gallbladder", 0.5))  # fmt: skip
RATE = 10


def write_plot(path: Path, plot: tuple[tuple[int, int | None, str, float], ...] = PLOT) -> Path:
    """Red codes the phase, green the triplet, blue the blood; one moving stripe keeps frames from being equal."""
    with VideoWriter(path, 96, 64, RATE) as writer:
        number = 0
        for seconds, phase, name, blue in plot:
            colour = (0.0, 0.0, 0.0)
            if phase is not None:
                triplet = next(triplet for triplet in TRIPLETS if triplet.name == name)
                colour = ((phase + 0.5) / 7, (triplet.index + 0.5) / 100, blue)
            for _ in range(seconds * RATE):
                image = np.full((64, 96, 3), np.array(colour) * 255, dtype=np.uint8)
                if phase is not None:
                    image[:, number % 96] = 255 - image[:, number % 96]
                writer.write(image)
                number += 1
    return path


@pytest.fixture(scope="session")
def scripted() -> ModuleType:
    return scripted_module


@pytest.fixture(scope="session")
def operation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_plot(tmp_path_factory.mktemp("video") / "operation.mp4")


@pytest.fixture(scope="session")
def whole(operation: Path, scripted: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an analysis that nothing interrupted."""
    from medgrpo.analysis import AnalysisOptions, analyze

    out = tmp_path_factory.mktemp("whole")
    analyze(operation, out, AnalysisOptions(), scripted.ScriptedPerceiver())
    return out


@pytest.fixture(scope="session")
def runner() -> list[str]:
    """The command that analyses in a process of its own: add VIDEO, OUT and options."""
    return [sys.executable, str(SCRIPT)]
