"""CoPESD: endoscopic submucosal dissection; per image an instruction and an answer with the boxes of forceps and knife.

Layout: `smllm_test.json` (or any `*.json` of the folder), an array of {conversations: [{from: human, value: instruction},
{from: gpt, value: answer}], image: path/FOLDER/0001.jpg}. Annotations: CC BY 4.0, Wang et al., arXiv 2410.07540. Three things
had to be found out from the published part (1,787 images of three folders), and none is documented:

- **Motion.** The 24 instructions are paraphrases of five motions; which of MedVidBench's eight labels each is, is our reading of
  its words. The other three labels do not occur in this part.
- **Boxes.** Two folders hold corners (x0, y0, x1, y1), one (233029) holds x, y, width, height: read as corners, 488 of its
  boxes would be upside down. All lie in 0..1 of a square that is wider than the picture is high (lower edges end at 0.77): the
  picture's size is nowhere. Boxes are given here in units of `SQUARE` a side, not in the pixels of a frame that nobody names.
- **Time.** Images count 1, 2, 3 ... without a rate. One per second is an assumption (`RATE`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.sources.json_file import as_list, as_object, as_text, load_json
from medgrpo.sources.problem import Problem
from medgrpo.tasks import PixelBox

SQUARE = 1000.0
"""Units that the side of the annotation's square counts here."""
RATE = Fraction(1)
"""Images per second, assumed."""
INSTRUMENTS = ("Forceps", "Knife")
_PLACE = re.compile(r"([^/]+)/([^/]+)/(\d{1,9})\.(?:jpg|jpeg|png)", re.IGNORECASE)
_BOX = re.compile(r"(Forceps|Knife)\s?\[([^\]]*)\]")
_DIRECTION = re.compile(r"\b(?:(upper|lower) (left|right)|(upward|downward)|(left|right))\b")
_ROUNDING = 0.02
"""Boxes have two decimals: x and width together may pass 1 by as much."""
Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class CopesdImage:
    """One annotated image. `motion`: MedVidBench's label; `boxes` by instrument; `direction` of the motion, "" if none is named."""

    file: str
    number: int
    motion: str
    boxes: Mapping[str, PixelBox]
    direction: str


@dataclass(frozen=True, slots=True)
class CopesdVideo:
    """One folder of images, in order of number."""

    id: str
    images: tuple[CopesdImage, ...]


@dataclass(frozen=True, slots=True)
class _Raw:
    place: str
    file: str
    number: int
    motion: str
    boxes: Mapping[str, Corners]
    direction: str


def copesd_videos(folder: Path) -> Iterator[CopesdVideo | Problem]:
    """Every folder of images in the files' order, and each entry that is not what the format says, which is left out.

    DataError when there is no such file.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise DataError(folder, "holds no CoPESD annotation: expected smllm_test.json")
    for path in paths:
        held: dict[str, dict[int, _Raw]] = {}
        for place, value in enumerate(as_list_of(path), 1):
            try:
                video, raw = _entry(f"entry {place}", value)
                if raw.number in held.get(video, {}):
                    raise ValueError(f"image {raw.number} of {video} occurs twice")
                held.setdefault(video, {})[raw.number] = raw
            except (KeyError, ValueError) as error:
                said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                yield Problem(path, f"entry {place}", said)
        for video, images in held.items():
            yield from _placed(path, video, [images[number] for number in sorted(images)])


def as_list_of(path: Path) -> list[object]:
    """The entries of one file."""
    try:
        return as_list(load_json(path, "CoPESD annotation"), "the file")
    except ValueError as error:
        raise DataError(path, str(error)) from error


def motion_of(instruction: str) -> str:
    """MedVidBench's label of an instruction. ValueError where its words name no motion."""
    words = instruction.lower()
    if "camera" in words:
        return "adjust camera"
    if "dissect" in words and "knife" in words:
        return "dissect flap tissue with knife"
    if any(word in words for word in ("hold", "grip", "clamp", "grasp")) and "forceps" in words:
        return "stabilize flap with forceps"
    if any(word in words for word in ("pull", "lift", "retract", "backward", "opposite")) and "forceps" in words:
        return "retract flap edge with forceps and knife" if "knife" in words else "retract flap edge with forceps only"
    raise ValueError(f"the instruction {instruction[:80]!r} names no known motion")


def direction_of(answer: str) -> str:
    """`to the upper right`, `upward`; "" where the answer names no direction."""
    found = _DIRECTION.search(answer)
    if found is None:
        return ""
    return found[3] or f"to the {f'{found[1]} {found[2]}' if found[1] else found[4]}"


def _entry(place: str, value: object) -> tuple[str, _Raw]:
    fields = as_object(value, "entry")
    said: dict[str, str] = {}
    for turn in as_list(fields["conversations"], "conversations"):
        one = as_object(turn, "conversations")
        said[as_text(one["from"], "from")] = as_text(one["value"], "value")
    image = as_text(fields["image"], "image").replace("\\", "/")
    found = _PLACE.search(image)
    if found is None:
        raise ValueError(f"image: {image[:80]!r} does not end in a folder and a number")
    answer = said["gpt"]
    boxes: dict[str, Corners] = {}
    for name, corners in _BOX.findall(answer):
        if name in boxes:
            raise ValueError(f"{name} has two boxes")
        boxes[name] = _numbers(name, corners)
    return found[2], _Raw(place, found[0], int(found[3]), motion_of(said["human"]), boxes, direction_of(answer))


def _numbers(name: str, text: str) -> Corners:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{name}: [{text[:40]}] is no box") from error
    if len(numbers) != 4 or not all(-_ROUNDING <= number <= 1 + _ROUNDING for number in numbers):  # NaN fails, too
        raise ValueError(f"{name}: [{text[:40]}] is not four numbers in 0..1")
    a, b, c, d = numbers
    return a, b, c, d


def _placed(path: Path, video: str, raws: list[_Raw]) -> Iterator[CopesdVideo | Problem]:
    boxes = [box for raw in raws for box in raw.boxes.values()]
    sized = any(box[0] > box[2] or box[1] > box[3] for box in boxes) and all(
        max(box[0] + box[2], box[1] + box[3]) <= 1 + _ROUNDING for box in boxes
    )
    if sized:
        yield Problem(path, video, "boxes are x, y, width, height here, not corners: read as such")
    images: list[CopesdImage] = []
    for raw in raws:
        placed: dict[str, PixelBox] = {}
        for name, (x0, y0, c, d) in raw.boxes.items():
            x1, y1 = (x0 + c, y0 + d) if sized else (c, d)
            if x1 < x0 or y1 < y0:
                yield Problem(path, raw.place, f"{name}: corners out of order, {raw.boxes[name]}; left out")
            else:
                placed[name] = PixelBox(*(round(SQUARE * min(1.0, max(0.0, value)), 1) for value in (x0, y0, x1, y1)))
        images.append(CopesdImage(raw.file, raw.number, raw.motion, placed, raw.direction))
    yield CopesdVideo(video, tuple(images))
