"""Burned-in text put to the test: names, dates and running clocks drawn into real video, coded anew, and looked for.

A text counts as hidden in a look when at least nine tenths of its box are black. What is blackened in the same video without
text is false. Pictures come 2.5 a second, as the finder takes them.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import InputError, MissingExtra
from medgrpo.stream import TextFinder, TextLimits, blackened
from medgrpo.video import Image, LiveReading, VideoWriter

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

KINDS: Mapping[str, Callable[[random.Random], Callable[[float], str]]] = {
    "name": lambda dice: _same(dice.choice(["MUELLER, ANNA", "Smith John", "GARCIA M.", "Patient: Weber K", "LI WEI", "O'Brien"])),
    "number": lambda dice: _same(f"ID {dice.randrange(10**6, 10**8)}"),
    "house": lambda dice: _same(dice.choice(["St. Mary Hospital OR 3", "Klinikum Nord", "OP-Saal 2", "DR. PATEL"])),
    "short": lambda dice: _same(dice.choice(["R", "REC", "OR 3", "CH1", "42 J"])),
    "date and clock": lambda dice: _clock(dice, f"{dice.randrange(1, 29):02d}.{dice.randrange(1, 13):02d}.2024 "),
    "clock": lambda dice: _clock(dice, ""),
    "clock with frames": lambda dice: _clock(dice, "", frames=True),
}
SIZES = (9, 11, 13, 16, 20, 26, 34, 44)
STYLES = ("plain", "shadow", "outline", "box", "inverse")
COLOURS = ((255, 255, 255), (230, 230, 230), (255, 255, 0), (0, 255, 0), (0, 255, 255), (255, 160, 0))
LOOKS_PER_SECOND = 2.5
WARM_LOOKS = 5
"""The first two seconds: no picture is shown undimmed then."""
Cells = NDArray[np.bool_]
_HIDDEN = 0.9
_LOOKS = 26
_TEXTS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A text at a place. `box` in pixels: left, top, right, bottom of its letters."""

    kind: str
    size: int
    style: str
    colour: tuple[int, int, int]
    xy: tuple[int, int]
    box: tuple[int, int, int, int]
    font: FreeTypeFont
    text: Callable[[float], str]


def overlays(seed: int, fonts: Sequence[Path], size_wh: tuple[int, int]) -> list[Overlay]:
    """Texts at corners, edges and anywhere, none over another. MissingExtra without Pillow; InputError for what is no font."""
    try:
        from PIL import ImageFont
    except ImportError as error:
        raise MissingExtra("drawing text", "bench", "pillow") from error
    dice, placed, (width, height) = random.Random(seed), list[Overlay](), size_wh
    for _ in range(_TEXTS):
        kind, size, path = dice.choice(list(KINDS)), dice.choice(SIZES), dice.choice(fonts)
        try:
            font = ImageFont.truetype(str(path), size)
        except OSError as error:
            raise InputError(f"{path}: cannot be used as a font ({error})") from error
        text = KINDS[kind](dice)
        left, top, right, bottom = (int(side) for side in font.getbbox(text(0.0)))
        style, colour = dice.choice(STYLES), dice.choice(COLOURS)
        for _ in range(50):
            x = dice.choice([8, dice.randrange(max(1, width - right - 8)), width - right - 10])
            y = dice.choice([6, dice.randrange(max(1, height - bottom - 8)), height - bottom - 8])
            box = (x + left, y + top, x + right, y + bottom)
            if x >= 0 and y >= 0 and not any(_near(box, other.box) for other in placed):
                placed.append(Overlay(kind, size, style, colour, (x, y), box, font, text))
                break
    return placed


def drawn(image: Image, texts: Sequence[Overlay], seconds: float) -> Image:
    """The picture with the texts as they read at that second."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    picture = Pictures.fromarray(image)
    pen = ImageDraw.Draw(picture, "RGBA")
    for one in texts:
        said, (x, y), pad = one.text(seconds), one.xy, max(2, one.size // 5)
        around = (one.box[0] - pad, one.box[1] - pad, one.box[2] + pad, one.box[3] + pad)
        full = (*one.colour, 255)
        if one.style == "box":
            pen.rectangle(around, fill=(0, 0, 0, 170))
        if one.style == "shadow":
            pen.text((x + 1, y + 1), said, font=one.font, fill=(0, 0, 0, 255))
        if one.style == "inverse":
            pen.rectangle(around, fill=full)
        ink = (0, 0, 0, 255) if one.style == "inverse" else full
        pen.text((x, y), said, font=one.font, fill=ink, stroke_width=int(one.style == "outline"), stroke_fill=(0, 0, 0, 255))
    return np.asarray(picture)


def text_study(clips: Sequence[Path], fonts: Sequence[Path], seeds: Sequence[int], told: Callable[[str], None]) -> dict[str, Any]:
    """Figures over all clips and seeds: how much of the text was hidden, and how much of the clean pictures was blackened."""
    if not fonts:
        raise InputError("--font: at least one font file is needed, for example /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    rows: list[tuple[Overlay, list[float]]] = []
    false: dict[str, Any] = {}
    for number, clip in enumerate(clips):
        pictures = list(_pictures(clip))
        if len(pictures) < _LOOKS:
            raise InputError(f"{clip}: {_LOOKS / LOOKS_PER_SECOND:.0f} s of video are needed")
        shares = [float(cells.mean()) for cells in _found(pictures)[WARM_LOOKS:]]
        false[clip.stem] = {"mean": round(float(np.mean(shares)), 4), "most": round(max(shares), 4)}
        for seed in seeds:
            texts = overlays(1000 * number + seed, fonts, (pictures[0].shape[1], pictures[0].shape[0]))
            begin = seed * 37 % (len(pictures) - _LOOKS + 1)
            plain = pictures[begin : begin + _LOOKS]
            coded = _coded([drawn(image, texts, place / LOOKS_PER_SECOND) for place, image in enumerate(plain)])
            rows += zip(texts, _hidden(coded, texts), strict=True)
        told(clip.name)
    return {
        "texts": len(rows),
        "looks_each": _LOOKS - WARM_LOOKS,
        "hidden": _recall(rows, WARM_LOOKS),
        "hidden_from_the_first_look": _recall(rows, 0),
        "by_kind": _by(rows, lambda one: one.kind),
        "by_size": _by(rows, lambda one: f"{one.size} px"),
        "by_style": _by(rows, lambda one: one.style),
        "blackened_without_text": false,
    }


def _hidden(pictures: Sequence[Image], texts: Sequence[Overlay]) -> list[list[float]]:
    """For each text the hidden share of its box in each look."""
    found: list[list[float]] = [[] for _ in texts]
    white = np.full_like(pictures[0], 255)
    for cells in _found(pictures):
        black = blackened(white, cells)[..., 0] == 0
        for share, one in zip(found, texts, strict=True):
            left, top, right, bottom = one.box
            share.append(float(black[top:bottom, left:right].mean()))
    return found


def _found(pictures: Sequence[Image]) -> list[Cells]:
    finder = TextFinder(TextLimits())
    found: list[Cells] = []
    for place, image in enumerate(pictures):
        finder.look(place / LOOKS_PER_SECOND, image)
        found.append(finder.cells)
    return found


def _recall(rows: Sequence[tuple[Overlay, list[float]]], after: int) -> float:
    """Share of (text, look) in which the text was hidden."""
    return round(float(np.mean([np.mean([share >= _HIDDEN for share in shares[after:]]) for _, shares in rows])), 4)


def _by(rows: Sequence[tuple[Overlay, list[float]]], key: Callable[[Overlay], str]) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[tuple[Overlay, list[float]]]] = {}
    for row in rows:
        groups.setdefault(key(row[0]), []).append(row)
    return {name: {"texts": len(group), "hidden": _recall(group, WARM_LOOKS)} for name, group in sorted(groups.items())}


def _pictures(path: Path) -> Iterator[Image]:
    due = 0.0
    with LiveReading(str(path)) as reading:
        for picture in reading.pictures():
            if picture.seconds is not None and picture.seconds >= due - 1e-6:
                due += 1 / LOOKS_PER_SECOND
                yield picture.image()


def _coded(pictures: Sequence[Image]) -> list[Image]:
    """Through H.264 and back, as a recorder would: letters come out softened."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.mp4"
        with VideoWriter(path, pictures[0].shape[1], pictures[0].shape[0], 5) as writer:
            for image in pictures:
                writer.write(image)
        with LiveReading(str(path)) as reading:
            return [picture.image() for picture in reading.pictures()]


def _near(one: tuple[int, int, int, int], other: tuple[int, int, int, int], gap: int = 14) -> bool:
    apart = one[2] + gap < other[0] or one[0] - gap > other[2] or one[3] + gap < other[1] or one[1] - gap > other[3]
    return not apart


def _same(text: str) -> Callable[[float], str]:
    return lambda _: text


def _clock(dice: random.Random, before: str, frames: bool = False) -> Callable[[float], str]:
    start = dice.randrange(86_000)

    def text(seconds: float) -> str:
        now = int(start + seconds)
        told = f"{before}{now // 3600:02d}:{now // 60 % 60:02d}:{now % 60:02d}"
        return f"{told}:{int(seconds * 25) % 25:02d}" if frames else told

    return text
