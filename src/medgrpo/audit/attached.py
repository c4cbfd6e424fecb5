"""Files that a record vouches for: clips and evidence pictures, each with its SHA-256 in an entry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from medgrpo.audit.entry import Entry

CLIP, DECISION, DELETED = "clip", "decision", "deleted"
FOLDERS = ("clips", "evidence")
"""Of a case, beside its record."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """`file` relative to the case's folder, `kind` the folder of FOLDERS that it lies in."""

    file: str
    sha256: str

    @property
    def kind(self) -> str:
        return PurePosixPath(self.file).parts[0]

    def place(self, case: Path) -> Path:
        """ValueError where the name leads out of the case's own folders: such a file is never touched."""
        parts = PurePosixPath(self.file).parts
        if len(parts) != 2 or parts[0] not in FOLDERS or parts[1] in ("", ".", "..") or "\\" in self.file:
            raise ValueError(f"{self.file!r} is no file of a case")
        return case / parts[0] / parts[1]

    def fault(self, case: Path) -> str | None:
        """What is wrong with the file; None when it is as it was."""
        try:
            found = digest_of_file(self.place(case))
        except ValueError as error:
            return str(error)
        except OSError as error:
            return f"{self.file} cannot be read: {error.strerror or error}"
        return None if found == self.sha256 else f"{self.file} is not as it was written: its SHA-256 differs"


def attachments(entry: Entry) -> Iterator[Attachment]:
    """The files that this entry vouches for."""
    if entry.kind == CLIP:
        yield from _read(entry.body)
    elif entry.kind == DECISION:
        yield from _read(entry.body.get("evidence"))


def deletions(entry: Entry) -> Iterator[Attachment]:
    """The files that this entry says were deleted."""
    files = entry.body.get("files") if entry.kind == DELETED else None
    for one in cast("list[Any]", files) if isinstance(files, list) else []:
        yield from _read(one)


def unrecorded(case: Path, known: set[str], *, hidden: bool = False) -> list[str]:
    """Files in the case's folders that the record does not name; `hidden` ones are unfinished."""
    return [
        f"{folder}/{path.name}"
        for folder in FOLDERS
        if (case / folder).is_dir()
        for path in sorted((case / folder).iterdir())
        if (hidden or not path.name.startswith(".")) and f"{folder}/{path.name}" not in known
    ]


def digest_of_file(path: Path) -> str:
    """SHA-256 in hexadecimal. OSError when it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(value: object) -> Iterator[Attachment]:
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        file, digest = given.get("file"), given.get("sha256")
        if isinstance(file, str) and isinstance(digest, str):
            yield Attachment(file, digest)
