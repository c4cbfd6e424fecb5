"""Every error that medgrpo raises on purpose.

MedgrpoError                 the root; the command line prints it as one line and exits with its `exit_code`
  InputError                 what the caller gave is wrong (exit 2)
    VideoError               a video or image folder cannot be read as one; carries the path and the second
    DataError                a data set's folder or label file is not what its format says; carries the path
    DocumentError            a document cannot be read as text; carries the path and the page
    KnowledgeError           a knowledge file contradicts itself; carries the path and the entry
    SettingsError            settings in a file cannot be; carries a line for each of them
    MissingExtra             the command needs an optional part of the installation; names the pip command
    AccessError              this person may not do this, or has not proved to be this person
    ConflictError            somebody else was faster; nothing was overwritten
  ModelError                 a shipped or given model cannot be used: missing, altered, or of another shape (exit 3)
  RecordError                a record of a case cannot be written or read (exit 4)
  Interrupted                a person stopped the work; what was done is kept (exit 130)
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path


class MedgrpoError(Exception):
    """Root of the tree. `str(error)` is one line: what was wrong, where, and what to do."""

    exit_code: int = 1

    @property
    def lines(self) -> tuple[str, ...]:
        """What the command line prints: one line, but for an error that names several faults."""
        return (str(self),)

    def __str__(self) -> str:
        return "\\n".join(super().__str__().splitlines())  # a path may hold line breaks


class InputError(MedgrpoError):
    """What the caller gave is wrong; the message says how to put it right."""

    exit_code = 2


class VideoError(InputError):
    """`path` cannot be read as video; `seconds` is the place where reading failed, where there is one."""

    def __init__(self, path: Path | str, reason: str, seconds: float | None = None) -> None:
        self.path, self.reason, self.seconds = Path(path), reason, seconds
        where = "" if seconds is None else f" at {seconds:.2f} s"
        super().__init__(f"{path}{where}: {reason}")


class DataError(InputError):
    """A data set's folder or file is not in the format it should be in."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = Path(path), reason
        super().__init__(f"{path}: {reason}")


class DocumentError(InputError):
    """`path` cannot be read as a document; `page` counts from 1, None where the whole file is meant."""

    def __init__(self, path: Path | str, reason: str, page: int | None = None) -> None:
        self.path, self.reason, self.page = Path(path), reason, page
        where = "" if page is None else f" page {page}"
        super().__init__(f"{path}{where}: {reason}")


class KnowledgeError(InputError):
    """A knowledge file is not valid; `entry` is the place inside it."""

    def __init__(self, path: Path | str, entry: str, reason: str) -> None:
        self.path, self.entry, self.reason = Path(path), entry, reason
        super().__init__(f"{path}: {entry}: {reason}")


class SettingsError(InputError):
    """Settings in a file cannot be: `lines` names each, with file, key, what was given and what may be."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = tuple(lines)
        super().__init__("; ".join(lines))

    @property
    def lines(self) -> tuple[str, ...]:
        return self._lines


class MissingExtra(InputError):
    """A command needs libraries that the core installation leaves out."""

    def __init__(self, what: str, extra: str, missing: str) -> None:
        super().__init__(f"{what} needs {missing}, which is not installed: pip install 'medgrpo[{extra}]'")


@contextmanager
def needing(what: str, extra: str, *packages: str) -> Generator[None]:
    """Imports inside that lack one of these packages become MissingExtra; any other missing module is a fault of ours."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in packages:
            raise
        raise MissingExtra(what, extra, error.name) from error


class AccessError(InputError):
    """This person may not do this, or has not proved to be this person."""


class ConflictError(InputError):
    """Somebody else changed it since it was read: nothing was overwritten, and the message says what stands there now."""


class ModelError(MedgrpoError):
    """A model file cannot be used."""

    exit_code = 3


class RecordError(MedgrpoError):
    """A record of a case cannot be written or read."""

    exit_code = 4


class Interrupted(MedgrpoError):
    """A person stopped the work; the message says what is kept and how to go on."""

    exit_code = 130
