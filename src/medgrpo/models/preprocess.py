"""From a sampled clip to the rows of patches that Qwen's vision towers read, in numpy.

The arithmetic is that of transformers' video processors, which cannot be built without torchvision. A clip's pictures already have
their final size (`medgrpo.video.scaled_size`), so that nothing is scaled here. Rows stay bytes, four times smaller than floats,
until `Patches.values`; one clip's rows are shared by all that ask about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medgrpo.core import Config, InputError
from medgrpo.video import SampledClip


class VideoForm(Config):
    """How a checkpoint cuts pictures into patches; read from its files, never assumed.

    SmolVLM takes whole frames: one patch of the frame's size, no merging, and many tokens for each.
    """

    patch_size: int = Field(ge=1)
    temporal_patch_size: int = Field(ge=1)
    merge_size: int = Field(ge=1)
    mean: tuple[float, float, float]
    """Of red, green and blue, on the scale 0..1."""
    std: tuple[float, float, float]
    tokens_per_patch: int = Field(default=1, ge=1)
    """Of the language model, for each merged patch."""

    @property
    def side_multiple(self) -> int:
        """Widths and heights that fit: whole numbers of merged patches."""
        return self.patch_size * self.merge_size


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """One clip as patches. `rows`: bytes (T*H*W, 3*temporal*patch*patch), merged neighbours next to each other, colour outermost.

    `grid_thw` counts patches before merging; `tokens` is what the language model sees of them. `seconds_per_grid` is the step of
    time from one temporal patch to the next at the nominal rate, `grid_seconds` the mean time of each one's first and last
    picture. `key` is the clip's content hash. `still`: a single picture, whose one temporal patch has no step (0).
    """

    key: str
    rows: NDArray[np.uint8]
    grid_thw: tuple[int, int, int]
    seconds_per_grid: float
    grid_seconds: tuple[float, ...]
    form: VideoForm
    still: bool = False

    def __post_init__(self) -> None:
        frames, height, width = self.grid_thw
        if self.rows.shape[0] != frames * height * width or len(self.grid_seconds) != frames:
            raise ValueError(f"{self.key}: {self.rows.shape[0]} rows, {len(self.grid_seconds)} times for the grid {self.grid_thw}")
        if height % self.form.merge_size or width % self.form.merge_size:
            raise ValueError(f"{self.key}: the grid {self.grid_thw} does not merge by {self.form.merge_size}")
        if self.still:
            if frames != 1 or self.seconds_per_grid != 0:
                raise ValueError(f"{self.key}: a still of {frames} temporal patches, {self.seconds_per_grid} seconds apart")
        elif not 0 < self.seconds_per_grid < float("inf"):
            raise ValueError(f"{self.key}: a video without a frame rate: {self.seconds_per_grid} seconds per temporal patch")

    @property
    def tokens(self) -> int:
        """How many pads stand for this clip in the prompt."""
        frames, height, width = self.grid_thw
        return frames * height * width // self.form.merge_size**2 * self.form.tokens_per_patch

    def values(self) -> NDArray[np.float32]:
        """The rows as the tower takes them: (level / 255 - mean) / std of each colour, float32."""
        per_colour = self.rows.shape[1] // 3
        scale = np.repeat(np.array([255 * one for one in self.form.std], np.float32), per_colour)
        shift = np.repeat(np.array([255 * one for one in self.form.mean], np.float32), per_colour)
        return (self.rows.astype(np.float32) - shift) / scale


_ORDER = (0, 2, 5, 3, 6, 8, 1, 4, 7)
"""Of the axes (frame, depth, row, merge, patch, column, merge, patch, colour) in a row of patches."""


def patchify(clip: SampledClip, form: VideoForm) -> Patches:
    """Cut a clip; the last picture is repeated until the last temporal patch is full. InputError when its size does not fit."""
    height, width = clip.images[0].shape[:2]
    if height % form.side_multiple or width % form.side_multiple:
        raise InputError(
            f"clip {clip.key}: pictures of {width}x{height} do not cut into merged patches of {form.side_multiple}; "
            "sample it with this model's side_multiple"
        )
    missing = -len(clip.images) % form.temporal_patch_size
    images = np.stack([*clip.images, *[clip.images[-1]] * missing])
    seconds = [*clip.seconds, *[clip.seconds[-1]] * missing]
    depth, patch, merge = form.temporal_patch_size, form.patch_size, form.merge_size
    frames, rows, columns = len(images) // depth, height // patch, width // patch
    blocks = images.reshape(frames, depth, rows // merge, merge, patch, columns // merge, merge, patch, 3)
    ordered = blocks.transpose(_ORDER)
    firsts, lasts = seconds[::depth], seconds[depth - 1 :: depth]
    return Patches(
        key=clip.key,
        rows=cast("NDArray[np.uint8]", ordered.reshape(frames * rows * columns, 3 * depth * patch * patch)),
        grid_thw=(frames, rows, columns),
        seconds_per_grid=0.0 if clip.still else float(depth / clip.frames_per_second),
        grid_seconds=tuple((first + last) / 2 for first, last in zip(firsts, lasts, strict=True)),
        form=form,
        still=clip.still,
    )


def pictures_of(patches: Patches) -> NDArray[np.uint8]:
    """(pictures, height, width, 3): what was cut, with the repeats of the last picture that fill the last temporal patch."""
    form, (frames, rows, columns) = patches.form, patches.grid_thw
    depth, patch, merge = form.temporal_patch_size, form.patch_size, form.merge_size
    axes = (frames, depth, rows // merge, merge, patch, columns // merge, merge, patch, 3)
    blocks = patches.rows.reshape([axes[axis] for axis in _ORDER])
    images = blocks.transpose([_ORDER.index(axis) for axis in range(len(axes))])
    return np.ascontiguousarray(images).reshape(frames * depth, rows * patch, columns * patch, 3)
