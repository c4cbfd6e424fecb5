"""Still pictures: read, write, scale. Through FFmpeg, so that the core needs no imaging library."""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from medgrpo.core import Box, InputError, VideoError
from medgrpo.video.decode import MOST_PIXELS
from medgrpo.video.frame import Image
from medgrpo.video.picture import Painter

_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
_local = threading.local()  # a scaler keeps its tables between calls and must not be shared by threads


def read_image(path: Path | str) -> Image:
    """A JPEG or PNG file as RGB, full range, upright by its EXIF orientation; VideoError when it is neither or broken."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise VideoError(path, f"cannot be read ({error.strerror}); check the path and its permissions") from error
    return decode_image(data, path)


def decode_image(data: bytes, path: Path | str) -> Image:
    """As `read_image`, of a file's content; `path` is what an error names."""
    codec = "mjpeg" if data.startswith(b"\xff\xd8\xff") else "png" if data.startswith(b"\x89PNG\r\n\x1a\n") else None
    if codec is None:
        raise VideoError(path, "is neither a JPEG nor a PNG picture; convert it first")
    decoder = av.VideoCodecContext.create(codec, "r")
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    try:
        frames = decoder.decode(av.Packet(data)) + decoder.decode(None)
        if frames:
            return Painter(exact=True).paint(frames[0])
    except FFmpegError as error:
        raise VideoError(path, f"the picture is damaged ({error.strerror}); copy it again or leave it out") from error
    raise VideoError(path, "the picture is damaged (nothing decoded); copy it again or leave it out")


def resize(image: Image, width: int, height: int, crop_xyxy: Box | None = None) -> Image:
    """Scale a picture, or the part of it inside `crop_xyxy`, to (height, width, 3).

    Area averaging when the picture shrinks, bilinear when it grows; the same input always gives the same bytes.
    A crop is rounded to whole pixels and keeps at least one.
    """
    if width < 1 or height < 1:
        raise InputError(f"cannot scale a picture to {width}x{height}: width and height must be 1 or more")
    if crop_xyxy is not None:
        image = _cropped(image, crop_xyxy)
    shrinks = image.shape[1] >= width and image.shape[0] >= height
    scaler = getattr(_local, "scaler", None) or VideoReformatter()
    _local.scaler = scaler
    method = (Interpolation.AREA if shrinks else Interpolation.BILINEAR) | _EXACT
    source = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    return cast(Image, scaler.reformat(source, width, height, "rgb24", interpolation=method, threads=1).to_ndarray())


def _cropped(image: Image, box: Box) -> Image:
    rows, columns = image.shape[:2]
    left, top = min(columns - 1, round(box.x0 * columns)), min(rows - 1, round(box.y0 * rows))
    right, bottom = max(left + 1, round(box.x1 * columns)), max(top + 1, round(box.y1 * rows))
    return image[top:bottom, left:right]


def encode_jpeg(image: Image, quality: int = 88) -> bytes:
    """The picture as a JPEG file; quality 1 (smallest) to 100 (best)."""
    if not 1 <= quality <= 100:
        raise InputError(f"JPEG quality is {quality}: give 1 to 100")
    return _encoded(image, "mjpeg", "yuvj444p" if quality > 90 else "yuvj420p", round(2 + (100 - quality) * 29 / 99))


def encode_png(image: Image) -> bytes:
    """The picture as a PNG file, without loss."""
    return _encoded(image, "png", "rgb24", None)


def _encoded(image: Image, codec: str, pixel_format: str, quantiser: int | None) -> bytes:
    encoder = cast(av.VideoCodecContext, av.CodecContext.create(codec, "w"))
    encoder.height, encoder.width = image.shape[:2]
    encoder.pix_fmt = pixel_format
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.flags |= Flags.bitexact  # or the encoder writes its name and version into the picture
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    if quantiser is not None:
        encoder.qmin = encoder.qmax = quantiser  # the encoder takes no other word on quality without rate control
        frame = frame.reformat(format=pixel_format, dst_color_range=ColorRange.JPEG, threads=1)
        encoder.color_range = ColorRange.JPEG
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
