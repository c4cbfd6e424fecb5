"""The committed caption pairs on which judges are compared. Written and graded by an AI; no clinician has graded them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from medgrpo.core import Config, DataError
from medgrpo.tasks import CaptionPair

Half = Literal["tuning", "held_out", "all"]
AUTHOR = "an AI wrote and graded these pairs; no clinician has"


class Candidate(Config):
    """A caption, how it differs from its reference, and the grade (1 to 5) that a clinician would give, as the author thinks."""

    kind: str
    text: str = Field(min_length=1)
    grade: float = Field(ge=1, le=5)


class Referenced(Config):
    """A reference with its candidates. `world`: laparoscopic, esd, open, nursing, robotic; `source`: whose captions it is like."""

    id: str
    world: str
    source: str
    reference: str = Field(min_length=1)
    candidates: tuple[Candidate, ...] = Field(min_length=2)

    @property
    def held_out(self) -> bool:
        """By the hash of the id, so that all candidates of a reference are in one half."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True, slots=True)
class GradedPair:
    """One pair with what is expected of it; `group` is its reference's id."""

    group: str
    kind: str
    grade: float
    pair: CaptionPair


def load_pairs(half: Half = "all", path: Path | None = None) -> tuple[GradedPair, ...]:
    """The shipped pairs, or those of a file in the same form; DataError names file and line."""
    name = str(path or "caption_pairs.jsonl")
    try:
        text = path.read_text("utf-8") if path else files("medgrpo.judging").joinpath("data/caption_pairs.jsonl").read_text("utf-8")
    except OSError as error:
        raise DataError(name, f"cannot be read: {error.strerror or error}") from error
    found: list[Referenced] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(Referenced.model_validate_json(line))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                raise DataError(f"{name}:{number}", f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}") from error
    return _flat([one for one in found if half == "all" or one.held_out == (half == "held_out")])


def _flat(found: Sequence[Referenced]) -> tuple[GradedPair, ...]:
    return tuple(
        GradedPair(one.id, candidate.kind, candidate.grade, CaptionPair(candidate.text, one.reference))
        for one in found
        for candidate in one.candidates
    )
