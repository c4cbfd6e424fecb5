"""The stream builder for all tests of the room (importlib mode has no sibling imports)."""

from __future__ import annotations

from types import ModuleType

import pytest

from medgrpo.knowledge import Procedure, load_procedure
from tests.reasoning import streams as streams_module


@pytest.fixture(scope="session")
def streams() -> ModuleType:
    return streams_module


@pytest.fixture(scope="session")
def procedure() -> Procedure:
    return load_procedure("cholecystectomy")
