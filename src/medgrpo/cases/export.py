"""A case as one folder that needs nothing else: what was recorded, what people said of it, the report as it stands, hashes."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import medgrpo
from medgrpo.audit import digest_of_file
from medgrpo.cases.document import case_values, report_page, report_values, standing_version
from medgrpo.cases.draft import draft_text, drafted
from medgrpo.cases.folder import read_folder
from medgrpo.cases.store import CaseStore
from medgrpo.cases.values import Version
from medgrpo.core import DataError, InputError, whole_folder

SUMS, INDEX = "SHA256SUMS", "case.json"
_OWN = (SUMS, INDEX, "operative_report.html", "operative_report.json", "operative_report.draft.html")


@dataclass(frozen=True, slots=True)
class Exported:
    """`left_out` names what was not copied (links), so that nothing is missing unsaid."""

    folder: Path
    files: int
    bytes: int
    left_out: tuple[str, ...]


def export_case(store: CaseStore, id: str, out: Path) -> Exported:
    """Write the case to `out`, which must not exist: whole or not at all. The video of an analysis is never part of it.

    InputError when it is there already or cannot be written; errors of `read_folder` where the case cannot be read.
    """
    case = store.find(id)
    versions, corrections = store.versions(case.id), store.corrections(case.id)
    source = Path(case.folder)
    read = read_folder(source)
    report, draft = drafted(read, case.name, corrections), draft_text(read, case.name, corrections)
    if out.exists():
        raise InputError(f"{out}: is there already: give a new folder")
    shown = standing_version(versions)
    index = {
        "format": "medgrpo-case/1",
        "medgrpo": medgrpo.__version__,
        "case": case_values(case),
        "corrections": [asdict(one) for one in corrections],
        "versions": [asdict(one) for one in versions],
    }
    try:
        with whole_folder(out) as unfinished:
            left_out = tuple(_copied(source, unfinished))
            _write(unfinished / INDEX, json.dumps(index, ensure_ascii=False, indent=1) + "\n")
            _write(unfinished / "operative_report.html", report_page(case, shown, versions, corrections, draft))
            values = report_values(case, shown, versions, corrections, report, draft)
            _write(unfinished / "operative_report.json", json.dumps(values, ensure_ascii=False, indent=1) + "\n")
            if versions and _is_amending(shown, versions):
                _write(unfinished / "operative_report.draft.html", report_page(case, versions[-1], versions, corrections, draft))
            lines = [f"{digest_of_file(path)}  {path.relative_to(unfinished).as_posix()}\n" for path in _files(unfinished)]
            _write(unfinished / SUMS, "".join(lines))
    except OSError as error:
        raise InputError(f"{error.filename or out}: cannot be written: {error.strerror or error}") from error
    paths = list(_files(out))
    return Exported(out, len(paths), sum(path.stat().st_size for path in paths), left_out)


def check_sums(folder: Path) -> int:
    """How many files of an exported case are as they were exported; 0 where it is none. DataError names the first that is not."""
    sums = folder / SUMS
    if not sums.is_file():
        return 0
    lines = sums.read_text(encoding="utf-8").splitlines()
    for line in lines:
        digest, _, name = line.partition("  ")
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise DataError(sums, f"names {name}, which is not there")
        if name.partition("/")[0] == "review":
            continue  # it may have gone on; its chain is checked elsewhere
        if digest_of_file(path) != digest:
            raise DataError(path, "is not as it was exported")
    return len(lines)


def _is_amending(shown: Version | None, versions: tuple[Version, ...]) -> bool:
    return shown is not None and shown.number != versions[-1].number


def _copied(source: Path, target: Path) -> Iterator[str]:
    """Copy regular files; the names of what was left out. Our own hidden files are derived, and not worth a word."""
    for at, folders, names in os.walk(source):
        here = Path(at)
        for name in sorted([*folders, *names]):
            path = here / name
            place = path.relative_to(source)
            if path.is_symlink():
                yield place.as_posix()
            elif path.is_file() and not name.startswith(".") and place.as_posix() not in _OWN:
                (target / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target / place)
        folders[:] = [name for name in folders if not name.startswith(".") and not (here / name).is_symlink()]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _write(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
