"""Pictures of a finished case: of its video where the store knows it, else those that `watch` kept.

All are covered as the live ones were: dimmed where the camera had not been inside, burned-in text black."""

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
from medgrpo.stream import COVER_LEAD_SECONDS, Cover, Privacy, PrivacyFilter, TextLimits
from medgrpo.video import Frame, Image, encode_jpeg, open_video

LARGE_WIDTH, SMALL_WIDTH = 960, 320
"""Small ones, some 12 kB, are for moving through the video; a large one follows where it rests."""
_KEPT_BYTES = 24 << 20
_USUAL = Privacy()
_JUMP_SECONDS = 10.0
"""Reading on costs less than a jump, up to about here."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A JPEG, the second that it shows, and whether it was dimmed because the camera may have been outside the body."""

    seconds: float
    jpeg: bytes
    dimmed: bool


class Pictures:
    """`at` may be called from several threads; the video is read by one at a time. `close` lets go of it.

    `privacy`: a case with a video was analysed, which knows no site, so that the usual settings hold."""

    def __init__(self, folder: CaseFolder, video: Path | None, privacy: Privacy = _USUAL) -> None:
        self._folder, self._video, self._privacy = folder, video, privacy
        self._lock, self._stack = threading.Lock(), ExitStack()
        self._kept: OrderedDict[tuple[int, int], Shown] = OrderedDict()
        self._frames: Iterator[Frame] | None = None
        self._cover = Cover(privacy)
        self._covered: tuple[float, Image, bool] | None = None
        """The second of the picture read last, as it may leave in full size, and whether it is dimmed."""
        self._size: tuple[int, ...] = ()
        self._resized = float("-inf")
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
                self._looks = _shown(self._folder, self._privacy)
            moments, clear = self._looks
            if not moments:
                return None
            place = _place(moments, seconds)
            shown = self._kept.get((place, width)) or self._read(self._video, moments, clear, place, width)
            if shown is None:
                return None
            self._kept[place, width] = shown
            self._kept.move_to_end((place, width))
            while sum(len(one.jpeg) for one in self._kept.values()) > _KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return shown

    def close(self) -> None:
        with self._lock:
            self._frames = self._covered = None
            self._stack.close()

    def _read(self, video: Path, moments: Sequence[float], clear: Sequence[bool], place: int, width: int) -> Shown | None:
        wanted = moments[place]
        try:
            last = float("inf") if self._frames is None or self._covered is None else self._covered[0]
            if last != wanted:
                if not last < wanted <= last + _JUMP_SECONDS:
                    self._jump(video, moments[begin_of(moments, place, self._privacy.text)])
                self._read_on(wanted, clear[place])
        except VideoError:
            self._frames = self._covered = None  # the next one opens it anew
        if self._covered is None or self._covered[0] != wanted:
            return None
        return Shown(wanted, encode_jpeg(shrunk(self._covered[1], width)), self._covered[2])

    def _jump(self, video: Path, seconds: float) -> None:
        self._stack.close()
        source = self._stack.enter_context(open_video(video))
        self._frames = source.looks(1 / self._folder.looks_per_second, seconds)
        self._cover, self._size, self._resized, self._covered = Cover(self._privacy), (), float("-inf"), None

    def _read_on(self, wanted: float, clear: bool) -> None:
        """Look at every picture up to that of `wanted`; a change of size is as a beginning (PrivacyFilter)."""
        assert self._frames is not None
        for frame in self._frames:
            if self._size not in ((), frame.image.shape):
                self._resized = frame.seconds
            self._size = frame.image.shape
            self._cover.look(frame.seconds, frame.image)
            if frame.seconds >= wanted:
                clear = clear and frame.seconds - self._resized >= self._privacy.inside_seconds
                self._covered = (frame.seconds, self._cover.over(frame.image, clear), not clear)
                return
        self._covered = None

    def _kept_by_watch(self, seconds: float) -> Shown | None:
        if not self._evidence:
            return None
        one = self._evidence[_place([each.seconds for each in self._evidence], seconds)]
        jpeg = _genuine(self._folder.path, one)
        return None if jpeg is None else Shown(one.seconds, jpeg, one.dimmed)


def _place(moments: Sequence[float], seconds: float) -> int:
    return max(0, bisect_right(moments, seconds + 1e-6) - 1)


def begin_of(moments: Sequence[float], place: int, text: TextLimits) -> int:
    """The look at which to begin before that of `place`: so early that text in the picture has been found for sure by then.

    The finder counts looks, not seconds, and passes over those that come sooner than `every_seconds`."""
    counted, last, begin = 0, moments[place], place
    while begin > 0 and (counted <= text.sure_looks or moments[place] - moments[begin] < COVER_LEAD_SECONDS):
        begin -= 1
        if last - moments[begin] >= text.every_seconds:
            counted, last = counted + 1, moments[begin]
    return begin


def _shown(folder: CaseFolder, settings: Privacy) -> tuple[tuple[float, ...], tuple[bool, ...]]:
    """Every look's second, and whether its picture may be shown as it is: what the live privacy filter would have said."""
    privacy = PrivacyFilter(settings)
    moments: list[float] = []
    clear: list[bool] = []
    for look in observations(folder.path):
        privacy.look(look)
        moments.append(look.seconds)
        clear.append(privacy.clear)
    return tuple(moments), tuple(clear)


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
