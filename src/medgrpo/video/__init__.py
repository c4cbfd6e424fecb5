"""A file or image folder -> frames with their own timestamps."""

from medgrpo.video.bicubic import scale_bicubic
from medgrpo.video.brightness import Brightness, brightness
from medgrpo.video.circle import endoscope_circle
from medgrpo.video.clips import (
    clip_from_frames,
    clip_from_video,
    draw_box,
    evenly_spaced,
    mapped_path,
    still_from_file,
    still_from_video,
)
from medgrpo.video.encoder import PictureEncoder
from medgrpo.video.folder import open_image_folder
from medgrpo.video.frame import Frame, FrameSource, Image, ReadingReport, VideoInfo
from medgrpo.video.images import decode_image, encode_jpeg, encode_png, read_image, resize
from medgrpo.video.live import ArrivingFrames, LivePicture, LiveReading, shown_address
from medgrpo.video.opening import open_video
from medgrpo.video.packets import AmongPackets, Cut, PacketRing, RingLimits
from medgrpo.video.remux import ClipFile, write_clip
from medgrpo.video.sampling import Corners, Mark, SampledClip, Sampling
from medgrpo.video.writer import VideoWriter

__all__ = [
    "AmongPackets",
    "ArrivingFrames",
    "Brightness",
    "ClipFile",
    "Corners",
    "Cut",
    "Frame",
    "FrameSource",
    "Image",
    "LivePicture",
    "LiveReading",
    "Mark",
    "PacketRing",
    "PictureEncoder",
    "ReadingReport",
    "RingLimits",
    "SampledClip",
    "Sampling",
    "VideoInfo",
    "VideoWriter",
    "brightness",
    "clip_from_frames",
    "clip_from_video",
    "decode_image",
    "draw_box",
    "encode_jpeg",
    "encode_png",
    "endoscope_circle",
    "evenly_spaced",
    "mapped_path",
    "open_image_folder",
    "open_video",
    "read_image",
    "resize",
    "scale_bicubic",
    "shown_address",
    "still_from_file",
    "still_from_video",
    "write_clip",
]
