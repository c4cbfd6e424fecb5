"""The pictures of the document: each look once, small, as a JPEG data URI, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from medgrpo.core import VideoError
from medgrpo.page import jpeg_uri, shrunk
from medgrpo.video import Image

MAX_WIDTH = 480
BUDGET_BYTES = 3_300_000
"""All data URIs together, so that the whole file stays under 4 MB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One embedded picture: its id in the document, its size in pixels, and the data URI."""

    id: str
    width: int
    height: int
    uri: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """The embedded pictures by the second of their look; the looks that are missing, each counted with its reason."""

    by_seconds: dict[float, Picture]
    missing: dict[float, str]


def gather(wanted: Iterable[float], frames: Callable[[float], Image], budget_bytes: int = BUDGET_BYTES) -> Pictures:
    """Embed the looks in `wanted`, the most important first; the first that exceeds the budget ends the embedding.

    A look that the video cannot give again (VideoError) is recorded as missing with the error's own words.
    """
    by_seconds: dict[float, Picture] = {}
    missing: dict[float, str] = {}
    used, full = 0, False
    for seconds in dict.fromkeys(wanted):
        if full:
            missing[seconds] = "left out to keep the file small"
            continue
        try:
            image = shrunk(frames(seconds), MAX_WIDTH)
        except VideoError as error:
            missing[seconds] = f"the picture could not be read: {error.reason}"
            continue
        uri = jpeg_uri(image)
        used += len(uri)
        if used > budget_bytes:
            full, missing[seconds] = True, "left out to keep the file small"
            continue
        by_seconds[seconds] = Picture(f"pic{len(by_seconds) + 1}", image.shape[1], image.shape[0], uri)
    return Pictures(by_seconds, missing)
