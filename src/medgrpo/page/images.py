"""Pictures inside a page."""

from __future__ import annotations

import base64

from medgrpo.video import Image, encode_jpeg, resize


def jpeg_uri(image: Image) -> str:
    """The picture as a JPEG data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image)).decode("ascii")


def shrunk(image: Image, max_width: int) -> Image:
    """The picture at most `max_width` pixels wide in its own proportions; never enlarged."""
    height, width = image.shape[:2]
    return image if width <= max_width else resize(image, max_width, max(1, round(height * max_width / width)))
