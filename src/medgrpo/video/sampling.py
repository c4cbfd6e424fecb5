"""The sampling contract: which frames of a clip a model gets, when, how large. Training, rollout and evaluation share it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.video.frame import Image


class Sampling(Config):
    """How a clip becomes pictures; the result file of every run states it.

    Frames already sampled by a data set are kept as they are unless there are more than `most_frames`; then an evenly spaced choice
    of them stays. A picture is scaled so that its sides are multiples of `side_multiple` and its area lies within the pixel limits,
    as close to its shape as that allows.
    """

    frames_per_second: float | None = Field(default=None, gt=0)
    """Rate at which a video file is sampled; None: the rate that the question's record states."""
    most_frames: int = Field(default=768, ge=1)
    side_multiple: int = Field(default=28, ge=1)
    least_pixels: int = Field(default=8 * 28 * 28, ge=1)
    most_pixels: int = Field(default=48 * 28 * 28, ge=1)

    def scaled_size(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a picture of this size gets: Qwen's rule, as transformers' and qwen-vl-utils' `smart_resize` has it.

        Each side is rounded to the nearest multiple; where the area then leaves the limits, the sides are worked out again from
        the limit, down below the upper one and up above the lower one. InputError for a strip longer than 200 times its width.
        """
        if width < 1 or height < 1 or max(width, height) > 200 * min(width, height):
            raise InputError(f"a picture of {width}x{height} cannot be scaled for a model: it is empty or a strip")
        multiple = self.side_multiple
        across, down = round(width / multiple) * multiple, round(height / multiple) * multiple
        if across * down > self.most_pixels:
            shrink = math.sqrt(width * height / self.most_pixels)
            across = max(multiple, math.floor(width / shrink / multiple) * multiple)
            down = max(multiple, math.floor(height / shrink / multiple) * multiple)
        elif across * down < self.least_pixels:
            grow = math.sqrt(self.least_pixels / (width * height))
            across, down = math.ceil(width * grow / multiple) * multiple, math.ceil(height * grow / multiple) * multiple
        return across, down


@dataclass(frozen=True, slots=True, eq=False)
class SampledClip:
    """Pictures of one clip, all of one size, with their times in seconds from the clip's start, strictly rising.

    `frames_per_second` is the nominal rate that a model is told. `source_width` and `source_height` are the pictures' before
    scaling: answers with boxes are in those pixels. `key` is a content hash: the same key means the same pixels and times.
    """

    key: str
    images: tuple[Image, ...]
    seconds: tuple[float, ...]
    frames_per_second: Fraction
    source_width: int
    source_height: int

    def __post_init__(self) -> None:
        if not self.images or len(self.images) != len(self.seconds):
            raise ValueError(f"a clip has one time per picture and at least one, got {len(self.images)} and {len(self.seconds)}")
        if len({image.shape for image in self.images}) != 1:
            raise ValueError("the pictures of a clip are of one size")
        if any(later <= earlier for earlier, later in zip(self.seconds, self.seconds[1:], strict=False)):
            raise ValueError("the times of a clip rise strictly")
        if self.frames_per_second <= 0:
            raise ValueError(f"a clip's rate is above 0, got {self.frames_per_second}")
