"""The latest compressed packets of a live connection as they came: what a clip is cut from without re-encoding.

Bounded in seconds and in bytes, whatever comes. What leaves goes by whole groups of pictures, as packets without their key frame
show nothing.
"""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false
from __future__ import annotations

import io
import threading
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

RAW_CODECS = ("rawvideo", "v210", "wrapped_avframe", "bitpacked")
"""Cameras give these: whole pictures, nothing compressed to keep."""

_LEADING_SECONDS = 1.0
"""Pictures shown before the key frame that they follow: a few, never so much earlier."""


@dataclass(frozen=True, slots=True)
class RingLimits:
    """`seconds` of pictures, and never more than `most_bytes`."""

    seconds: float = 40.0
    most_bytes: int = 96 << 20

    def __post_init__(self) -> None:
        if not (self.seconds > 0 and self.most_bytes > 0):
            raise ValueError("a ring keeps more than nothing")


@dataclass(frozen=True, slots=True, eq=False)
class KeptPacket:
    """`seconds`: when its picture is shown, on the stream's own clock. `pts` and `dts` in the form's time base."""

    data: bytes
    pts: int
    dts: int | None
    duration: int
    is_key: bool
    seconds: float


class PacketForm:
    """What a container must be told about packets: codec, size, headers. Outlives the connection that it was taken from."""

    def __init__(self, stream: VideoStream) -> None:
        """`stream` of an open input."""
        self._holder: OutputContainer = av.open(io.BytesIO(), mode="w", format="matroska")
        self.template: VideoStream = self._holder.add_stream_from_template(stream, opaque=True)
        self.codec = stream.codec_context.codec.canonical_name
        self.time_base = stream.time_base or Fraction(1, 90_000)
        self.compressed = self.codec not in RAW_CODECS


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Packets in the order of decoding, a key frame first; their pictures are shown from `from_seconds` to `until_seconds`."""

    form: PacketForm
    packets: tuple[KeptPacket, ...]
    from_seconds: float
    until_seconds: float


class PacketRing:
    """One connection's. Packets are added by one thread, cut by another."""

    def __init__(self, form: PacketForm, limits: RingLimits) -> None:
        self.form, self.limits = form, limits
        self._lock = threading.Lock()
        self._groups: deque[list[KeptPacket]] = deque()
        self._bytes = 0
        self._untimed = False

    @property
    def bytes(self) -> int:
        return self._bytes

    def add(self, packet: Packet) -> None:
        """A packet as the demuxer gave it; its data is copied. Packets without time are not kept, and no clip is cut then."""
        data = bytes(packet)
        if not data:
            return
        with self._lock:
            if packet.pts is None:
                self._untimed = True
                self._clear()
                return
            kept = KeptPacket(
                data, packet.pts, packet.dts, packet.duration or 0, packet.is_keyframe, float(packet.pts * packet.time_base)
            )
            if self._groups and kept.seconds < self._groups[-1][0].seconds - _LEADING_SECONDS:
                self._clear()  # the stream's clock was set back: what was kept would answer to the wrong times
            if kept.is_key:
                self._groups.append([])
            if not self._groups:
                return  # what comes before the first key frame shows nothing
            self._groups[-1].append(kept)
            self._bytes += len(data)
            self._trim(kept.seconds)

    def cut(self, start_seconds: float, least_seconds: float, until_seconds: float) -> Cut | str:
        """Pictures from the last key frame at or before `start_seconds` on (else from the first after it) until `until_seconds`, on
        the stream's own clock; or why there are none. They begin at `least_seconds` at the earliest."""
        with self._lock:
            if self._untimed:
                return "the stream's packets carry no times"
            groups = [tuple(group) for group in self._groups]
        starts = [group[0].seconds for group in groups]
        allowed = [place for place, start in enumerate(starts) if least_seconds <= start < until_seconds]
        if not allowed:
            return "no key frame from which it could begin is kept"
        before = [place for place in allowed if starts[place] <= start_seconds]
        first = before[-1] if before else allowed[0]
        shown_from = starts[first]
        chosen: list[KeptPacket] = []
        for packet in (packet for group in groups[first:] for packet in group):
            if packet.seconds < shown_from:
                continue  # a leading picture: it needs what came before the key frame
            if packet.seconds > until_seconds:
                break
            chosen.append(packet)
        return Cut(self.form, tuple(chosen), shown_from, max(packet.seconds for packet in chosen))

    def _trim(self, newest_seconds: float) -> None:
        limits, groups = self.limits, self._groups
        while groups:
            too_old = len(groups) > 1 and groups[1][0].seconds <= newest_seconds - limits.seconds
            too_long = len(groups) == 1 and newest_seconds - groups[0][0].seconds > limits.seconds
            if not (too_old or too_long or self._bytes > limits.most_bytes):
                return
            self._bytes -= sum(len(packet.data) for packet in groups.popleft())

    def _clear(self) -> None:
        self._groups.clear()
        self._bytes = 0


@dataclass(frozen=True, slots=True, eq=False)
class AmongPackets:
    """Where a picture lies among the packets of its connection; `seconds` None where it carries no time."""

    ring: PacketRing
    seconds: float | None
