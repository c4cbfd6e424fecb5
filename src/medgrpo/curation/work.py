"""The working folder of a build: pieces that are whole or not there, each with the print of what it was made from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from medgrpo.core import InputError, whole_file

FOLDER = ".work"


@contextmanager
def whole(path: Path) -> Generator[IO[bytes]]:
    """A stream beside the file, which takes its place once everything is on disk. InputError when the disk refuses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with whole_file(path, durable=True) as hidden, hidden.open("wb") as stream:
            yield stream
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be written: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    with whole(path) as stream:
        stream.write(text.encode())


def write_json(path: Path, value: object) -> None:
    """Indented, keys in the order given, one byte form per value."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object of a file of ours; None where there is none. InputError when it is damaged."""
    try:
        return cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is damaged ({error}); delete it and run the same command again") from error


def print_of(value: object) -> str:
    """SHA-256 over a JSON value, keys sorted: equal values, equal print."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def print_of_folder(folder: Path) -> str:
    """Over names, sizes and times of change of all files: what a source was read from. InputError when it cannot be listed."""
    try:
        files = [folder] if folder.is_file() else sorted(one for one in folder.rglob("*") if one.is_file())
        stats = [(one.relative_to(folder).as_posix(), one.stat()) for one in files]
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be read: {error.strerror or error}") from error
    return print_of([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


class Replies:
    """An append-only file of replies by key: each is on disk before the next is waited for; a torn last line is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.held: dict[str, dict[str, Any]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        good = content.rfind(b"\n") + 1
        if good < len(content):
            os.truncate(path, good)
        for number, line in enumerate(content[:good].splitlines(), 1):
            try:
                entry = cast("dict[str, Any]", json.loads(line))
                self.held[str(entry["key"])] = entry
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path}: line {number} is damaged; delete the line") from error

    def add(self, entry: Mapping[str, Any]) -> None:
        """InputError when the disk refuses."""
        try:
            with self._path.open("ab") as stream:
                stream.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written: {error.strerror or error}") from error
        self.held[str(entry["key"])] = dict(entry)
