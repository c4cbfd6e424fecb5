"""The report's pictures, fetched in the video's order: jumping to each in the report's order costs six times as much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from medgrpo.core import VideoError
from medgrpo.video import Frame, FrameSource, Image, resize

_AT_ONCE = 100
_JUMP_SECONDS = 10.0
"""Decoding on costs less than opening the file and finding a keyframe, up to about here."""


class EvidencePictures:
    """Call it with the second of a look: its picture, no wider than `width`.

    `wanted` are looks in the order in which they will be asked for. The next hundred of them are read in one sweep and kept until
    one beyond them is asked for, so memory stays bounded. `check` is called at every look read and may raise.
    VideoError where the video does not give a look again.
    """

    def __init__(
        self, source: FrameSource, every_seconds: float, wanted: Sequence[float], width: int, check: Callable[[], None]
    ) -> None:
        self._source, self._every_seconds, self._width, self._check = source, every_seconds, width, check
        self._places = {seconds: place for place, seconds in enumerate(wanted)}
        self._wanted = wanted
        self._kept: dict[float, Image] = {}

    def __call__(self, seconds: float) -> Image:
        if seconds not in self._kept:
            place = self._places[seconds]
            self._kept = dict(self._sweep(sorted(self._wanted[place : place + _AT_ONCE])))
        if seconds not in self._kept:
            raise VideoError(self._source.info.path, "the look is not there any more", seconds)
        return self._kept[seconds]

    def _sweep(self, moments: Sequence[float]) -> Iterator[tuple[float, Image]]:
        for run in _runs(moments):
            missing = set(run)
            looks = self._source.looks(self._every_seconds, run[0])
            for frame in looks:
                self._check()
                if frame.seconds in missing:
                    missing.remove(frame.seconds)
                    yield frame.seconds, self._small(frame)
                if not missing or frame.seconds > run[-1]:
                    break

    def _small(self, frame: Frame) -> Image:
        height, width = frame.image.shape[:2]
        if width <= self._width:
            return frame.image
        return resize(frame.image, self._width, max(1, round(height * self._width / width)))


def _runs(moments: Sequence[float]) -> list[list[float]]:
    """Neighbours closer than a jump is worth, together."""
    runs: list[list[float]] = []
    for moment in moments:
        if runs and moment - runs[-1][-1] <= _JUMP_SECONDS:
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return runs
