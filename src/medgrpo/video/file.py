"""A video file as a source of frames."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Self

from av.error import FFmpegError
from av.video.frame import VideoFrame

from medgrpo.core import VideoError
from medgrpo.video.decode import TimedReading
from medgrpo.video.describe import describe
from medgrpo.video.frame import Frame, ReadingReport
from medgrpo.video.picture import Painter
from medgrpo.video.timing import LookGrid, checked_seconds

_NOTHING_READ = ReadingReport(0, 0, 0, truncated=False)
_LARGEST_GROUP = 17  # frames that may be shown before the keyframe that starts them: 16 of reordering and one


class VideoFile:
    """A FrameSource over one file. Opening decodes the first frame, so what opens can be read.

    `report` is about the latest `looks` pass; frames fetched by `frame_at` are not counted again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._about = describe(path)
        self.info = self._about.info
        self._painter = Painter(exact=False)
        self._seekable: bool | None = None if self._about.may_restart else self._about.seekable
        self._reading: TimedReading | None = None
        self._running: Generator[Frame] | None = None
        self._report = _NOTHING_READ

    @property
    def report(self) -> ReadingReport:
        return self._report if self._reading is None else self._counted(self._reading, ended=False)

    def looks(self, every_seconds: float, start_seconds: float = 0.0) -> Iterator[Frame]:
        """See FrameSource.looks. Every frame is decoded, only looks become pictures."""
        grid = LookGrid(every_seconds)
        self._running = self._looks(grid, grid.cell_start(start_seconds), start_seconds)
        return self._running

    def _looks(self, grid: LookGrid, start: Fraction, start_seconds: float) -> Generator[Frame]:
        reading, timed = self._reading_before(start)
        self._reading = reading
        ended = False
        try:
            for time, frame in timed:
                if time >= start and grid.wants(time):
                    look = self._frame(time, frame)
                    if look is None:
                        reading.frames_broken += 1
                        continue
                    grid.take(time)
                    if look.seconds >= start_seconds:
                        yield look
            ended = True
        finally:
            self._report = self._counted(reading, ended)
            self._reading = None
            if reading.clock.clock_breaks:
                self._seekable = False
            reading.close()

    def frame_at(self, seconds: float) -> Frame:
        """See FrameSource.frame_at. A time after the end gives the last frame."""
        reading, timed = self._reading_before(Fraction(checked_seconds("seconds", seconds)))
        chosen: tuple[Fraction, VideoFrame] | None = None
        try:
            for time, frame in timed:
                if float(time) > seconds and chosen is not None:
                    break
                chosen = time, frame
        finally:
            reading.close()
        shown = self._frame(*chosen) if chosen is not None else None
        if shown is None:
            raise VideoError(
                self._path, "the frame is damaged or the file has changed; take another time or open it again", seconds
            )
        return shown

    def _frame(self, time: Fraction, frame: VideoFrame) -> Frame | None:
        """The frame as a picture, None when it is too damaged for that."""
        rate = self.info.frame_rate
        number = round(time * rate) if rate is not None else round(time * 1000)
        try:
            image = self._painter.paint(frame, (self.info.width, self.info.height))
        except FFmpegError:
            return None
        return Frame(number, float(time), image)

    def _reading_before(self, seconds: Fraction) -> tuple[TimedReading, Iterator[tuple[Fraction, VideoFrame]]]:
        """A pass whose first frame lies before that time, or is the first of the file: seeking is tried and checked."""
        step = self._about.clock.frame_seconds or Fraction(1, 25)
        for margin in (max(Fraction(1), _LARGEST_GROUP * step), Fraction(30)):
            if seconds <= margin or not self._can_seek():
                break
            reading = self._open()
            if reading.seek(seconds - margin):
                timed = reading.frames()
                first = next(timed, None)
                if first is not None and first[0] < seconds:
                    return reading, chain([first], timed)
            reading.close()
        reading = self._open()
        return reading, reading.frames()

    def _can_seek(self) -> bool:
        """False where stamps cannot be searched; a stream whose clock may restart is read through once to find out."""
        if self._seekable is None:
            reading = self._open()
            self._seekable = self._about.seekable and not reading.clock_restarts()
            reading.close()
        return self._seekable

    def _open(self) -> TimedReading:
        return TimedReading(self._path, self._about.clock, self._about.keep_damaged)

    def _counted(self, reading: TimedReading, ended: bool) -> ReadingReport:
        short = False
        if ended and self._about.declared_seconds is not None and reading.last_seconds is not None:
            step = self._about.clock.frame_seconds or Fraction(0)
            short = reading.last_seconds + step < self._about.declared_seconds - max(Fraction(1), 3 * step)
        return ReadingReport(
            frames_decoded=reading.frames_decoded,
            frames_broken=reading.frames_broken,
            frames_without_time=reading.clock.frames_without_time,
            truncated=short or reading.read_failed,
            clock_breaks=reading.clock.clock_breaks,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._running is not None:
            self._running.close()
