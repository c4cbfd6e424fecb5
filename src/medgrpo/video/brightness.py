"""How bright a decoded picture is, part by part: what tells a picture that stands behind an encoder from one that moves."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Brightness = NDArray[np.float32]
"""(18, 32): means of parts of the picture, 0 to 255 in formats of eight bits."""
_ROWS, _COLUMNS = 18, 32
_MOST_LINES = 144
"""Of a higher picture only every so many lines are read: a part has eight of them, enough for a mean."""


def brightness(frame: VideoFrame) -> Brightness | None:
    """From the first plane (brightness, in all formats that cameras give); None for a picture of less than 32 x 18."""
    plane = frame.planes[0]
    if plane.width < _COLUMNS or plane.height < _ROWS:
        return None
    lines = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    lines = lines[:: -(-plane.height // _MOST_LINES), : plane.width // _COLUMNS * _COLUMNS]
    lines = lines[: len(lines) // _ROWS * _ROWS]
    parts = lines.reshape(_ROWS, len(lines) // _ROWS, _COLUMNS, lines.shape[1] // _COLUMNS)
    return parts.mean((1, 3), dtype=np.float32)
