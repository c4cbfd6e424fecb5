"""Pictures from something that does not wait: a camera, a network stream, or a file read as if it were one.

Nothing is painted until somebody asks: of twenty-five pictures a second most are only counted.
"""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.container import InputContainer
from av.error import FFmpegError, ProtocolNotFoundError
from av.video.frame import VideoFrame

from medgrpo.core import VideoError
from medgrpo.video.bridge import Bridge
from medgrpo.video.brightness import Brightness, brightness
from medgrpo.video.decode import MOST_PIXELS
from medgrpo.video.frame import Image
from medgrpo.video.packets import AmongPackets, PacketForm, PacketRing, RingLimits
from medgrpo.video.picture import Painter, upright_size

_SCHEMES: dict[str, tuple[str, dict[str, str]]] = {
    "rtsp": ("rtsp,rtp,udp,tcp", {"rtsp_transport": "tcp"}),
    "rtsps": ("rtsps,rtsp,rtp,udp,tcp,tls", {"rtsp_transport": "tcp"}),
    "rtmp": ("rtmp,tcp", {}),
    "rtmps": ("rtmps,rtmp,tcp,tls", {}),
    "srt": ("srt,udp", {}),
    "udp": ("udp", {}),
    "rtp": ("rtp,udp", {}),
    "tcp": ("tcp", {}),
    "http": ("http,tcp,hls,httpproxy", {}),
    "https": ("https,tls,tcp,hls,httpproxy,http,crypto", {}),
}
"""Scheme: what it may reach, and FFmpeg's options. Nothing else can be opened, whatever a playlist says."""
_ANALYSED_MICROSECONDS = "1000000"
"""Of a stream before its first picture; FFmpeg's own is five seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class LivePicture:
    """One picture that has arrived. `seconds` is its own stamp from the first picture of this connection, None where it has none.

    `mark` is a checksum over a part of its brightness: two pictures in a row with the same mark are the same picture shown again
    (a camera's noise never repeats). `size_wh` is upright. `broken`: packets since the picture before that did not decode, and
    this one where the decoder says that it is damaged. `stamp`: as in `seconds`, but as the stream has it.
    `packets`: the compressed packets that it came among, where they are kept.
    """

    seconds: float | None
    mark: int
    size_wh: tuple[int, int]
    broken: int
    stamp: float | None
    packets: AmongPackets | None
    _frame: VideoFrame
    _painter: Painter

    def brightness(self) -> Brightness | None:
        """(18, 32) means; None for a picture too small for it."""
        return brightness(self._frame)

    def image(self) -> Image:
        """The picture, RGB (height, width, 3); VideoError when it is too damaged. Not to be called from two threads at once."""
        if self._frame.is_corrupt:
            raise VideoError("live picture", "is damaged (parts of it were lost and made up)", self.seconds)
        try:
            return self._painter.paint(self._frame)
        except FFmpegError as error:
            raise VideoError("live picture", f"is damaged ({error.strerror})", self.seconds) from error


class ArrivingFrames:
    """Decoded frames of one connection, in order, as live pictures. `ring`: where its packets are kept."""

    def __init__(self, ring: PacketRing | None = None) -> None:
        self._painter, self._first, self._ring = Painter(exact=False), None, ring

    def picture(self, frame: VideoFrame, broken: int) -> LivePicture:
        """`broken`: packets that did not decode since the frame before; a frame that the decoder calls damaged is added."""
        stamp = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        self._first = stamp if self._first is None else self._first
        seconds = None if stamp is None or self._first is None else stamp - self._first
        packets = None if self._ring is None else AmongPackets(self._ring, stamp)
        broken += frame.is_corrupt
        return LivePicture(seconds, _mark(frame), upright_size(frame), broken, stamp, packets, frame, self._painter)


class LiveReading:
    """A connection. `pictures` ends when the other side ends; VideoError when it breaks or stays silent for `silence_seconds`.

    `bursts`: pictures come many at a time (HLS: a segment); whoever wants them as they happened waits for their stamps. `finished`:
    such a playlist says that nothing will be added. `broken` counts packets that did not decode. `keep`: so much of the compressed
    packets is kept beside the pictures; None, or a source that does not compress: nothing.
    """

    def __init__(self, address: str, silence_seconds: float = 5.0, keep: RingLimits | None = None) -> None:
        self.address = address
        self.broken = 0
        self._bridge: Bridge | None = None
        self._container = self._opened(silence_seconds)
        if not self._container.streams.video:
            self.close()
            raise VideoError(shown_address(address), "holds no video")
        self.bursts = self._container.format.name.startswith("hls")
        self.finished = self.bursts and self._container.duration is not None
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "SLICE"  # threads over frames would hold pictures back
        form = None if keep is None else PacketForm(self._stream)
        self._ring = None if keep is None or form is None or not form.compressed else PacketRing(form, keep)

    def _opened(self, silence_seconds: float) -> InputContainer:
        form, options = _how(self.address)
        target = self.address if form or "://" in self.address else f"file:{self.address}"
        patience, shown = (silence_seconds, silence_seconds), shown_address(self.address)
        try:
            return av.open(target, mode="r", format=form, options=options, timeout=patience, metadata_errors="replace")
        except ProtocolNotFoundError:
            self._bridge = Bridge(self.address, shown, silence_seconds)
        except FFmpegError as error:
            raise VideoError(shown, f"cannot be opened ({error.strerror})") from error
        try:
            limits = {"max_pixels": str(MOST_PIXELS), "analyzeduration": _ANALYSED_MICROSECONDS, "flags": "low_delay"}
            return av.open(self._bridge, mode="r", format="mpegts", options=limits, metadata_errors="replace")
        except FFmpegError as error:
            self._bridge.close()
            raise VideoError(shown, f"cannot be opened ({self._bridge.failure or error.strerror})") from error

    def pictures(self) -> Iterator[LivePicture]:
        """As they come. Packets that do not decode are counted in `broken` and passed over."""
        frames_taken, told, ring = ArrivingFrames(self._ring), 0, self._ring
        try:
            for packet in self._container.demux(self._stream):
                if ring is not None:
                    ring.add(packet)
                try:
                    frames = packet.decode()
                except FFmpegError:
                    self.broken += 1
                    continue
                for frame in frames:
                    broken, told = self.broken - told, self.broken
                    yield frames_taken.picture(frame, broken)
        except FFmpegError as error:
            raise VideoError(shown_address(self.address), f"broke off ({error.strerror})") from error
        if self._bridge is not None and self._bridge.failure is not None:
            raise VideoError(shown_address(self.address), f"broke off ({self._bridge.failure})")

    def close(self) -> None:
        self._container.close()
        if self._bridge is not None:
            self._bridge.close()

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
    # no "nobuffer": it throws away the packets by which the stream was recognised, its first key frame among them
    low_delay = {"flags": "low_delay", "analyzeduration": _ANALYSED_MICROSECONDS}
    return None, {**limits, **options, **low_delay, "protocol_whitelist": whitelist}


def _mark(frame: VideoFrame) -> int:
    """A checksum of every 61st byte of the first plane (brightness, in all formats that cameras give)."""
    return zlib.adler32(bytes(memoryview(frame.planes[0])[::61]))


def shown_address(address: str) -> str:
    """The address as it may be shown and written down: without user name, password and query (some hold a password)."""
    scheme, sign, rest = address.partition("://")
    rest, asked, _ = rest.partition("?")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}{'?...' if asked else ''}" if sign else address
