"""A case's folder: what `medgrpo watch --out` or `medgrpo analyze --out` wrote, read as far as the store needs it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from medgrpo.analysis import Header, read_analysis, read_records
from medgrpo.audit import Entry, read_entries
from medgrpo.cases.replay import Watched, replayed
from medgrpo.cases.values import CaseState
from medgrpo.core import DataError
from medgrpo.perception import Observation
from medgrpo.reasoning import RiskLevel, Timeline

ANALYSIS, RECORD = "analysis.jsonl", "record"
_ID_DIGITS = 12


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """A picture in the folder that may be shown: `watch` dimmed and masked it before it wrote it, and its hash is in the record."""

    seconds: float
    file: str
    sha256: str
    what: str
    dimmed: bool


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """`id` names the case wherever its folder lies: from the first entry of its record, or the header of its analysis.

    `video_sha256` is None where it was watched live. `looks_per_second` is how often its video was looked at.
    """

    id: str
    path: Path
    procedure: str
    source: str
    opened: str
    closed: str | None
    state: CaseState
    simulated: bool
    alerts: int
    looks_per_second: float
    medgrpo_version: str
    video_sha256: str | None
    timeline: Timeline
    pictures: tuple[EvidencePicture, ...] = ()


def read_folder(path: Path) -> CaseFolder:
    """DataError when it is no case's folder, or what is in it cannot be read; RecordError for a damaged record."""
    path = path.resolve()
    if (path / RECORD).is_dir():
        return _watched(path, replayed(path))
    if (path / ANALYSIS).is_file():
        return _analysed(path)
    raise DataError(path, f"is no case's folder: it holds neither {RECORD} (medgrpo watch) nor {ANALYSIS} (medgrpo analyze)")


def case_id(path: Path) -> str:
    """Which case it is, from a line or two of its files. DataError as of `read_folder`."""
    if (path / RECORD).is_dir():
        for _, _, entry, _ in read_entries(path / RECORD):
            if isinstance(entry, Entry):
                return entry.digest[:_ID_DIGITS]
        raise DataError(path / RECORD, "holds no entry")
    header = next(read_records(path / ANALYSIS), None)
    if not isinstance(header, Header):
        raise DataError(path / ANALYSIS, "does not begin with a header")
    return hashlib.sha256(header.model_dump_json().encode()).hexdigest()[:_ID_DIGITS]


def observations(path: Path) -> tuple[Observation, ...]:
    """Every look of an analysed case, in order of time: what decides which pictures of its video may be shown."""
    return read_analysis(path / ANALYSIS).observations


def _watched(path: Path, watched: Watched) -> CaseFolder:
    return CaseFolder(
        id=case_id(path),
        path=path,
        procedure=watched.procedure,
        source=watched.source,
        opened=watched.opened,
        closed=watched.closed,
        state=CaseState.OPEN if watched.closed is None else CaseState.FINISHED,
        simulated=watched.timeline.domain.startswith("simulated"),
        alerts=watched.said,
        looks_per_second=watched.looks_per_second,
        medgrpo_version=watched.medgrpo_version,
        video_sha256=None,
        timeline=watched.timeline,
        pictures=tuple(EvidencePicture(*one) for one in watched.pictures),
    )


def _analysed(path: Path) -> CaseFolder:
    analysis = read_analysis(path / ANALYSIS, observations=False)
    header, written = analysis.header, datetime.fromtimestamp((path / ANALYSIS).stat().st_mtime, UTC)
    at = written.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return CaseFolder(
        id=case_id(path),
        path=path,
        procedure=header.options.procedure,
        source=header.video.name,
        opened=at,
        closed=at,
        state=CaseState.FINISHED,
        simulated=header.simulated,
        alerts=sum(risk.level is RiskLevel.ALERT for risk in analysis.timeline.risks),
        looks_per_second=header.options.looks_per_second,
        medgrpo_version=header.medgrpo_version,
        video_sha256=header.video.sha256,
        timeline=analysis.timeline,
    )
