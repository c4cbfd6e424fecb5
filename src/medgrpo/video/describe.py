"""What a file says about itself, found out once by decoding its first frame."""

# PyAV's stubs leave the types of container metadata open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.format import Flags as FormatFlags

from medgrpo.core import VideoError
from medgrpo.video.decode import Reading, stamp
from medgrpo.video.frame import VideoInfo
from medgrpo.video.picture import clockwise_degrees, upright_size
from medgrpo.video.timing import ClockStart

_HIGHEST_RATE = 1000  # frames per second; more is a container's tick rate, not a camera's
_NO_STAMPS = FormatFlags.no_timestamps.value
_MAY_RESTART = FormatFlags.ts_discont.value


@dataclass(frozen=True, slots=True)
class Description:
    """`declared_seconds`: length by a header that knows. `keep_damaged`: only damaged frames can be had.

    `seekable`: frames have stamps of their own. `may_restart`: a transport or program stream, whose clock may be set back.
    """

    info: VideoInfo
    clock: ClockStart
    declared_seconds: Fraction | None
    keep_damaged: bool
    seekable: bool
    may_restart: bool


def describe(path: Path) -> Description:
    """Open the file and decode one frame; VideoError when there is none."""
    for keep_damaged in (False, True):  # where every frame is damaged, damaged pictures are better than none
        reading = Reading(path, keep_damaged)
        try:
            found = _described(path, reading, keep_damaged)
        finally:
            reading.close()
        if found is not None:
            return found
    raise VideoError(path, "no frame can be decoded: the file is empty, cut off or damaged; copy or export it again")


def _described(path: Path, reading: Reading, keep_damaged: bool) -> Description | None:
    frame = next(reading.raw_frames(), None)
    if frame is None:
        return None
    stream, container = reading.stream, reading.container
    rate = stream.average_rate or stream.guessed_rate
    if rate is not None and not 0 < rate <= _HIGHEST_RATE:
        rate = None
    flags = container.format.flags
    by_dts = container.format.name == "avi"
    origin = stamp(frame, by_dts)
    declared = _declared_seconds(reading, origin)
    total = declared or _container_seconds(reading)
    width, height = upright_size(frame)
    info = VideoInfo(
        path=path,
        width=width,
        height=height,
        duration_seconds=float(total) if total is not None else None,
        frame_rate=rate,
        codec=stream.codec_context.name,
        rotation_degrees=clockwise_degrees(frame),
        tags=tuple(sorted((key.lower(), value) for key, value in container.metadata.items())),
        duration_is_estimate=total is not None and declared is None,
    )
    clock = ClockStart(origin, by_dts, 1 / rate if rate is not None else None)
    return Description(info, clock, declared, keep_damaged, origin is not None, bool(flags & _MAY_RESTART))


def _declared_seconds(reading: Reading, origin: Fraction | None) -> Fraction | None:
    """How long a header says that the video is; None where the length is FFmpeg's guess or another stream's."""
    stream, container = reading.stream, reading.container
    if container.format.flags & (_MAY_RESTART | _NO_STAMPS):
        return None
    if stream.duration is not None and stream.time_base is not None and stream.duration > 0:
        return stream.duration * stream.time_base
    tagged = _tagged_seconds(stream.metadata.get("DURATION"))
    total = tagged or (_container_seconds(reading) if len(container.streams) == 1 else None)
    if total is not None and "matroska" in container.format.name:
        total -= origin or 0  # Matroska says when the video ends, not how long it is
    return total if total is not None and total > 0 else None


def _tagged_seconds(text: str | None) -> Fraction | None:
    """Seconds of "01:02:03.500000000", which Matroska keeps for each stream."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text or "")
    return int(found[1]) * 3600 + int(found[2]) * 60 + Fraction(found[3]) if found else None


def _container_seconds(reading: Reading) -> Fraction | None:
    length = reading.container.duration
    return Fraction(length, av.time_base) if length is not None and length > 0 else None
