"""Raw annotation of data sets -> typed examples. One file per data set."""

from medgrpo.sources.avos import AVOS_LABELS, AvosLabel, AvosSegment, AvosSplit, AvosVideo, avos_split, read_avos
from medgrpo.sources.captions import (
    AVOS_CAPTIONS,
    COPESD_CLAUSES,
    OPENINGS,
    TEMPLATE,
    act_caption,
    act_clause,
    motion_caption,
    phase_caption,
    place,
    region_caption,
    step_caption,
    summary_caption,
)
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.cholect50 import COUNTS, LabelledFrame, LabelledVideo, list_videos, read_video
from medgrpo.sources.medvidbench import (
    BenchmarkRecord,
    ClipBounds,
    Region,
    example_of,
    object_of,
    read_medvidbench,
    record_of,
    write_medvidbench,
)
from medgrpo.sources.nurvid import NurvidNames, NurvidSegment, NurvidSplit, NurvidVideo, read_nurvid, read_nurvid_names
from medgrpo.sources.overlaps import Recordings, is_doubtful, recordings, same_recording
from medgrpo.sources.problem import Problem
from medgrpo.sources.record_files import SUFFIXES
from medgrpo.sources.simulated import SimulatedCase, read_simulated
from medgrpo.sources.table import MEDVIDBENCH, SOURCES, check_source

__all__ = [
    "AVOS_CAPTIONS",
    "AVOS_LABELS",
    "COPESD_CLAUSES",
    "COUNTS",
    "MEDVIDBENCH",
    "OPENINGS",
    "SOURCES",
    "SUFFIXES",
    "TEMPLATE",
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
    "Recordings",
    "Region",
    "SimulatedCase",
    "Source",
    "SourceCard",
    "act_caption",
    "act_clause",
    "avos_split",
    "check_source",
    "example_of",
    "is_doubtful",
    "list_videos",
    "motion_caption",
    "object_of",
    "phase_caption",
    "place",
    "read_avos",
    "read_medvidbench",
    "read_nurvid",
    "read_nurvid_names",
    "read_simulated",
    "read_video",
    "record_of",
    "recordings",
    "region_caption",
    "same_recording",
    "step_caption",
    "summary_caption",
    "write_medvidbench",
]
