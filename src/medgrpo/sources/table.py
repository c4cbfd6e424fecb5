"""Every data set from which questions are made, one line each, and the check of what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from medgrpo.sources.avos_questions import AVOS
from medgrpo.sources.card import Source
from medgrpo.sources.cholect50_questions import CHOLECT50
from medgrpo.sources.medvidbench import BenchmarkRecord, read_medvidbench
from medgrpo.sources.nurvid_questions import NURVID
from medgrpo.sources.problem import Problem
from medgrpo.tasks import task_of, validate

SOURCES: Mapping[str, Source] = {source.card.name: source for source in (CHOLECT50, AVOS, NURVID)}
"""By name, spelled as in MedVidBench."""

MEDVIDBENCH = "MedVidBench"
"""The name under which a file in MedVidBench's own form is checked; it is no source."""


def check_source(name: str, path: Path) -> Iterator[BenchmarkRecord | Problem]:
    """What the source gives, and beside it a problem for each gold answer that its task cannot write, read and score best."""
    for found in read_medvidbench(path) if name == MEDVIDBENCH else SOURCES[name].records(path):
        yield found
        if isinstance(found, Problem) or found.answer is None:
            continue
        task = task_of(found.qa_type)
        place = f"record {found.index}"
        if task is None:
            yield Problem(path, place, f"no task {found.qa_type!r}")
            continue
        for _, reason in validate(task, [(place, found.struc_info, found.answer)]).failures:
            yield Problem(path, place, reason)
