"""Tiny checkpoints, built once, and clips of noise."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from medgrpo.models import TINY_KINDS, TinyKind, build_tiny
from medgrpo.video import SampledClip

ClipMaker = Callable[..., SampledClip]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[TinyKind, Path]:
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    pytest.importorskip("transformers", reason="needs the extra `models`")
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny")
    return {kind: build_tiny(kind, folder / kind) for kind in TINY_KINDS}


@pytest.fixture
def noise() -> ClipMaker:
    def make(
        frames: int = 4, rate: str = "2", width: int = 84, height: int = 56, seed: int = 0, seconds: tuple[float, ...] | None = None
    ) -> SampledClip:
        random = np.random.default_rng(seed)
        images = tuple(random.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(frames))
        times = seconds or tuple(float(one / Fraction(rate)) for one in range(frames))
        return SampledClip(f"noise{seed}", images, times, Fraction(rate), 854, 480)

    return make
