"""What the video room gives: pictures with their own times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""One picture: array of shape (height, width, 3), RGB, 0..255, upright (rotation applied)."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture and when it is shown: `seconds` counts from the first presented frame, which is at 0.

    `index` is its number in the video at the nominal frame rate (in a folder, its place in order of time), however reading began.
    """

    index: int
    seconds: float
    image: Image


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a file says about itself, after opening. None where it does not say.

    `width` and `height` are those of the upright picture, `rotation_degrees` how far it was turned clockwise for that.
    `tags` are the container's metadata, lower-case keys. `duration_is_estimate`: no header says how long the video is,
    FFmpeg guessed it from the ends of the file or its bit rate.
    """

    path: Path
    width: int
    height: int
    duration_seconds: float | None
    frame_rate: Fraction | None
    codec: str
    rotation_degrees: int
    tags: tuple[tuple[str, str], ...] = ()
    duration_is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """What happened while reading so far: nothing that was lost stays uncounted.

    `frames_broken`: packets that did not decode and frames that decoded with damage (these are shown all the same).
    `frames_without_time`: no usable time stamp; the time was derived from the frame rate, or the frame left out if none is known.
    `truncated`: the file ended before the end that its header declares, or reading failed. `clock_breaks`: how often the
    file's clock was set back (recordings joined end to end); time goes on from the frame before.
    """

    frames_decoded: int
    frames_broken: int
    frames_without_time: int
    truncated: bool
    clock_breaks: int = 0


class FrameSource(Protocol):
    """A video file or an image folder. Constant memory however long; one pass at a time per source."""

    @property
    def info(self) -> VideoInfo: ...

    @property
    def report(self) -> ReadingReport: ...

    def looks(self, every_seconds: float, start_seconds: float = 0.0) -> Iterator[Frame]:
        """Frames at most one per `every_seconds`, from `start_seconds` on, each with its exact presentation time.

        The grid is fixed: look k is the first decodable frame presented at or after k * every_seconds, never shown
        twice, so a pass that starts later gives the same looks as one that began at 0. `every_seconds=0` gives every frame.
        """
        ...

    def frame_at(self, seconds: float) -> Frame:
        """The frame on screen at that time (the last one presented at or before it; the first one for 0)."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...
