"""Raw annotation of data sets -> typed examples. One file per data set."""

from medgrpo.sources.cholect50 import COUNTS, LabelledFrame, LabelledVideo, list_videos, read_video

__all__ = ["COUNTS", "LabelledFrame", "LabelledVideo", "list_videos", "read_video"]
