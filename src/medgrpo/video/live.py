"""Pictures from something that does not wait: a camera, a network stream, or a file read as if it were one.

Nothing is painted until somebody asks: of twenty-five pictures a second most are only counted.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from medgrpo.core import VideoError
from medgrpo.video.decode import MOST_PIXELS
from medgrpo.video.frame import Image
from medgrpo.video.picture import Painter, upright_size

_SCHEMES: dict[str, tuple[str, dict[str, str]]] = {
    "rtsp": ("rtsp,rtp,udp,tcp", {"rtsp_transport": "tcp"}),
    "rtsps": ("rtsps,rtsp,rtp,udp,tcp,tls", {"rtsp_transport": "tcp"}),
    "rtmp": ("rtmp,tcp", {}),
    "rtmps": ("rtmps,rtmp,tcp,tls", {}),
    "srt": ("srt", {}),
    "udp": ("udp", {}),
    "rtp": ("rtp,udp", {}),
    "tcp": ("tcp", {}),
    "http": ("http,tcp,hls,httpproxy", {}),
    "https": ("https,tls,tcp,hls,httpproxy,http,crypto", {}),
}
"""Scheme: what it may reach, and FFmpeg's options. Nothing else can be opened, whatever a playlist says."""


@dataclass(frozen=True, slots=True, eq=False)
class LivePicture:
    """One picture that has arrived. `seconds` is its own stamp from the first picture of this connection, None where it has none.

    `mark` is a checksum over a part of its brightness: two pictures in a row with the same mark are the same picture shown again
    (a camera's noise never repeats). `size_wh` is upright.
    """

    seconds: float | None
    mark: int
    size_wh: tuple[int, int]
    _frame: VideoFrame
    _painter: Painter

    def image(self) -> Image:
        """The picture, RGB (height, width, 3); VideoError when it is too damaged. Not to be called from two threads at once."""
        try:
            return self._painter.paint(self._frame)
        except FFmpegError as error:
            raise VideoError("live picture", f"is damaged ({error.strerror})", self.seconds) from error


class LiveReading:
    """A connection. `pictures` ends when the other side ends; VideoError when it breaks or stays silent for `silence_seconds`."""

    def __init__(self, address: str, silence_seconds: float = 5.0) -> None:
        self.address = address
        self.broken = 0
        form, options = _how(address)
        target = address if form or "://" in address else f"file:{address}"
        try:
            self._container = av.open(
                target,
                mode="r",
                format=form,
                options=options,
                timeout=(silence_seconds, silence_seconds),
                metadata_errors="replace",
            )
        except FFmpegError as error:
            raise VideoError(shown_address(address), f"cannot be opened ({error.strerror})") from error
        if not self._container.streams.video:
            self._container.close()
            raise VideoError(shown_address(address), "holds no video")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "SLICE"  # threads over frames would hold pictures back
        self._painter = Painter(exact=False)

    def pictures(self) -> Iterator[LivePicture]:
        """As they come. Packets that do not decode are counted in `broken` and passed over."""
        first: float | None = None
        try:
            for packet in self._container.demux(self._stream):
                try:
                    frames = packet.decode()
                except FFmpegError:
                    self.broken += 1
                    continue
                for frame in frames:
                    stamp = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
                    first = stamp if first is None else first
                    seconds = None if stamp is None or first is None else stamp - first
                    yield LivePicture(seconds, _mark(frame), upright_size(frame), frame, self._painter)
        except FFmpegError as error:
            raise VideoError(shown_address(self.address), f"broke off ({error.strerror})") from error

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _how(address: str) -> tuple[str | None, dict[str, str]]:
    """FFmpeg's format, where it must be told, and options."""
    limits = {"max_pixels": str(MOST_PIXELS)}
    if address.startswith("/dev/video"):
        return "v4l2", limits
    scheme, sign, _ = address.partition("://")
    if not sign:
        if not Path(address).is_file():
            raise VideoError(address, "there is no such file; give a file, /dev/videoN, or an address such as rtsp://host/stream")
        return None, {**limits, "protocol_whitelist": "file"}
    if scheme not in _SCHEMES:
        raise VideoError(shown_address(address), f"cannot be opened: {scheme} is none of {', '.join(_SCHEMES)}")
    whitelist, options = _SCHEMES[scheme]
    low_delay = {"fflags": "nobuffer", "flags": "low_delay"}
    return None, {**limits, **options, **low_delay, "protocol_whitelist": whitelist}


def _mark(frame: VideoFrame) -> int:
    """A checksum of every 61st byte of the first plane (brightness, in all formats that cameras give)."""
    return zlib.adler32(bytes(memoryview(frame.planes[0])[::61]))


def shown_address(address: str) -> str:
    """The address as it may be shown and written down: without user name and password."""
    scheme, sign, rest = address.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}" if sign else address
