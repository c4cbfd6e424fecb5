"""Make a `SampledClip`: from the frame files of a data set, from a stretch of a video file, or a still from one picture.

Nothing is replaced: a frame that cannot be read is a VideoError that names it, and the clip is not made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath

import numpy as np

from medgrpo.core import InputError, Span, VideoError
from medgrpo.video.bicubic import scale_bicubic
from medgrpo.video.frame import Frame, Image
from medgrpo.video.images import read_image
from medgrpo.video.opening import open_video
from medgrpo.video.sampling import Corners, Mark, SampledClip, Sampling, fitted

GREEN = (0, 255, 0)
_SAME_TIME = 1e-6
_LINE_SHARE = 64  # a mark's line is 1/64 of the shorter side, at least 2 pixels: 2 for 252 x 140


def clip_from_frames(
    frames: Sequence[str | Path],
    frames_per_second: Fraction,
    sampling: Sampling,
    seconds: Sequence[float] | None = None,
    mark: Mark | None = None,
) -> SampledClip:
    """A clip of picture files in their order.

    Picture k is at k / frames_per_second, or at `seconds[k]` where a data set knows better (ragged lists). Of more than
    `most_frames` an evenly spaced choice stays; a marked picture always does, in place of the nearest chosen one.
    """
    if not frames or (seconds is not None and len(seconds) != len(frames)):
        raise InputError(f"a clip has one time per frame and at least one, got {len(frames)} and {len(seconds or ())}")
    if mark is not None and mark.picture >= len(frames):
        raise InputError(f"the marked frame {mark.picture} is not among the clip's {len(frames)}")
    times = [float(place / frames_per_second) for place in range(len(frames))] if seconds is None else list(seconds)
    chosen = evenly_spaced(len(frames), sampling.most_frames, None if mark is None else mark.picture)
    images: list[Image] = []
    source: tuple[int, int] | None = None
    for place in chosen:
        image = read_image(frames[place])
        size = image.shape[1], image.shape[0]
        source = source or size
        if size != source:
            raise VideoError(frames[place], f"is {size[0]}x{size[1]}, the clip's first {source[0]}x{source[1]}: no box fits both")
        target = sampling.scaled_size(*size)
        scaled = scale_bicubic(image, *target)
        if mark is not None and mark.picture == place:
            scaled = draw_box(scaled, fitted(mark.corners_xyxy, size, target))
        images.append(scaled)
    assert source is not None  # there is at least one frame
    rate = frames_per_second * len(chosen) / len(frames)
    return SampledClip.of(images, [times[place] for place in chosen], rate, *source)


def clip_from_video(path: Path | str, span: Span, frames_per_second: float, sampling: Sampling) -> SampledClip:
    """A clip of a video file: at most one picture per 1 / frames_per_second on the video's own grid, times from the span's start.

    Where that would be more than `most_frames`, the rate falls until it is not. VideoError where a frame of the span is broken or
    the video ends before it.
    """
    if not 0 < frames_per_second < float("inf"):
        raise InputError(f"{path}: {frames_per_second} frames per second: give a rate above 0")
    rate = Fraction(frames_per_second).limit_denominator(1000)
    if span.duration_seconds * rate > sampling.most_frames:
        rate = Fraction(sampling.most_frames / span.duration_seconds).limit_denominator(1_000_000)
    images: list[Image] = []
    seconds: list[float] = []
    with open_video(path) as video:
        info = video.info
        if info.duration_seconds is not None and span.end_seconds > info.duration_seconds + 1:
            raise VideoError(path, f"ends at {info.duration_seconds:.2f} s, the clip goes on to {span.end_seconds:.2f} s")
        size = sampling.scaled_size(info.width, info.height)
        broken: int | None = None
        for look in video.looks(float(1 / rate), span.start_seconds):
            broken = video.report.frames_broken if broken is None else broken
            if look.seconds > span.end_seconds or len(images) == sampling.most_frames:
                break
            if video.report.frames_broken > broken:
                raise VideoError(path, "a frame of the clip is broken; copy the video again or leave the clip out", look.seconds)
            images.append(scale_bicubic(look.image, *size))
            seconds.append(look.seconds - span.start_seconds)
        else:
            last = span.start_seconds + seconds[-1] if seconds else span.start_seconds
            if last + 1 + float(1 / rate) < span.end_seconds:
                raise VideoError(path, f"its pictures end here, the clip goes on to {span.end_seconds:.2f} s", last)
    if not images:
        raise VideoError(path, f"has no picture up to {span.end_seconds:.2f} s", span.start_seconds)
    return SampledClip.of(images, seconds, rate, info.width, info.height)


def still_from_file(path: str | Path, sampling: Sampling, box_xyxy: Corners | None = None) -> SampledClip:
    """A single picture, scaled as a clip's pictures are; `box_xyxy`, in its own pixels, is drawn on it."""
    return _still(read_image(path), sampling, box_xyxy)


def still_from_video(path: str | Path, seconds: float, sampling: Sampling, box_xyxy: Corners | None = None) -> SampledClip:
    """The same from the picture that a video shows at this second: the one of that time, or the last of the second before it.

    VideoError where it shows none, or a frame in between is broken.
    """
    shown: Frame | None = None
    broken: int | None = None
    with open_video(path) as video:
        if video.info.duration_seconds is not None and seconds > video.info.duration_seconds:
            raise VideoError(path, f"ends at {video.info.duration_seconds:.2f} s, before the single picture", seconds)
        for look in video.looks(0.0, max(0.0, seconds - 1)):
            broken = video.report.frames_broken if broken is None else broken
            if video.report.frames_broken > broken:
                raise VideoError(path, "the frame of the single picture is broken; copy the video again or leave it out", seconds)
            if look.seconds > seconds + _SAME_TIME:
                break
            shown = look
            if look.seconds > seconds - _SAME_TIME:
                break
    if shown is None:
        raise VideoError(path, "shows no picture then, or in the second before", seconds)
    return _still(shown.image, sampling, box_xyxy)


def _still(image: Image, sampling: Sampling, box_xyxy: Corners | None) -> SampledClip:
    size = image.shape[1], image.shape[0]
    target = sampling.scaled_size(*size)
    scaled = scale_bicubic(image, *target)
    return SampledClip.still_of(scaled if box_xyxy is None else draw_box(scaled, fitted(box_xyxy, size, target)), *size)


def evenly_spaced(count: int, most: int, kept: int | None = None) -> list[int]:
    """At most `most` of 0..count-1, first and last among them (the first alone where most is 1), `kept` in place of its nearest."""
    if count <= most:
        return list(range(count))
    chosen = [round(place * (count - 1) / (most - 1)) for place in range(most)] if most > 1 else [0]
    if kept is not None and kept not in chosen:
        chosen[min(range(len(chosen)), key=lambda place: abs(chosen[place] - kept))] = kept
    return chosen


def draw_box(image: Image, corners_xyxy: Corners) -> Image:
    """A copy of the picture with a green frame whose outer edge is the box, in pixels of this picture. InputError when outside."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = (round(one) for one in corners_xyxy)
    left, top, right, bottom = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if right <= left or bottom <= top:
        raise InputError(f"the box {corners_xyxy} lies outside the picture of {width}x{height}, or is thinner than a pixel")
    line = max(2, min(width, height) // _LINE_SHARE)
    drawn = image.copy()
    inside = np.s_[top + line : max(top + line, bottom - line), left + line : max(left + line, right - line)]
    drawn[top:bottom, left:right] = GREEN
    drawn[inside] = image[inside]
    return drawn


def mapped_path(path: str, prefixes: Mapping[str, str]) -> Path:
    """The path with its longest listed leading folder exchanged: where a data set's pictures lie on this machine.

    `/root/data/AVOS/a.jpg` with {"/root/data": "/mnt/medvid"} is `/mnt/medvid/AVOS/a.jpg`. Without a match it stays as it is.
    """
    whole = PurePosixPath(path)
    fitting = [prefix for prefix in prefixes if whole.is_relative_to(prefix)]
    if not fitting:
        return Path(path)
    longest = max(fitting, key=lambda prefix: len(PurePosixPath(prefix).parts))
    return Path(prefixes[longest]) / whole.relative_to(longest)
