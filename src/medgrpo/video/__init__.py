"""A file or image folder -> frames with their own timestamps."""

from medgrpo.video.bicubic import scale_bicubic
from medgrpo.video.circle import endoscope_circle
from medgrpo.video.folder import open_image_folder
from medgrpo.video.frame import Frame, FrameSource, Image, ReadingReport, VideoInfo
from medgrpo.video.images import encode_jpeg, encode_png, read_image, resize
from medgrpo.video.opening import open_video
from medgrpo.video.sampling import SampledClip, Sampling
from medgrpo.video.writer import VideoWriter

__all__ = [
    "Frame",
    "FrameSource",
    "Image",
    "ReadingReport",
    "SampledClip",
    "Sampling",
    "VideoInfo",
    "VideoWriter",
    "encode_jpeg",
    "encode_png",
    "endoscope_circle",
    "open_image_folder",
    "open_video",
    "read_image",
    "resize",
    "scale_bicubic",
]
