"""Words on pictures, in a dot font of 5 x 7 (capital letters, digits, a few marks): no font file is needed."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from medgrpo.video import Image

_COLUMNS = {
    " ": "0000000000", "%": "2313086462", ",": "0050300000", "-": "0808080808", ".": "0060600000", "/": "2010080402",
    "0": "3E5149453E", "1": "00427F4000", "2": "4261514946", "3": "2141454B31", "4": "1814127F10", "5": "2745454539",
    "6": "3C4A494930", "7": "0171090503", "8": "3649494936", "9": "064949291E", ":": "0036360000", "(": "001C224100",
    ")": "0041221C00", "?": "0201510906", "'": "0005030000", "A": "7E1111117E", "B": "7F49494936", "C": "3E41414122",
    "D": "7F4141221C", "E": "7F49494941", "F": "7F09090901", "G": "3E4149497A", "H": "7F0808087F", "I": "00417F4100",
    "J": "2040413F01", "K": "7F08142241", "L": "7F40404040", "M": "7F020C027F", "N": "7F0408107F", "O": "3E4141413E",
    "P": "7F09090906", "Q": "3E4151215E", "R": "7F09192946", "S": "4649494931", "T": "01017F0101", "U": "3F4040403F",
    "V": "1F2040201F", "W": "3F4038403F", "X": "6314081463", "Y": "0708700807", "Z": "6151494543",
}  # fmt: skip
"""Five columns each, from left to right; the lowest bit is the top row."""
HEIGHT = 11
"""Of a line of text at scale 1, in pixels, with its plate."""
_STEP = 6
_INK, _PLATE = 255, 24


@cache
def _glyph(letter: str) -> NDArray[np.bool_]:
    """(7, 5)."""
    columns = bytes.fromhex(_COLUMNS.get(letter, _COLUMNS["?"]))
    return np.array([[bool(column >> row & 1) for column in columns] for row in range(7)])


def width_of(words: str, scale: int) -> int:
    """Pixels of the plate that the words need."""
    return (len(words) * _STEP + 3) * scale


def fitting(words: str, pixels: int, scale: int) -> str:
    """The words, cut with two dots where they need more pixels."""
    most = max(0, (pixels // scale - 3) // _STEP)
    return words if len(words) <= most else f"{words[: max(0, most - 2)].rstrip()}.."[:most]


def write(image: Image, words: str, left: int, top: int, scale: int) -> None:
    """Draw the words on a dark plate into the picture (changed in place), moved inside it; too long ones are cut."""
    height, width = image.shape[:2]
    text = fitting(words.upper(), width, scale)
    plate = width_of(text, scale)
    if not text or HEIGHT * scale > height:
        return
    left, top = min(max(0, left), width - plate), min(max(0, top), height - HEIGHT * scale)
    image[top : top + HEIGHT * scale, left : left + plate] = _PLATE
    line = np.concatenate([np.pad(_glyph(letter), ((0, 0), (0, 1))) for letter in text], axis=1)
    ink = line.repeat(scale, axis=0).repeat(scale, axis=1)
    y, x = top + 2 * scale, left + 2 * scale
    part = image[y : y + ink.shape[0], x : x + ink.shape[1]]
    part[ink[:, : part.shape[1]]] = _INK
