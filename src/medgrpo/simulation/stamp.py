"""The word SIMULATED, burnt into a corner of every picture, in a 3x5 dot font: no font file is needed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GLYPHS = {
    "S": "111100111001111", "I": "111010010010111", "M": "101111111101101", "U": "101101101101111",
    "L": "100100100100111", "A": "111101111101101", "T": "111010010010010", "E": "111100110100111", "D": "110101101101110",
}  # fmt: skip
WORD = "SIMULATED"


def stamp_mask(width: int, height: int) -> NDArray[np.float32]:
    """What to add to a picture, shape (height, width): the word at the lower left, grey on the black surround."""
    dot = max(1, height // 270)
    left, top = 3 * dot, height - 8 * dot
    mask = np.zeros((height, width), np.float32)
    for k, letter in enumerate(WORD):
        for cell, lit in enumerate(_GLYPHS[letter]):
            x, y = left + (4 * k + cell % 3) * dot, top + (cell // 3) * dot
            if lit == "1":
                mask[y : y + dot, x : x + dot] = 120.0
    return mask
