"""A cut of packets becomes a file: no picture is encoded anew, nothing but the video goes in, and it is whole or not there."""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingTypeArgument=false
from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError
from av.packet import Packet

from medgrpo.core import VideoError, whole_file
from medgrpo.video.packets import Cut

_IN_MP4 = ("h264", "hevc", "mpeg4", "av1", "vp9", "mjpeg")
_WITHOUT_NOTES = {
    "h264": "filter_units=remove_types=6",  # SEI: encoder's settings, captions, whatever a device writes beside the pictures
    "hevc": "filter_units=remove_types=39-40",
}


@dataclass(frozen=True, slots=True)
class ClipFile:
    """What was written: its name, SHA-256 (hexadecimal) and size."""

    name: str
    sha256: str
    size_bytes: int
    codec: str


def clip_ending(codec: str) -> str:
    """How the name of a clip of that codec ends."""
    return ".mp4" if codec in _IN_MP4 else ".mkv"


def write_clip(cut: Cut, path: Path) -> ClipFile:
    """Write the cut; `path` without ending. Container metadata, audio, captions and encoder notes are left out; time begins at 0.

    VideoError when it cannot be written: then nothing is there.
    """
    target = path.with_name(path.name + clip_ending(cut.form.codec))
    try:
        with whole_file(target, durable=True, ending=True) as unfinished:
            _mux(cut, unfinished)
            with unfinished.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                size = os.fstat(stream.fileno()).st_size
    except (FFmpegError, OSError, ValueError) as error:
        raise VideoError(target, f"is not written ({getattr(error, 'strerror', None) or error})") from error
    return ClipFile(target.name, digest, size, cut.form.codec)


def _mux(cut: Cut, path: Path) -> None:
    options = {"fflags": "+bitexact"}  # without it FFmpeg writes its own name and version
    if path.suffix == ".mp4":
        options["movflags"] = "+faststart"
    codec, base = cut.form.codec, cut.form.time_base
    first = cut.packets[0].pts  # decoding may begin before 0, what is shown does not
    with av.open(f"file:{path}", mode="w", container_options=options) as container:
        stream = container.add_stream_from_template(cut.form.template, opaque=True)
        cleaned = BitStreamFilterContext(_WITHOUT_NOTES[codec], cut.form.template, stream) if codec in _WITHOUT_NOTES else None
        stream.time_base = base
        for kept in cut.packets:
            packet = _packet(kept.data, kept.pts - first, None if kept.dts is None else kept.dts - first, base)
            packet.duration, packet.is_keyframe = kept.duration, kept.is_key
            for clean in [packet] if cleaned is None else cleaned.filter(packet):
                clean.time_base, clean.stream = base, stream
                container.mux(clean)


def _packet(data: bytes, pts: int, dts: int | None, base: Fraction) -> Packet:
    packet = Packet(data)
    packet.pts, packet.dts, packet.time_base = pts, dts, base
    return packet
