"""Every data set from which questions are made, one line each, and the check of what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from medgrpo.core import DataError
from medgrpo.sources.avos_questions import AVOS
from medgrpo.sources.card import Source
from medgrpo.sources.cholec80_cvs import CHOLEC80_CVS
from medgrpo.sources.cholect50_questions import CHOLECT50
from medgrpo.sources.cholectrack20_questions import CHOLECTRACK20
from medgrpo.sources.copesd_questions import COPESD
from medgrpo.sources.egosurgery_questions import EGOSURGERY
from medgrpo.sources.jigsaws import JIGSAWS
from medgrpo.sources.medvidbench import BenchmarkRecord, read_medvidbench
from medgrpo.sources.nurvid_questions import NURVID
from medgrpo.sources.problem import Problem
from medgrpo.sources.simulated import SIMULATED
from medgrpo.tasks import task_of, validate

SOURCES: Mapping[str, Source] = {
    "CholecT50": CHOLECT50,
    "CholecTrack20": CHOLECTRACK20,
    "Cholec80-CVS": CHOLEC80_CVS,
    "CoPESD": COPESD,
    "AVOS": AVOS,
    "EgoSurgery": EGOSURGERY,
    "JIGSAWS": JIGSAWS,
    "NurViD": NURVID,
    "Simulated": SIMULATED,
}
"""By name, spelled as in MedVidBench."""

MEDVIDBENCH = "MedVidBench"
"""The name under which a file in MedVidBench's own form is checked; it is no source."""


def check_source(name: str, path: Path) -> Iterator[BenchmarkRecord | Problem]:
    """What the source gives, and beside it a problem for each gold answer that its task cannot write, read and score best.

    A file that cannot be read at all is the last problem: nothing is raised.
    """
    try:
        for found in read_medvidbench(path) if name == MEDVIDBENCH else SOURCES[name].records(path):
            yield found
            if isinstance(found, BenchmarkRecord) and found.answer is not None:
                yield from _unfit(path, found, found.answer)
    except DataError as error:
        yield Problem(error.path, "the file", error.reason)


def _unfit(path: Path, record: BenchmarkRecord, answer: str) -> Iterator[Problem]:
    task = task_of(record.qa_type)
    place = f"record {record.index}"
    if task is None:
        yield Problem(path, place, f"no task {record.qa_type!r}")
        return
    for _, reason in validate(task, [(place, record.struc_info, answer)]).failures:
        yield Problem(path, place, reason)
