"""One reading of one opened file: frames in presentation order, broken ones counted and passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.error import EOFError as FFmpegEOFError
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from medgrpo.core import VideoError
from medgrpo.video.timing import RESTART_SECONDS, Clock, ClockStart

_THREADS = min(8, os.cpu_count() or 1)
_TEXT_FORMATS = frozenset({"tty", "bin", "xbin", "adf", "idf", "hls", "concat", "dash", "sdp"})
_FAILURES_IN_A_ROW = 1000  # a demuxer that never recovers must not be asked for ever
MOST_PIXELS = 134_217_728  # 16384 x 8192; a damaged header that asks for more must not take the memory
_SEEK_LIMIT = 2**62  # ticks; FFmpeg refuses more


def open_container(path: Path) -> tuple[InputContainer, VideoStream]:
    """The file and its main video stream, decoding in several threads; VideoError when it is not a video."""
    # "file:" keeps odd names from being taken for an address, the list keeps a playlist from reaching elsewhere
    options = {"protocol_whitelist": "file", "max_pixels": str(MOST_PIXELS)}
    try:
        container = av.open(f"file:{path}", mode="r", metadata_errors="replace", options=options)
    except FFmpegError as error:
        raise VideoError(path, f"is not a video that FFmpeg can open ({error.strerror}); give a video file") from error
    try:
        return container, _main_stream(path, container)
    except VideoError:
        container.close()
        raise


def _main_stream(path: Path, container: InputContainer) -> VideoStream:
    name = container.format.name
    if not _TEXT_FORMATS.isdisjoint(name.split(",")):
        raise VideoError(path, f"is text or a playlist ({name}), not a video; give the video file itself")
    if name.endswith("_pipe") or name == "image2":
        raise VideoError(path, "is a single picture, not a video; give a video or a folder of pictures")
    streams = [each for each in container.streams.video if not each.disposition & Disposition.attached_pic]
    if not streams:
        kinds = " and ".join(sorted({each.type for each in container.streams})) or "no stream at all"
        raise VideoError(path, f"holds no video, only {kinds}; give a file with a picture track")
    streams = [each for each in streams if hasattr(each, "width")]  # without a decoder PyAV gives the stream no size
    if not streams:
        raise VideoError(path, "holds video of a kind that this FFmpeg cannot decode; convert it to H.264 first")
    stream = max(streams, key=lambda each: (bool(each.disposition & Disposition.default), each.width * each.height, -each.index))
    stream.thread_type = "AUTO"
    stream.thread_count = _THREADS
    return stream


class Reading:
    """One pass over a file's main video stream, from the beginning. Close it after use."""

    def __init__(self, path: Path, keep_damaged: bool = False) -> None:
        self.container, self.stream = open_container(path)
        if keep_damaged:
            self.stream.codec_context.flags |= Flags.output_corrupt
        self.frames_decoded = 0
        self.frames_broken = 0
        self.read_failed = False

    def close(self) -> None:
        self.container.close()

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """The stream's packets, going on after places that cannot be read."""
        failures = 0
        while failures <= _FAILURES_IN_A_ROW:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:
                        failures = 0
                    yield packet
            except FFmpegError:
                self.read_failed = True
                failures += 1
            except IndexError:  # PyAV 18 trips, after the last packet, over a stream that began in the middle of the file
                return
            else:
                return

    def raw_frames(self) -> Iterator[VideoFrame]:
        """Everything that decodes, in presentation order, without times."""
        for packet in self.packets():
            try:
                frames = packet.decode()
            except FFmpegEOFError:  # the decoder was flushed before: nothing is lost
                continue
            except FFmpegError:
                self.frames_broken += 1
                continue
            for frame in frames:
                self.frames_decoded += 1
                self.frames_broken += frame.is_corrupt
                yield frame


class TimedReading(Reading):
    """A pass whose frames carry seconds; it can begin at a keyframe before a time."""

    def __init__(self, path: Path, start: ClockStart, keep_damaged: bool = False) -> None:
        super().__init__(path, keep_damaged)
        self._start = start
        self.clock = Clock(start)
        self.last_seconds: Fraction | None = None

    def seek(self, seconds: Fraction) -> bool:
        """Go to a keyframe before that time; False when the container says that it cannot."""
        if self._start.origin is None or self.stream.time_base is None:
            return False
        ticks = int((seconds + self._start.origin) / self.stream.time_base)
        try:
            self.container.seek(min(ticks, _SEEK_LIMIT), stream=self.stream)
        except FFmpegError:
            return False
        return True

    def frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """(seconds since the first presented frame, frame); frames without any time are counted and left out."""
        held: VideoFrame | None = None
        for frame in self.raw_frames():
            following = stamp(frame, self._start.by_dts)
            if held is not None:
                yield from self._timed(held, following)
                held = None
            if self.clock.leaps(following):
                held = frame
            else:
                yield from self._timed(frame)
        if held is not None:
            yield from self._timed(held)

    def _timed(self, frame: VideoFrame, following: Fraction | None = None) -> Iterator[tuple[Fraction, VideoFrame]]:
        time = self.clock.read(stamp(frame, self._start.by_dts), following)
        if time is not None:
            self.last_seconds = time
            yield time, frame

    def clock_restarts(self) -> bool:
        """Whether the file's clock is set back somewhere: reads all packets (no decoding), so the pass is used up."""
        highest: Fraction | None = None
        for packet in self.packets():
            if packet.dts is None:
                continue
            time = packet.dts * packet.time_base
            if highest is not None and highest - time > RESTART_SECONDS:
                return True
            highest = time if highest is None else max(highest, time)
        return False


def stamp(frame: VideoFrame, by_dts: bool) -> Fraction | None:
    """The frame's presentation stamp in the stream's own seconds."""
    ticks = frame.dts if by_dts else frame.pts
    return None if ticks is None or frame.time_base is None else ticks * frame.time_base
