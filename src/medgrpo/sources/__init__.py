"""Raw annotation of data sets -> typed examples. One file per data set."""

from medgrpo.sources.avos import AVOS_LABELS, AvosLabel, AvosSegment, AvosSplit, AvosVideo, avos_split, read_avos
from medgrpo.sources.cholect50 import COUNTS, LabelledFrame, LabelledVideo, list_videos, read_video
from medgrpo.sources.nurvid import NurvidNames, NurvidSegment, NurvidSplit, NurvidVideo, read_nurvid, read_nurvid_names

__all__ = [
    "AVOS_LABELS",
    "COUNTS",
    "AvosLabel",
    "AvosSegment",
    "AvosSplit",
    "AvosVideo",
    "LabelledFrame",
    "LabelledVideo",
    "NurvidNames",
    "NurvidSegment",
    "NurvidSplit",
    "NurvidVideo",
    "avos_split",
    "list_videos",
    "read_avos",
    "read_nurvid",
    "read_nurvid_names",
    "read_video",
]
