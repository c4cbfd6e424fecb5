"""The picture that a console shows: the newest one that may leave the fast loop, as a file in the case's folder.

`CASE/live/picture.jpg` is replaced whole. Its JPEG comment holds what belongs to exactly this picture, as JSON: `number` of the
tick, `seconds`, `size_wh` of the video, `dimmed`, `black` (shares of it that are black: `text`, `regions`), and `tips`
(instrument, box_xyxy, probability). It is written only while
somebody wants it (`CASE/live/wanted` was touched in the last seconds), by a thread of its own: the newest wins, the fast loop
never waits for it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from medgrpo.core import VideoError, write_whole
from medgrpo.stream.privacy import NOTHING_BLACK
from medgrpo.stream.tick import Tick
from medgrpo.video import encode_jpeg, resize

FOLDER, PICTURE, WANTED = "live", "picture.jpg", "wanted"
WANTED_SECONDS = 10.0
_WIDEST = 1280
_START, _COMMENT = b"\xff\xd8", b"\xff\xfe"


class Showing:
    """Hears every tick (`show`) while used as a context manager; at its end the picture goes. `clear`: whether the last look's
    picture is undimmed. `not_written` counts pictures that the disk refused: the console then says that its picture is old."""

    def __init__(self, case_dir: Path, clear: Callable[[], bool]) -> None:
        self._folder, self._clear = case_dir / FOLDER, clear
        self._condition = threading.Condition()
        self._waiting: tuple[Tick, bool] | None = None
        self._closed = False
        self.written = self.not_written = 0
        self._thread = threading.Thread(target=self._work, name="live picture", daemon=True)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        self._thread.join(timeout=2.0)
        (self._folder / PICTURE).unlink(missing_ok=True)

    def show(self, tick: Tick) -> None:
        """Called in the fast loop's thread; costs a look at a file's time."""
        if tick.shown is None or not self._wanted():
            return
        with self._condition:
            self._waiting = (tick, self._clear())
            self._condition.notify_all()

    def _wanted(self) -> bool:
        try:
            return time.time() - (self._folder / WANTED).stat().st_mtime < WANTED_SECONDS
        except OSError:
            return False

    def _work(self) -> None:
        while True:
            with self._condition:
                while self._waiting is None and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                assert self._waiting is not None
                (tick, clear), self._waiting = self._waiting, None
            try:
                write_whole(self._folder / PICTURE, picture_of(tick, clear))
                self.written += 1
            except OSError:
                self.not_written += 1


def picture_of(tick: Tick, clear: bool) -> bytes:
    """The JPEG with its comment; at most 1280 pixels wide."""
    assert tick.shown is not None
    height, width = tick.shown.shape[:2]
    image = tick.shown if width <= _WIDEST else resize(tick.shown, _WIDEST, round(height * _WIDEST / width))
    seen = None if tick.observation is None else tick.observation.seen
    about = {
        "number": tick.number,
        "seconds": round(tick.case_seconds, 6),
        "size_wh": [width, height],
        "dimmed": not clear,
        "black": asdict(tick.black or NOTHING_BLACK),
        # what was found in a picture that may not be shown is not drawn into it either
        "tips": []
        if seen is None or not clear
        else [_tip(tip.instrument, tip.box_xyxy.xyxy, tip.probability) for tip in seen.tips],
    }
    comment = json.dumps(about, separators=(",", ":")).encode()
    data = encode_jpeg(image, 80)
    return data[:2] + _COMMENT + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]


def about_picture(data: bytes) -> dict[str, Any]:
    """What the comment of such a picture says. VideoError when it is none."""
    if data[:4] != _START + _COMMENT:
        raise VideoError(PICTURE, "is no picture of a live case")
    length = int.from_bytes(data[4:6], "big")
    try:
        found: object = json.loads(data[6 : 4 + length])
    except ValueError as error:
        raise VideoError(PICTURE, "says nothing readable about itself") from error
    if not isinstance(found, dict):
        raise VideoError(PICTURE, "says nothing readable about itself")
    return cast("dict[str, Any]", found)


def want_picture(case_dir: Path) -> None:
    """Say that somebody looks: call it at least every few seconds while that is so. OSError when the folder cannot be written."""
    (case_dir / FOLDER).mkdir(exist_ok=True)
    (case_dir / FOLDER / WANTED).touch()


def _tip(instrument: str, box_xyxy: tuple[float, float, float, float], probability: float) -> dict[str, Any]:
    return {"instrument": instrument, "box_xyxy": [round(value, 4) for value in box_xyxy], "probability": round(probability, 3)}
