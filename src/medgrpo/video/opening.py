"""The one door: a path to a source of frames."""

from __future__ import annotations

import stat
from pathlib import Path

from medgrpo.core import VideoError
from medgrpo.video.file import VideoFile
from medgrpo.video.folder import open_image_folder
from medgrpo.video.frame import FrameSource


def open_video(path: Path | str) -> FrameSource:
    """Open a video file of any container and codec that FFmpeg reads, or a folder of pictures (see open_image_folder).

    VideoError, one line, when the path is missing, unreadable, not a regular file, not a video, or nothing in it decodes.
    """
    path = Path(path)
    try:
        kind = path.stat().st_mode
    except OSError as error:
        raise VideoError(path, f"cannot be opened ({error.strerror}); check the path and its permissions") from error
    if stat.S_ISDIR(kind):
        return open_image_folder(path)
    if not stat.S_ISREG(kind):
        raise VideoError(path, "is neither a regular file nor a folder; give a video file")
    return VideoFile(path)
