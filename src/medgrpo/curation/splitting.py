"""Train or test: by recording, by hash, so that nothing that is added later moves a recording from one side to the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from medgrpo.core import MedgrpoError
from medgrpo.curation.chance import draw
from medgrpo.curation.recipe import Recipe

Side = Literal["train", "test"]


def side_of(recipe: Recipe, recording: str) -> Side:
    """The side of a recording (see `recording_key`), from its name and the seed alone."""
    return "test" if draw(recipe.seed, "split", recording) < recipe.test_share else "train"


def recording_key(source: str, video: str) -> str:
    """One name for one recording, whatever a source calls it: two sources that share an operation give it the same name."""
    return f"{source}:{video}"


class Leak(MedgrpoError):
    """A recording stands on both sides of the split: a bug of ours, found before anything was written."""


def check_leaks(sides: Iterable[tuple[Side, str, str]]) -> int:
    """Given (side, source, video) of everything that was put in a set, how many recordings there are. Leak when one is on both."""
    seen: dict[str, tuple[Side, str]] = {}
    for side, source, video in sides:
        key = recording_key(source, video)
        before, where = seen.setdefault(key, (side, f"{source} {video}"))
        if before != side:
            raise Leak(f"{source} {video} is in the {side} set, and {where}, the same recording, in the {before} set")
    return len(seen)
