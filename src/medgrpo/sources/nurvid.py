"""NurViD: nursing procedures, timed actions -> videos with their segments.

Layout of the folder: `annotations/NurViD_annotations.json` ({video: {operationID, annotations: [{actionID, segment: [start,
end]}], duration, resolution, fps, subset, url}}), `annotations/Procedure&Action_ID.xlsx` (names), and two splits. Files
`annotations/task1&3/{train,val,test}.csv` split by video; their label is the JSON's operationID. Files `annotations/task2/*.csv`
split by segment, so that one video is in several parts; their labels are the spreadsheet's. The JSON counts ids from 1, the
spreadsheet and task 2 from 0: **ids here count from 0**.

The split given here is that of tasks 1 and 3, the only one by video (`subset` in the JSON is null). Annotations: CC BY 4.0, Hu et
al., NeurIPS 2023 Datasets and Benchmarks. Nothing is mended: segments may overlap, and end after `duration_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from medgrpo.core import DataError, Span
from medgrpo.knowledge import load_vocabulary
from medgrpo.sources.json_file import as_list, as_number, as_object, load_object
from medgrpo.sources.problem import Problem, all_or_error
from medgrpo.sources.spreadsheet import read_rows

NurvidSplit = Literal["train", "val", "test"]
SPLITS: tuple[NurvidSplit, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class NurvidSegment:
    """One action, in seconds. `action_id` counts from 0, `action` is the data set's name, `concept` our vocabulary's id.

    `number` is its place in the file, from 1 (task 2 names clips by it).
    """

    span: Span
    action_id: int
    action: str
    concept: str
    number: int


@dataclass(frozen=True, slots=True)
class NurvidVideo:
    """One video; segments in order of start. `procedure_id` counts from 0, `procedure` is the data set's name, `concept` ours."""

    id: str
    procedure_id: int
    procedure: str
    concept: str
    split: NurvidSplit
    duration_seconds: float
    segments: tuple[NurvidSegment, ...]
    url: str
    resolution: str
    fps: float


@dataclass(frozen=True, slots=True)
class NurvidNames:
    """The spreadsheet: names by id (from 0), the data set's own spelling."""

    procedures: Mapping[int, str]
    abbreviations: Mapping[int, str]
    actions: Mapping[int, str]


def read_nurvid(folder: Path) -> tuple[NurvidVideo, ...]:
    """Every video, in the file's order. DataError names the file and the first entry or line that is not what the format says."""
    return tuple(all_or_error(nurvid_videos(folder)))


def nurvid_videos(folder: Path) -> Iterator[NurvidVideo | Problem]:
    """Every video, in the file's order, and each entry or line that is not what the format says: it is left out, the rest is kept.

    DataError when a file is missing or is nothing of the kind.
    """
    root = folder / "annotations" if (folder / "annotations").is_dir() else folder
    names = read_nurvid_names(root / "Procedure&Action_ID.xlsx")
    splits: dict[str, tuple[NurvidSplit, int]] = {}
    yield from _read_splits(root / "task1&3", splits)
    path = root / "NurViD_annotations.json"
    content = load_object(path, "NurViD annotation")
    for key, entry in content.items():
        wrong: list[str] = []
        try:
            if key not in splits:
                raise ValueError("is in no split file of task1&3")
            video = _video(key, entry, names, *splits[key], wrong)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield Problem(path, key, said)
            continue
        for reason in wrong:
            yield Problem(path, key, reason)
        yield video
    for key in sorted(splits.keys() - content.keys()):
        yield Problem(path, key, "is in a split file of task1&3 but has no annotation")


def read_nurvid_names(path: Path) -> NurvidNames:
    """Columns A, C, D of the spreadsheet are procedures, G and I are actions. DataError names the row at fault."""
    procedures: dict[int, str] = {}
    abbreviations: dict[int, str] = {}
    actions: dict[int, str] = {}
    for number, row in enumerate(read_rows(path)[2:], start=3):
        try:
            if "A" in row:
                _name(procedures, row["A"], row["C"])
                abbreviations[int(row["A"])] = row["D"].strip()
            if "G" in row:
                _name(actions, row["G"], row["I"])
        except (KeyError, ValueError) as error:
            raise DataError(path, f"row {number}: expected an id and a name ({error})") from error
    for kind, found in (("procedure", procedures), ("action", actions)):
        if sorted(found) != list(range(len(found))) or not found:
            raise DataError(path, f"{kind} ids are not 0, 1, 2 ... without a gap")
    return NurvidNames(procedures, abbreviations, actions)


def _name(into: dict[int, str], number: str, name: str) -> None:
    if int(number) in into:
        raise ValueError(f"id {number} occurs twice")
    into[int(number)] = " ".join(name.split())


def _read_splits(folder: Path, found: dict[str, tuple[NurvidSplit, int]]) -> Iterator[Problem]:
    """Fills `found`: per video its split and the operationID that the split file gives."""
    for split in SPLITS:
        path = folder / f"{split}.csv"
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise DataError(path, f"cannot be read ({error})") from error
        for number, raw in enumerate(lines[1:], start=2):
            line = raw.decode(errors="backslashreplace").strip()
            if not line:
                continue
            clip, _, label = line.rpartition(" ")
            name = clip.rpartition("/")[2].removesuffix(".mp4")
            if not name or not (label.isascii() and label.isdigit()):
                yield Problem(path, f"line {number}", f"expected '/video_path/ID.mp4 LABEL', got {line[:80]!r}")
            elif name in found:
                yield Problem(path, f"line {number}", f"{name} is already in {found[name][0]}: a video belongs to one split")
            else:
                found[name] = (split, int(label))


def _video(key: str, entry: object, names: NurvidNames, split: NurvidSplit, operation: int, wrong: list[str]) -> NurvidVideo:
    """`wrong` takes what is the matter with single annotations, which are left out."""
    fields = as_object(entry, "entry")
    procedure = _id(fields["operationID"], "operationID", names.procedures)
    if procedure + 1 != operation:
        raise ValueError(f"operationID is {procedure + 1}, but {split}.csv of task1&3 says {operation}")
    duration = as_number(fields["duration"], "duration")
    if duration <= 0:
        raise ValueError(f"duration must be positive, got {duration}")
    segments: list[NurvidSegment] = []
    for place, one in enumerate(as_list(fields["annotations"], "annotations"), start=1):
        try:
            segments.append(_segment(one, place, names))
        except ValueError as error:
            wrong.append(str(error))
    return NurvidVideo(
        id=key,
        procedure_id=procedure,
        procedure=names.procedures[procedure],
        concept=_concept("procedure", procedure),
        split=split,
        duration_seconds=duration,
        segments=tuple(sorted(segments, key=lambda segment: (segment.span, segment.number))),
        url=str(fields["url"]),
        resolution=str(fields["resolution"]),
        fps=as_number(fields["fps"], "fps"),
    )


def _segment(value: object, number: int, names: NurvidNames) -> NurvidSegment:
    where = f"annotation {number}"
    fields = as_object(value, where)
    pair = fields.get("segment")
    if not isinstance(pair, list) or len(cast("list[object]", pair)) != 2:
        raise ValueError(f"{where}: segment: expected [start, end]")
    start, end = (as_number(one, f"{where}: segment") for one in cast("list[object]", pair))
    action = _id(fields.get("actionID"), f"{where}: actionID", names.actions)
    try:
        return NurvidSegment(Span(start, end), action, names.actions[action], _concept("action", action), number)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _concept(kind: str, number: int) -> str:
    concept = load_vocabulary().by_external("nurvid", f"{kind}:{number}")
    if concept is None:
        raise ValueError(f"our vocabulary has no {kind} {number} of NurViD")
    return concept.id


def _id(value: object, where: str, known: Mapping[int, str]) -> int:
    """From the JSON's ids (from 1) to the spreadsheet's (from 0)."""
    if not isinstance(value, int) or isinstance(value, bool) or value - 1 not in known:
        raise ValueError(f"{where}: expected 1 to {len(known)}, got {value!r}")
    return value - 1
