"""What an analysis is asked to do, and what it was done on: the two things that a resumed run must find unchanged."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import Field

from medgrpo.core import Config, VideoError
from medgrpo.video import VideoInfo

_CHUNK_BYTES = 1 << 20


class AnalysisOptions(Config):
    """The vetted defaults. `procedure` is the name of a knowledge file, `looks_per_second` how often the video is looked at.

    `rephrase_model` names the language model that may rephrase, None where the templates speak alone. Its answers need not be the
    same twice: only without one is an analysis the same to the byte.
    """

    looks_per_second: float = Field(default=5.0, gt=0, le=60)
    procedure: str = "cholecystectomy"
    rephrase_model: str | None = None

    @property
    def every_seconds(self) -> float:
        return 1.0 / self.looks_per_second


class Existing(StrEnum):
    """What to do when the output folder already holds an analysis, whole or partial."""

    REFUSE = "refuse"
    RESUME = "resume"
    RESTART = "restart"


class VideoIdentity(Config):
    """Which video it was: the name without its folder, the content's hash and size, and what the file says about itself.

    `sha256` is over the whole file; for an image folder over the names and contents of its files in order of name.
    """

    name: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    duration_seconds: float | None
    duration_is_estimate: bool
    frame_rate: str | None
    codec: str
    rotation_degrees: int
    tags: dict[str, str]


def identify(path: Path, info: VideoInfo) -> VideoIdentity:
    """Hash the video and note what its container says. VideoError when it cannot be read to its end."""
    digest, size_bytes = hashlib.sha256(), 0
    try:
        for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            if path.is_dir():
                digest.update(f"{part.relative_to(path).as_posix()}\0{part.stat().st_size}\0".encode())
            with part.open("rb") as stream:
                while chunk := stream.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    size_bytes += len(chunk)
    except OSError as error:
        raise VideoError(path, f"cannot be read: {error.strerror}") from error
    return VideoIdentity(
        name=path.resolve().name,
        sha256=digest.hexdigest(),
        size_bytes=size_bytes,
        width=info.width,
        height=info.height,
        duration_seconds=info.duration_seconds,
        duration_is_estimate=info.duration_is_estimate,
        frame_rate=None if info.frame_rate is None else str(info.frame_rate),
        codec=info.codec,
        rotation_degrees=info.rotation_degrees,
        tags=dict(info.tags),
    )
