"""Pictures of a finished case: of its video where the store knows it, else those that `watch` kept. All pass the privacy filter."""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from medgrpo.cases import CaseFolder, EvidencePicture, observations
from medgrpo.core import VideoError
from medgrpo.page import shrunk
from medgrpo.stream import Privacy, PrivacyFilter
from medgrpo.video import Frame, Image, encode_jpeg, open_video

LARGE_WIDTH, SMALL_WIDTH = 960, 320
"""Small ones, some 12 kB, are for moving through the video; a large one follows where it rests."""
_KEPT_BYTES = 24 << 20
_JUMP_SECONDS = 10.0
"""Reading on costs less than a jump, up to about here."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A JPEG, the second that it shows, and whether it was dimmed because the camera may have been outside the body."""

    seconds: float
    jpeg: bytes
    dimmed: bool


class Pictures:
    """`at` may be called from several threads; the video is read by one at a time. `close` lets go of it."""

    def __init__(self, folder: CaseFolder, video: Path | None) -> None:
        self._folder, self._video = folder, video
        self._lock, self._stack = threading.Lock(), ExitStack()
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._frames: Iterator[Frame] | None = None
        self._last = float("inf")
        self._evidence = () if video is not None else tuple(sorted(folder.pictures, key=lambda one: one.seconds))
        self._looks: tuple[tuple[float, ...], tuple[bool, ...]] | None = None

    @property
    def moments(self) -> tuple[float, ...] | None:
        """The seconds for which there is a picture; None: of any."""
        return None if self._video is not None else tuple(one.seconds for one in self._evidence)

    def at(self, seconds: float, width: int = LARGE_WIDTH) -> Shown | None:
        """The picture of the last look up to `seconds` (of the first one before that); None where there is none of it."""
        if self._video is None:
            return self._kept_by_watch(seconds)
        with self._lock:
            if self._looks is None:
                self._looks = _shown(self._folder)
            moments, clear = self._looks
            if not moments:
                return None
            place = _place(moments, seconds)
            jpeg = self._kept.get((place, width)) or self._read(self._video, moments[place], clear[place], width)
            if jpeg is None:
                return None
            self._kept[place, width] = jpeg
            self._kept.move_to_end((place, width))
            while sum(map(len, self._kept.values())) > _KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return Shown(moments[place], jpeg, not clear[place])

    def close(self) -> None:
        with self._lock:
            self._frames = None
            self._stack.close()

    def _read(self, video: Path, wanted: float, clear: bool, width: int) -> bytes | None:
        try:
            if self._frames is None or not self._last < wanted <= self._last + _JUMP_SECONDS:
                self._stack.close()
                source = self._stack.enter_context(open_video(video))
                self._frames = source.looks(1 / self._folder.looks_per_second, wanted)
            for frame in self._frames:
                self._last = frame.seconds
                if frame.seconds >= wanted:
                    return encode_jpeg(_filtered(frame.image, clear, width)) if frame.seconds == wanted else None
        except VideoError:
            self._frames = None  # the next one opens it anew
        return None

    def _kept_by_watch(self, seconds: float) -> Shown | None:
        if not self._evidence:
            return None
        one = self._evidence[_place([each.seconds for each in self._evidence], seconds)]
        jpeg = _genuine(self._folder.path, one)
        return None if jpeg is None else Shown(one.seconds, jpeg, one.dimmed)


def _place(moments: Sequence[float], seconds: float) -> int:
    return max(0, bisect_right(moments, seconds + 1e-6) - 1)


def _shown(folder: CaseFolder) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """Every look's second, and whether its picture may be shown as it is: what the live privacy filter would have said."""
    privacy = PrivacyFilter(Privacy())
    moments: list[float] = []
    clear: list[bool] = []
    for look in observations(folder.path):
        privacy.look(look)
        moments.append(look.seconds)
        clear.append(privacy.clear)
    return tuple(moments), tuple(clear)


def _filtered(image: Image, clear: bool, width: int) -> Image:
    """A filter that has seen no look dims whatever it is given."""
    return shrunk(image if clear else PrivacyFilter(Privacy()).shown(image), width)


def _genuine(case: Path, one: EvidencePicture) -> bytes | None:
    """A kept picture, if it is the one of which the record holds the hash, and lies where such pictures lie."""
    path = (case / one.file).resolve()
    if not path.is_relative_to((case / "evidence").resolve()):
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == one.sha256 else None
