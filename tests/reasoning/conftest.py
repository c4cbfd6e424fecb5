"""The stream builder for all tests of the room (importlib mode has no sibling imports)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from medgrpo.knowledge import Procedure, load_procedure


@pytest.fixture(scope="session")
def streams() -> ModuleType:
    name = "medgrpo_test_streams"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("streams.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def procedure() -> Procedure:
    return load_procedure("cholecystectomy")
