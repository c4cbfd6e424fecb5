"""Pictures that came without packets (a camera, the simulator) become packets as they are looked at: encoded once."""

# PyAV's stubs leave the stream type of packets open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
from av.video.frame import VideoFrame

from medgrpo.core import InputError
from medgrpo.video.frame import Image
from medgrpo.video.packets import PacketForm, PacketRing, RingLimits

_BASE = Fraction(1, 1000)
_KEY_EVERY = 10
"""Pictures from one key frame to the next: two seconds at five looks a second."""
_OPTIONS = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23", "threads": "1"}


class PictureEncoder:
    """H.264 of pictures of one size, each with its moment; `ring` holds the latest. An odd last row or column is left out."""

    def __init__(self, width: int, height: int, limits: RingLimits) -> None:
        if width < 2 or height < 2:
            raise InputError(f"pictures of {width}x{height} cannot be kept as clips: two pixels each way is the least")
        self.size_wh = width, height
        self._holder = av.open(io.BytesIO(), mode="w", format="matroska")
        self._stream = self._holder.add_stream("libx264", rate=5, options=_OPTIONS)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width - width % 2, height - height % 2, "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = _BASE
        self._stream.codec_context.gop_size = _KEY_EVERY
        self._holder.start_encoding()
        self.ring = PacketRing(PacketForm(self._stream), limits)
        self._last_pts = -1

    def add(self, image: Image, seconds: float) -> None:
        """In order of time; a moment within a millisecond of the last is passed over."""
        pts = round(seconds / _BASE)
        if pts <= self._last_pts:
            return
        self._last_pts = pts
        width, height = self._stream.width, self._stream.height
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
        frame.pts, frame.time_base = pts, _BASE
        for packet in self._stream.encode(frame):
            self.ring.add(packet)
