"""Raw annotation of data sets -> typed examples. One file per data set."""

from medgrpo.sources.avos import AVOS_LABELS, AvosLabel, AvosSegment, AvosSplit, AvosVideo, avos_split, read_avos
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.cholect50 import COUNTS, LabelledFrame, LabelledVideo, list_videos, read_video
from medgrpo.sources.medvidbench import BenchmarkRecord, ClipBounds, Region, example_of, read_medvidbench, write_medvidbench
from medgrpo.sources.nurvid import NurvidNames, NurvidSegment, NurvidSplit, NurvidVideo, read_nurvid, read_nurvid_names
from medgrpo.sources.problem import Problem
from medgrpo.sources.table import MEDVIDBENCH, SOURCES, check_source

__all__ = [
    "AVOS_LABELS",
    "COUNTS",
    "MEDVIDBENCH",
    "SOURCES",
    "AvosLabel",
    "AvosSegment",
    "AvosSplit",
    "AvosVideo",
    "BenchmarkRecord",
    "ClipBounds",
    "LabelledFrame",
    "LabelledVideo",
    "NurvidNames",
    "NurvidSegment",
    "NurvidSplit",
    "NurvidVideo",
    "Problem",
    "Region",
    "Source",
    "SourceCard",
    "avos_split",
    "check_source",
    "example_of",
    "list_videos",
    "read_avos",
    "read_medvidbench",
    "read_nurvid",
    "read_nurvid_names",
    "read_video",
    "write_medvidbench",
]
