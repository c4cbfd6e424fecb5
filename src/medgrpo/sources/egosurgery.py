"""EgoSurgery: open surgery seen from the surgeon's head; phases (EgoSurgery-Phase), tools and hands in boxes (EgoSurgery-Tool).

Layout, found anywhere under the folder: a CSV `Frame,Phase` per session (`01_1.csv`: `01_1_0001,disinfection`; video 01,
session 1), and COCO files `tool|tools|hand|hands/{train,val,test}.json` with `images` {id, file_name, width, height}, `annotations`
{image_id, category_id, bbox [x, y, width, height] in pixels} and `categories` {id, name}. Known from people who have it (form);
never run on real files. Ids of annotations collide between the three files and are not used. Frames are taken to be numbered
one every two seconds (`RATE`): an assumption.

Fujii et al., MICCAI 2024 (arXiv 2405.19644) and arXiv 2406.03095; CC BY-NC-SA 4.0, by form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.sources.json_file import as_corners, as_list, as_object, as_text, as_whole, load_object
from medgrpo.sources.problem import Problem
from medgrpo.sources.rows import csv_rows
from medgrpo.sources.tracks import pixel_box
from medgrpo.tasks import PixelBox

RATE = Fraction(1, 2)
"""Frames per second, assumed."""
PHASES = (
    "disinfection", "design", "anesthesia", "incision", "dissection", "hemostasis", "irrigation", "closure", "dressing",
)  # fmt: skip
TOOLS = (
    "Bipolar Forceps", "Electric Cautery", "Forceps", "Gauze", "Hook", "Mouth Gag", "Needle Holders", "Raspatory", "Retractor",
    "Scalpel", "Scissors", "Skewer", "Suction Cannula", "Syringe", "Tweezers",
)  # fmt: skip
HANDS = {
    "own hands left": "left hand of the camera's wearer",
    "own hands right": "right hand of the camera's wearer",
    "other hands left": "left hand of another person",
    "other hands right": "right hand of another person",
}
_WORDS = {**{name.lower(): name.lower() for name in TOOLS}, **HANDS}
HELD_OUT = frozenset({"04", "05", "07", "09", "10"})
"""Videos of the official validation and test parts."""
_FRAME = re.compile(r"(\d+_\d+)_(\d{1,9})")
_TOLERANCE_PIXELS = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame with boxes: file name, size in pixels, and (words, box) of what is in it."""

    file: str
    width: int
    height: int
    things: tuple[tuple[str, PixelBox], ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One session of a video (`01_1`). `phases` and `pictures` by frame number, in order; either may be empty."""

    id: str
    phases: Mapping[int, str]
    pictures: Mapping[int, Picture]

    @property
    def train(self) -> bool:
        return self.id.split("_")[0] not in HELD_OUT


def sessions(folder: Path) -> Iterator[Session | Problem]:
    """Every session in order of its id, and each row or box that is not what the format says. DataError when there is none."""
    tables = sorted(folder.rglob("*.csv"))
    boxes = sorted(path for path in folder.rglob("*.json") if path.parent.name in ("tool", "tools", "hand", "hands"))
    if not tables and not boxes:
        raise DataError(folder, "holds no EgoSurgery annotation: expected CSV files with Frame,Phase or tool/train.json")
    phases: dict[str, dict[int, str]] = {}
    pictures: dict[str, dict[int, Picture]] = {}
    for path in tables:
        yield from _phases(path, phases)
    for path in boxes:
        yield from _boxes(path, pictures)
    for name in sorted(phases.keys() | pictures.keys()):
        yield Session(name, dict(sorted(phases.get(name, {}).items())), dict(sorted(pictures.get(name, {}).items())))


def _phases(path: Path, into: dict[str, dict[int, str]]) -> Iterator[Problem]:
    try:
        for line, row in csv_rows(path, ("Frame", "Phase")):
            try:
                if isinstance(row, str):
                    raise ValueError(row)
                name, number = frame_of(row["Frame"].strip())
                phase = row["Phase"].strip().lower()
                if phase not in PHASES:
                    raise ValueError(f"phase {row['Phase'][:40]!r} is none of {', '.join(PHASES)}")
                if number in into.get(name, {}):
                    raise ValueError(f"frame {row['Frame'].strip()} occurs twice")
                into.setdefault(name, {})[number] = phase
            except ValueError as error:
                yield Problem(path, f"line {line}", str(error))
    except DataError as error:
        yield Problem(path, "the file", error.reason)


def frame_of(name: str) -> tuple[str, int]:
    """`01_1_0001` -> its session and number. ValueError where it is no such name."""
    found = _FRAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name[:60]!r} is not VIDEO_SESSION_NUMBER")
    return found[1], int(found[2])


def _boxes(path: Path, into: dict[str, dict[int, Picture]]) -> Iterator[Problem]:
    try:
        content = load_object(path, "COCO")
        categories = _categories(content["categories"])
        places: dict[int, tuple[str, int]] = {}
        for place, row in enumerate(as_list(content["images"], "images"), 1):
            try:
                number, session, picture = _image(as_object(row, "image"))
                if number in places:
                    raise ValueError(f"image id {number} occurs twice")
                places[number] = session
                into.setdefault(session[0], {}).setdefault(session[1], picture)
            except (KeyError, ValueError) as error:
                yield Problem(path, f"image {place}", _said(error))
        found: dict[tuple[str, int], list[tuple[str, PixelBox]]] = {}
        for place, row in enumerate(as_list(content["annotations"], "annotations"), 1):
            try:
                fields = as_object(row, "annotation")
                number, kind = as_whole(fields["image_id"], "image_id"), as_whole(fields["category_id"], "category_id")
                if number not in places:
                    raise ValueError(f"image_id {number} is no image of the file")
                if kind not in categories:
                    raise ValueError(f"category_id {kind} is no known category of the file")
                session = places[number]
                picture = into[session[0]][session[1]]
                box = pixel_box(*as_corners(fields["bbox"], "bbox"), (picture.width, picture.height), _TOLERANCE_PIXELS)
                thing = (categories[kind], box)
                if thing in found.get(session, ()):
                    raise ValueError(f"{categories[kind]}: the same box twice in image {number}")
                found.setdefault(session, []).append(thing)
            except (KeyError, ValueError) as error:
                yield Problem(path, f"annotation {place}", _said(error))
        for (name, number), things in found.items():
            old = into[name][number]
            into[name][number] = Picture(old.file, old.width, old.height, (*old.things, *things))
    except (DataError, KeyError, ValueError) as error:
        yield Problem(path, "the file", error.reason if isinstance(error, DataError) else _said(error))


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)


def _categories(value: object) -> dict[int, str]:
    """Known categories by id, in our words; others have no id here."""
    rows = [as_object(row, "categories") for row in as_list(value, "categories")]
    named = {as_whole(row["id"], "categories"): as_text(row["name"], "categories").strip().lower() for row in rows}
    return {number: _WORDS[name] for number, name in named.items() if name in _WORDS}


def _image(row: dict[str, object]) -> tuple[int, tuple[str, int], Picture]:
    file = as_text(row["file_name"], "file_name")
    width, height = as_whole(row["width"], "width"), as_whole(row["height"], "height")
    if width <= 0 or height <= 0:
        raise ValueError(f"a picture of {width} x {height}")
    return as_whole(row["id"], "id"), frame_of(Path(file).stem), Picture(file, width, height, ())
