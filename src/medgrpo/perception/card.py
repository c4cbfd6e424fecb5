"""The sidecar of a specialist's ONNX file: what it is, what it was trained on, and the numbers that make it calibrated."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from medgrpo.core import Config, ModelError

Head = Literal["instrument", "verb", "target", "triplet", "phase", "tip"]
HEADS: tuple[Head, ...] = ("instrument", "verb", "target", "triplet", "phase", "tip")


class Platt(Config):
    """Calibrated logit = slope * logit + offset (Platt 1999), fitted on operations that the network had not seen."""

    slope: float = Field(gt=0)
    offset: float


class DomainGate(Config):
    """Distance (a network output, see medgrpo.training.export) up to which a picture counts as of this domain."""

    domain: str
    limit: float = Field(gt=0)


class SpecialistCard(Config):
    """Beside NAME.onnx as NAME.json."""

    name: str
    onnx_sha256: str
    height: int
    width: int
    calibration: dict[Head, Platt]
    memory_seconds: dict[Head, float]
    gates: tuple[DomainGate, ...]
    trained_on: tuple[str, ...]
    data: str
    licence: str
    recipe: dict[str, Any]
    figures: dict[str, Any]
    made_by: str

    @property
    def model_id(self) -> str:
        return f"{self.name}@{self.onnx_sha256[:12]}"


def load_card(onnx: Path) -> SpecialistCard:
    """Read the sidecar of `onnx` and check that it belongs to this very file. ModelError otherwise."""
    side = onnx.with_suffix(".json")
    if not onnx.is_file() or not side.is_file():
        raise ModelError(f"{onnx}: the model or its sidecar {side.name} is missing; train one with `medgrpo train perception`")
    try:
        card = SpecialistCard.model_validate_json(side.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        raise ModelError(f"{side}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    digest = hashlib.sha256(onnx.read_bytes()).hexdigest()
    if digest != card.onnx_sha256:
        raise ModelError(f"{onnx}: SHA-256 is {digest}, the sidecar names {card.onnx_sha256}: the file was changed or mixed up")
    return card
