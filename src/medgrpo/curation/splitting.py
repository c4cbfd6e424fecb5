"""Train or test: by recording, by hash, so that nothing that is added later moves a recording from one side to the other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Literal

from medgrpo.core import MedgrpoError
from medgrpo.curation.chance import draw
from medgrpo.curation.recipe import Recipe
from medgrpo.sources import recordings, same_recording

Side = Literal["train", "test"]


def side_of(recipe: Recipe, source: str, video: str) -> Side:
    """The side of a recording, from its name (`same_recording`: two sources that show one operation name it alike) and the seed.

    A recording whose identity is disputed is never tested.
    """
    recording = same_recording(source, video)
    if recording in _disputed():
        return "train"
    return "test" if draw(recipe.seed, "split", recording) < recipe.test_share else "train"


@cache
def _disputed() -> frozenset[str]:
    table = recordings()
    return frozenset(
        same_recording(entry.source, str(number)) for entry in (*table.numbered, *table.renumbered) for number in entry.doubtful
    )


class Leak(MedgrpoError):
    """A recording stands on both sides of the split: a bug of ours, found before anything was written."""


def check_leaks(sides: Iterable[tuple[Side, str, str]]) -> int:
    """Given (side, source, video) of everything that was put in a set, how many recordings there are. Leak when one is on both."""
    seen: dict[str, tuple[Side, str]] = {}
    for side, source, video in sides:
        key = same_recording(source, video)
        before, where = seen.setdefault(key, (side, f"{source} {video}"))
        if before != side:
            raise Leak(f"{source} {video} is in the {side} set, and {where}, the same recording, in the {before} set")
    return len(seen)
