"""Write a video file that is either whole or not there."""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame

from medgrpo.core import InputError, VideoError, hidden_name
from medgrpo.video.frame import Image

_OPTIONS = {
    "crf": "20",
    "preset": "veryfast",
    "threads": "2",
}  # the fixed thread count makes bytes repeatable, but of pure noise


class VideoWriter:
    """H.264 (yuv420p) in the container that the file name's ending says (.mp4, .mkv, .mov).

    Frames go to a hidden file beside the target, which takes the target's name only when the `with` block ends well;
    an error or Ctrl-C inside the block leaves an earlier file untouched and nothing else behind.
    """

    def __init__(
        self, path: Path | str, width: int, height: int, frame_rate: Fraction | float, tags: Mapping[str, str] | None = None
    ) -> None:
        self._path = Path(path)
        self._size = (height, width, 3)
        self._rate = Fraction(frame_rate).limit_denominator(100_000)
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise InputError(f"{path}: a video of {width}x{height} cannot be written: width and height must be even (H.264 4:2:0)")
        if self._rate <= 0:
            raise InputError(f"{path}: a video at {frame_rate} frames per second cannot be written: give a rate above 0")
        # frames come one by one, from call to call: the file under its hidden name is held here, not by a `with` of `whole_file`
        self._partial = self._path.with_name(hidden_name(self._path, ending=True, process=True))
        self._count = 0
        # without the flag, mp4 keeps only a handful of well-known tags
        flags = {"movflags": "use_metadata_tags+faststart"} if self._path.suffix.lower() in {".mp4", ".mov", ".m4v"} else {}
        try:
            self._container = av.open(f"file:{self._partial}", mode="w", container_options=flags)
            self._container.metadata.update(tags or {})
            self._stream = self._container.add_stream("libx264", rate=self._rate, options=_OPTIONS)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            self._container.start_encoding()
        except (FFmpegError, ValueError) as error:
            self._partial.unlink(missing_ok=True)
            raise VideoError(path, f"cannot be written ({error}); check the folder and use .mp4, .mkv or .mov") from error

    def write(self, image: Image) -> None:
        """Add the next frame: RGB of the size given at the start, else InputError."""
        if image.shape != self._size:
            raise InputError(f"{self._path}: frame {self._count} has shape {image.shape}, the video was begun with {self._size}")
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame.pts, frame.time_base = self._count, 1 / self._rate
        self._container.mux(self._stream.encode(frame))
        self._count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
            if kind is None:
                self._partial.replace(self._path)
        finally:
            self._partial.unlink(missing_ok=True)
