"""One small benchmark for all tests of the room (importlib mode has no sibling imports)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from medgrpo.benchmark import RunSettings, Shard, identify_data, read_rows
from medgrpo.models import ModelCard
from tests.benchmark import making as making_module


@pytest.fixture(scope="session")
def making() -> ModuleType:
    return making_module


@pytest.fixture
def data(making: ModuleType, tmp_path: Path) -> Path:
    making.make_data(tmp_path / "data.json", 40)
    return tmp_path / "data.json"


@pytest.fixture
def frames(making: ModuleType, tmp_path: Path) -> Path:
    making.make_frames(tmp_path / "frames", 4)
    return tmp_path / "frames"


@pytest.fixture
def settings_for(data: Path) -> Callable[..., RunSettings]:
    def make(number: int = 1, count: int = 1, name: str = "scripted", seed: int = 0) -> RunSettings:
        return RunSettings(
            medgrpo_version="0",
            model=ModelCard(name=name, backend="scripted", revision="", sampling=None),
            data=identify_data(data, len(read_rows(data))),
            seen="frames",
            max_new_tokens={row.task.card.name: 64 for row in read_rows(data)},
            temperature=0.0,
            seed=seed,
            shots_sha256=None,
            shard=Shard(number=number, count=count),
        )

    return make
