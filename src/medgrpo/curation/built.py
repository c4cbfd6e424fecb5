"""What a build says of itself: `build.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from medgrpo.core import Config
from medgrpo.curation.agreement import Agreement
from medgrpo.curation.counts import StageCount
from medgrpo.curation.figures import SetFigures
from medgrpo.curation.recipe import Recipe


class UsedSource(Config):
    """A data set of the build. `print` is over its questions after all stages; no time and no path of this machine goes into it."""

    licence: str
    where: str
    questions: int
    sha256: str


class Split(Config):
    """Recordings (not questions) on both sides. `distinct` counts one operation once, however many sources show it."""

    videos: int
    distinct: int
    test: int
    asked_test_share: float


class Built(Config):
    """Everything that the report shows. No time of day: the same sources, recipe and version give the same bytes."""

    format: Literal["medgrpo-build/1"] = "medgrpo-build/1"
    medgrpo_version: str
    recipe: Recipe
    sources: dict[str, UsedSource]
    licence: str
    stages: list[StageCount]
    by_source: dict[str, list[StageCount]]
    split: Split
    sets: dict[str, SetFigures]
    models: list[object] = Field(default_factory=list[object])
    """Cards of the two models that described clips, and the sentence model that compared them; [] where templates stand alone."""
    agreement: Agreement | None = None


def licence_note(licences: list[tuple[str, str]]) -> str:
    """What binds who uses the built files, given (source, licence): a non-commercial or share-alike source binds the whole."""
    bound = [f"{name} ({licence})" for name, licence in licences if any(word in licence for word in ("NC", "SA", "form", "agree"))]
    if not bound:
        return "The files carry the licences of their sources: credit each."
    return (
        f"The files carry the licences of their sources. {', '.join(bound)}: whoever uses or passes on a set with its questions "
        "is bound by its terms (NC: no commercial use; SA: passed on under the same licence)."
    )
