"""The live picture of a case in the sizes that browsers ask for. A smaller one is made once for all who want it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync

from medgrpo.page import shrunk
from medgrpo.stream import PICTURE, about_picture, want_picture
from medgrpo.video import decode_image, encode_jpeg

SIZES = {240: 40, 320: 50, 480: 60, 640: 70, 1280: 80}
"""Widths in pixels, and the JPEG quality of each. The widest is the picture as it was written."""
_WANT_EVERY_SECONDS = 2.0
_POLL_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class Pictured:
    """`version` changes with every picture; `about` belongs to exactly this one (stream.showing)."""

    version: str
    about: dict[str, Any]
    jpeg: bytes


class Pictures:
    """Of one case."""

    def __init__(self, case_dir: Path) -> None:
        self._case_dir, self._path = case_dir, case_dir / "live" / PICTURE
        self._wanted_at = float("-inf")
        self._newest: Pictured | None = None
        self._scaled: dict[int, asyncio.Task[bytes]] = {}

    async def after(self, version: str, width: int, most_seconds: float) -> Pictured | None:
        """The newest picture that is not of that version, `width` (one of SIZES) wide at most; None when none came in time."""
        until = time.monotonic() + most_seconds
        while True:
            self.want()
            newest = self._read()
            if newest is not None and newest.version != version:
                return Pictured(newest.version, newest.about, await self._at(newest, width))
            if time.monotonic() >= until:
                return None
            await asyncio.sleep(_POLL_SECONDS)

    def want(self) -> None:
        """Somebody looks, or will in a moment: the session writes pictures from its next look on."""
        if time.monotonic() - self._wanted_at > _WANT_EVERY_SECONDS:
            self._wanted_at = time.monotonic()
            want_picture(self._case_dir)

    def _read(self) -> Pictured | None:
        """The file as it stands; None where there is none, or none that can be read."""
        try:
            version = str(self._path.stat().st_mtime_ns)
            if self._newest is None or self._newest.version != version:
                data = self._path.read_bytes()
                self._newest, self._scaled = Pictured(version, about_picture(data), data), {}
        except FileNotFoundError:
            self._newest = None
        return self._newest

    async def _at(self, picture: Pictured, width: int) -> bytes:
        if int(picture.about["size_wh"][0]) <= width or width == max(SIZES):
            return picture.jpeg
        if width not in self._scaled:
            self._scaled[width] = asyncio.ensure_future(run_sync(_scaled, picture.jpeg, width))
        return await asyncio.shield(self._scaled[width])


def _scaled(data: bytes, width: int) -> bytes:
    return encode_jpeg(shrunk(decode_image(data, PICTURE), width), SIZES[width])
