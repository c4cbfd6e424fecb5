"""One small case, drawn once for all tests of the room."""

from __future__ import annotations

import pytest

from medgrpo.knowledge import Procedure, load_procedure
from medgrpo.simulation import Case, simulate


@pytest.fixture(scope="session")
def procedure() -> Procedure:
    return load_procedure("laparoscopic_cholecystectomy")


@pytest.fixture(scope="session")
def case(procedure: Procedure) -> Case:
    """Two minutes, seed 7, 320x180, 5 frames a second."""
    return simulate(procedure, 2, 7, size_wh=(320, 180), frame_rate=5)
