"""A folder of pictures with known times as a source of frames."""

from __future__ import annotations

import csv
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from medgrpo.core import VideoError
from medgrpo.video.frame import Frame, Image, ReadingReport, VideoInfo
from medgrpo.video.images import read_image, resize
from medgrpo.video.timing import LookGrid, checked_seconds

_SUFFIXES = {".jpg": "mjpeg", ".jpeg": "mjpeg", ".png": "png"}
_TIMES_FILE = "times.csv"


def open_image_folder(folder: Path | str, times: Mapping[str, float] | None = None) -> ImageFolder:
    """Open a folder of JPEG and PNG pictures as video.

    Times in seconds come from `times` (file name -> seconds), else from a `times.csv` in the folder (columns
    file,seconds), else from file names that are whole numbers (CholecT50: 000013.jpg is second 13). Unlike in a video
    file they are taken as given: the first frame is not shifted to 0. Pictures without a time are counted and left out.
    VideoError when there is no picture, no time, a time given twice, or no picture that can be read.
    """
    return ImageFolder(Path(folder), times)


class ImageFolder:
    """A FrameSource over pictures; only those that are looked at are read.

    `Frame.index` counts the pictures in order of time. All have the first one's size; others are scaled to it.
    `report.frames_decoded` counts pictures read, of the latest `looks` pass. `info.duration_seconds` is the last time.
    """

    def __init__(self, folder: Path, times: Mapping[str, float] | None = None) -> None:
        self._folder = folder
        pictures = _pictures(folder)
        if times is None:
            listed = folder / _TIMES_FILE
            times = (
                _read_times(listed) if listed.exists() else {name: int(Path(name).stem) for name in pictures if _is_number(name)}
            )
        if not pictures:
            raise VideoError(folder, "holds no JPEG or PNG pictures; give a video file or a folder of pictures")
        if not times:
            raise VideoError(
                folder, f"its pictures have no times: name them by whole seconds or add a {_TIMES_FILE} (file,seconds)"
            )
        self._shots = _ordered(folder, times)
        self._times = [float(time) for time, _ in self._shots]
        self._without_time = len(pictures - set(times))
        self._decoded = self._broken = 0
        self._size: tuple[int, int] | None = None
        first = next((image for image in map(self._read, range(len(self._shots))) if image is not None), None)
        if first is None:
            raise VideoError(folder, f"none of its {len(self._shots)} pictures can be read; copy the folder again")
        height, width = first.shape[:2]
        self._size = (width, height)
        self._decoded = self._broken = 0
        codec = _SUFFIXES.get(Path(self._shots[0][1]).suffix.lower(), "unknown")
        self.info = VideoInfo(folder, width, height, self._times[-1], None, codec, 0)

    @property
    def report(self) -> ReadingReport:
        return ReadingReport(self._decoded, self._broken, self._without_time, truncated=False)

    def looks(self, every_seconds: float, start_seconds: float = 0.0) -> Iterator[Frame]:
        """See FrameSource.looks; the grid begins at 0 s, also when the first picture is later."""
        grid = LookGrid(every_seconds)
        return self._looks(grid, grid.cell_start(start_seconds), start_seconds)

    def _looks(self, grid: LookGrid, start: Fraction, start_seconds: float) -> Iterator[Frame]:
        self._decoded = self._broken = 0
        for index, (time, _) in enumerate(self._shots):
            if time >= start and grid.wants(time):
                image = self._read(index)
                if image is not None:
                    grid.take(time)
                    if float(time) >= start_seconds:
                        yield Frame(index, float(time), image)

    def frame_at(self, seconds: float) -> Frame:
        """See FrameSource.frame_at: the last readable picture at or before the time, the first one before all of them."""
        position = max(0, bisect_right(self._times, checked_seconds("seconds", seconds)) - 1)
        for index in [*range(position, -1, -1), *range(position + 1, len(self._shots))]:
            image = self._read(index)
            if image is not None:
                return Frame(index, self._times[index], image)
        raise VideoError(self._folder, "its pictures can no longer be read; open the folder again", seconds)

    def _read(self, index: int) -> Image | None:
        try:
            image = read_image(self._folder / self._shots[index][1])
        except VideoError:
            self._broken += 1
            return None
        self._decoded += 1
        if self._size is not None and image.shape[1::-1] != self._size:
            return resize(image, *self._size)
        return image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


def _pictures(folder: Path) -> set[str]:
    try:
        return {each.name for each in folder.iterdir() if each.suffix.lower() in _SUFFIXES and not each.name.startswith(".")}
    except OSError as error:
        raise VideoError(folder, f"the folder cannot be read ({error.strerror}); check the path and its permissions") from error


def _is_number(name: str) -> bool:
    stem = Path(name).stem
    return stem.isascii() and stem.isdecimal()


def _read_times(path: Path) -> dict[str, float]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise VideoError(path, f"cannot be read as CSV ({error}); write it as UTF-8 with the columns file,seconds") from error
    times: dict[str, float] = {}
    for line, row in enumerate(rows, start=2):
        name, seconds = row.get("file"), row.get("seconds")
        if not name or seconds is None:
            raise VideoError(path, f"line {line} has no file or no seconds; the columns are file,seconds")
        if name in times:
            raise VideoError(path, f"line {line} names {name} for the second time; give every picture one time")
        try:
            times[name] = float(seconds)
        except ValueError as error:
            raise VideoError(path, f"line {line}: {seconds!r} is not a number of seconds") from error
    return times


def _ordered(folder: Path, times: Mapping[str, float]) -> list[tuple[Fraction, str]]:
    for name, seconds in times.items():
        if Path(name).name != name:
            raise VideoError(folder, f"{name!r} has a time but is not a file name of this folder")
        if not 0 <= seconds < math.inf:
            raise VideoError(folder, f"{name} has the time {seconds}; times are seconds of 0 or more")
    shots = sorted((Fraction(str(seconds)), name) for name, seconds in times.items())
    for (time, name), (next_time, next_name) in pairwise(shots):
        if time == next_time:
            raise VideoError(folder, f"{name} and {next_name} have the same time, {float(time):g} s; keep one of them")
    return shots
