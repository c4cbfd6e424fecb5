"""From a question to its pictures: listed frames, wherever they lie now, or a folder of videos cut at the question's bounds.

What a question is about, a clip or a single picture, is the record's word (`BenchmarkRecord.still`), never guessed from a number of
frames.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from medgrpo.benchmark.questions import Row
from medgrpo.core import InputError, Span, VideoError
from medgrpo.sources import BenchmarkRecord, ClipBounds
from medgrpo.video import (
    Image,
    Mark,
    SampledClip,
    Sampling,
    clip_from_frames,
    clip_from_video,
    draw_box,
    evenly_spaced,
    mapped_path,
    open_video,
    read_image,
    still_from_file,
    still_from_video,
)

_ENDINGS = (".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v")


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where pictures are. `moved`: leading folders in the data -> folders here. `videos`: a folder with `VIDEO_ID.mp4` (or another
    ending) or a folder `VIDEO_ID` of pictures; the frames that a question lists are then not read.
    """

    moved: Mapping[str, str] = field(default_factory=dict[str, str])
    videos: Path | None = None

    def check(self) -> None:
        """InputError when a folder here is none: every question would go without its pictures."""
        for option, folder in (("--videos", self.videos), *(("--frames", Path(new)) for new in self.moved.values())):
            if folder is not None and not folder.is_dir():
                raise InputError(f"{option} {folder}: there is no such folder")


def clip_of(record: BenchmarkRecord, pictures: Pictures, sampling: Sampling) -> SampledClip:
    """What a model gets of the question's clip or single picture, the region's box drawn in it.

    VideoError or InputError, by name, when a picture cannot be had: it is never replaced. Listed frame k is at k over the rate,
    as in the official pipeline; frame numbers are ragged.
    """
    box = record.region.box if record.region is not None else None
    if record.region is not None and box is not None and not (box.x0 < box.x1 and box.y0 < box.y1):
        raise InputError(f"{record.region.frame}: the region's box has no area, so that nothing can be drawn")
    corners = None if box is None else (box.x0, box.y0, box.x1, box.y1)
    if pictures.videos is not None:
        path = _video(pictures.videos, record.video)
        if record.still:
            return still_from_video(path, _start(record.clip, path), sampling, corners)
        return _from_video(record, path, sampling)
    if not record.frames:
        raise InputError(f"{record.video}: the question lists no frames; give the folder of the videos with --videos")
    paths = [mapped_path(frame, pictures.moved) for frame in record.frames]
    if record.still:
        return still_from_file(paths[0], sampling, corners)
    mark = None
    if record.region is not None and corners is not None:
        mark = Mark(record.frames.index(record.region.frame), corners)
    return clip_from_frames(paths, record.frames_per_second, sampling, mark=mark)


def blank_clip_of(record: BenchmarkRecord, pictures: Pictures, sampling: Sampling) -> SampledClip:
    """The question's clip with blank pictures: times, rate and sizes as `clip_of` gives them, for counting tokens.

    One picture of each clip is read, for its size; of a video its header, so that its number of pictures is worked out from the
    span and the rate. InputError or VideoError as there, except for what only the other pictures would show.
    """
    if pictures.videos is not None:
        with open_video(_video(pictures.videos, record.video)) as video:
            span, size = _span(record.clip, video.info.frame_rate), (video.info.width, video.info.height)
        if record.still:
            return _blank(record.video, size, [0.0], Fraction(1), sampling, still=True)
        rate = Fraction(sampling.frames_per_second or record.frames_per_second)
        if span.duration_seconds * rate > sampling.most_frames:
            rate = Fraction(sampling.most_frames / span.duration_seconds)
        count = max(1, min(sampling.most_frames, int(span.duration_seconds * rate) + 1))
        return _blank(record.video, size, [float(place / rate) for place in range(count)], rate, sampling)
    if not record.frames:
        raise InputError(f"{record.video}: the question lists no frames; give the folder of the videos with --videos")
    kept = None if record.region is None else record.frames.index(record.region.frame)
    chosen = evenly_spaced(len(record.frames), sampling.most_frames, kept)
    first = read_image(mapped_path(record.frames[chosen[0]], pictures.moved))
    if record.still:
        return _blank(record.video, (first.shape[1], first.shape[0]), [0.0], Fraction(1), sampling, still=True)
    rate = record.frames_per_second * len(chosen) / len(record.frames)
    seconds = [float(place / record.frames_per_second) for place in chosen]
    return _blank(record.video, (first.shape[1], first.shape[0]), seconds, rate, sampling)


def _blank(
    key: str, size: tuple[int, int], seconds: list[float], rate: Fraction, sampling: Sampling, still: bool = False
) -> SampledClip:
    width, height = sampling.scaled_size(*size)
    picture = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3))  # no memory
    return SampledClip(key, (picture,) * len(seconds), tuple(seconds), rate, *size, still=still)


def _start(clip: ClipBounds, path: Path) -> float:
    with open_video(path) as video:
        return _span(clip, video.info.frame_rate).start_seconds


def _from_video(record: BenchmarkRecord, path: Path, sampling: Sampling) -> SampledClip:
    with open_video(path) as video:
        span = _span(record.clip, video.info.frame_rate)
    rate = sampling.frames_per_second or float(record.frames_per_second)
    clip = clip_from_video(path, span, rate, sampling)
    return clip if record.region is None else _marked(clip, record)


def _span(clip: ClipBounds, frame_rate: Fraction | None) -> Span:
    """Numbers of frames count at the video's own rate; pictures in a folder are numbered by their seconds."""
    start, end = Fraction(clip.start), Fraction(clip.end)
    if clip.form == "input_video_time" or frame_rate is None:
        return Span(float(start), float(end))
    return Span(float(start / frame_rate), float(end / frame_rate))


def _marked(clip: SampledClip, record: BenchmarkRecord) -> SampledClip:
    """The region's box on the picture nearest to the time of its frame."""
    assert record.region is not None
    at, box = float(record.frames.index(record.region.frame) / record.frames_per_second), record.region.box
    nearest = min(range(len(clip.seconds)), key=lambda place: abs(clip.seconds[place] - at))
    images = list(clip.images)
    height, width = images[nearest].shape[:2]
    across, down = width / clip.source_width, height / clip.source_height
    images[nearest] = draw_box(images[nearest], (box.x0 * across, box.y0 * down, box.x1 * across, box.y1 * down))
    return SampledClip.of(images, clip.seconds, clip.frames_per_second, clip.source_width, clip.source_height)


def _video(folder: Path, video: str) -> Path:
    for path in (folder / video, *(folder / f"{video}{ending}" for ending in _ENDINGS)):
        if path.exists():
            return path
    raise VideoError(folder / video, f"there is no video of that name (tried {', '.join(_ENDINGS)} and a folder of pictures)")


class ClipReader:
    """The pictures of a question, sampled. Keeps the latest few clips: neighbours in a batch ask about the same one."""

    def __init__(self, pictures: Pictures, sampling: Sampling, kept: int = 4) -> None:
        self._pictures, self._sampling, self._kept = pictures, sampling, kept
        self._clips: OrderedDict[object, SampledClip] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, row: Row) -> SampledClip:
        """As `clip_of`, which see for its errors."""
        record = row.record
        key = (row.clip, record.frames, record.frames_per_second, record.region, record.still)
        with self._lock:
            if key in self._clips:
                self._clips.move_to_end(key)
                return self._clips[key]
        clip = clip_of(record, self._pictures, self._sampling)
        with self._lock:
            self._clips[key] = clip
            while len(self._clips) > self._kept:
                self._clips.popitem(last=False)
        return clip


def picture_at(record: BenchmarkRecord, pictures: Pictures, seconds: float) -> Image:
    """The picture at a second of the clip, as it is in the data: for people. Errors as `clip_of`."""
    if pictures.videos is not None:
        with open_video(_video(pictures.videos, record.video)) as video:
            return video.frame_at(_span(record.clip, video.info.frame_rate).start_seconds + seconds).image
    if not record.frames:
        raise InputError("the question lists no frames")
    place = min(len(record.frames) - 1, round(seconds * record.frames_per_second))
    return read_image(mapped_path(record.frames[place], pictures.moved))
