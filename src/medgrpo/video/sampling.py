"""The sampling contract: which frames of a clip a model gets, when, how large. Training, rollout and evaluation share it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.video.frame import Image

Corners = tuple[float, float, float, float]
"""A box in pixels of a stated picture: left, top, right, bottom."""


class Sampling(Config):
    """How a clip becomes pictures; the result file of every run states it.

    Frames already sampled by a data set are kept as they are unless there are more than `most_frames`; then an evenly spaced choice
    of them stays, its first and last among them, and the clip's rate falls by as much. A picture is scaled (bicubic) so that its
    sides are multiples of `side_multiple` and its area lies within the pixel limits, as close to its shape as that allows.
    """

    frames_per_second: float | None = Field(default=None, gt=0)
    """Rate at which a video file is sampled; None: the rate that the question's record states."""
    most_frames: int = Field(default=768, ge=1)
    side_multiple: int = Field(default=28, ge=1)
    least_pixels: int = Field(default=8 * 28 * 28, ge=1)
    most_pixels: int = Field(default=48 * 28 * 28, ge=1)
    square: bool = False
    """Squeeze every picture into one square of `side_multiple`: for models that know no other shape (SmolVLM)."""

    def scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a picture of this size gets: Qwen's rule, as transformers' and qwen-vl-utils' `smart_resize` has it.

        Each side is rounded to the nearest multiple; where the area then leaves the limits, the sides are worked out again from
        the limit, down below the upper one and up above the lower one. InputError for a strip longer than 200 times its width.
        """
        if width < 1 or height < 1 or max(width, height) > 200 * min(width, height):
            raise InputError(f"a picture of {width}x{height} cannot be scaled for a model: it is empty or a strip")
        multiple = self.side_multiple
        if self.square:
            return multiple, multiple
        across, down = round(width / multiple) * multiple, round(height / multiple) * multiple
        if across * down > self.most_pixels:
            shrink = math.sqrt(width * height / self.most_pixels)
            across = max(multiple, math.floor(width / shrink / multiple) * multiple)
            down = max(multiple, math.floor(height / shrink / multiple) * multiple)
        elif across * down < self.least_pixels:
            grow = math.sqrt(self.least_pixels / (width * height))
            across, down = math.ceil(width * grow / multiple) * multiple, math.ceil(height * grow / multiple) * multiple
        return across, down


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw on one picture of a clip: `picture` is its place among the given frames, corners in pixels of the source."""

    picture: int
    corners_xyxy: Corners

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.corners_xyxy
        if self.picture < 0 or not (x0 < x1 and y0 < y1):
            raise ValueError(f"a mark has a picture and a box with x0 < x1, y0 < y1, got {self.picture}, {self.corners_xyxy}")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SampledClip:
    """Pictures of one clip, all of one size, with their times in seconds from the clip's start, strictly rising.

    `frames_per_second` is the nominal rate that a model is told. `source_width` and `source_height` are the pictures' before
    scaling: answers with boxes are in those pixels. `key` is a content hash: the same key means the same pixels and times.
    `still`: one picture that stands for itself, at no time and of no rate (0 and 1 stand there); a model is shown an image. A clip
    of one picture is still a clip.
    """

    key: str
    images: tuple[Image, ...]
    seconds: tuple[float, ...]
    frames_per_second: Fraction
    source_width: int
    source_height: int
    still: bool = False

    def __post_init__(self) -> None:
        if self.still and (len(self.images) != 1 or self.seconds != (0.0,) or self.frames_per_second != 1):
            raise ValueError(f"a still is one picture without a time or a rate, got {len(self.images)} at {self.seconds}")
        if not self.images or len(self.images) != len(self.seconds):
            raise ValueError(f"a clip has one time per picture and at least one, got {len(self.images)} and {len(self.seconds)}")
        if len({image.shape for image in self.images}) != 1:
            raise ValueError("the pictures of a clip are of one size")
        if any(later <= earlier for earlier, later in zip(self.seconds, self.seconds[1:], strict=False)):
            raise ValueError("the times of a clip rise strictly")
        if self.frames_per_second <= 0:
            raise ValueError(f"a clip's rate is above 0, got {self.frames_per_second}")

    @classmethod
    def of(
        cls, images: Sequence[Image], seconds: Sequence[float], frames_per_second: Fraction, source_width: int, source_height: int
    ) -> SampledClip:
        """A clip under the hash of its pixels, times, rate and source size (32 hexadecimal digits of SHA-256)."""
        stated = [[image.shape for image in images], list(seconds), str(frames_per_second), source_width, source_height]
        content = hashlib.sha256(json.dumps(stated).encode())
        for image in images:
            content.update(np.ascontiguousarray(image).data)
        return cls(content.hexdigest()[:32], tuple(images), tuple(seconds), frames_per_second, source_width, source_height)

    @classmethod
    def still_of(cls, image: Image, source_width: int, source_height: int) -> SampledClip:
        """A still under the hash of its pixels and source size; a clip of the same picture has another."""
        content = hashlib.sha256(json.dumps(["still", image.shape, source_width, source_height]).encode())
        content.update(np.ascontiguousarray(image).data)
        return cls(content.hexdigest()[:32], (image,), (0.0,), Fraction(1), source_width, source_height, still=True)

    def in_pictures(self, corners_xyxy: Corners) -> Corners:
        """A box in pixels of the source, as it lies in the scaled pictures; not rounded."""
        return fitted(corners_xyxy, (self.source_width, self.source_height), _size(self.images[0]))

    def in_source(self, corners_xyxy: Corners) -> Corners:
        """A box in pixels of the scaled pictures, as it lies in the source; not rounded."""
        return fitted(corners_xyxy, _size(self.images[0]), (self.source_width, self.source_height))


def fitted(corners_xyxy: Corners, of: tuple[int, int], to: tuple[int, int]) -> Corners:
    """A box in a picture of the size (width, height) `of`, as it lies in the same picture scaled to the size `to`; not rounded."""
    across, down = to[0] / of[0], to[1] / of[1]
    x0, y0, x1, y1 = corners_xyxy
    return x0 * across, y0 * down, x1 * across, y1 * down


def _size(image: Image) -> tuple[int, int]:
    return image.shape[1], image.shape[0]
