"""What a run asks, of whom and how: everything that may change an answer, and that a resumed run must find unchanged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from medgrpo.core import Config, DataError, InputError, whole_file
from medgrpo.models import ModelCard

SETTINGS_NAME = "settings.json"
FORMAT_VERSION = 1


class Shard(Config):
    """Part `number` (from 1) of `count`. All questions about one clip are in the same part."""

    number: int = Field(default=1, ge=1)
    count: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _within(self) -> Shard:
        if self.number > self.count:
            raise ValueError(f"there is no part {self.number} of {self.count}")
        return self

    @property
    def whole(self) -> bool:
        return self.count == 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


class DataIdentity(Config):
    """Which questions: the file's name, the hash of its bytes, how many it holds."""

    name: str
    sha256: str
    questions: int


class RunSettings(Config):
    """One run. `max_new_tokens`: by task. `seen` says where pictures came from: `frames`, `videos`, or `nothing` (a blind run)."""

    format_version: int = FORMAT_VERSION
    medgrpo_version: str
    model: ModelCard
    data: DataIdentity
    seen: str
    max_new_tokens: Mapping[str, int]
    temperature: float = Field(ge=0)
    seed: int
    shots_sha256: str | None
    shard: Shard

    @property
    def fingerprint(self) -> str:
        """The same for every part of one run."""
        content = self.model_dump(mode="json", exclude={"shard"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def difference(self, other: RunSettings, shard_too: bool = True) -> str | None:
        """The first thing in which the two differ, in words; None where they are the same."""
        if self.data.sha256 != other.data.sha256:
            return f"the data was {self.data.name} ({self.data.sha256[:12]}), now {other.data.name} ({other.data.sha256[:12]})"
        ours, theirs = (_flat(one.model_dump(mode="json", exclude={"data"})) for one in (self, other))
        for name in dict.fromkeys([*ours, *theirs]):
            if name.startswith("shard.") and not shard_too:
                continue
            if ours.get(name) != theirs.get(name):
                return f"{name.replace('_', ' ').replace('.', ', ')} was {ours.get(name)}, now {theirs.get(name)}"
        return None

    def same_but_pictures(self, other: RunSettings) -> bool:
        """Whether at most where pictures come from, and how they are sampled, differs."""
        model = self.model.model_copy(update={"sampling": other.model.sampling})
        return self.model_copy(update={"seen": other.seen, "model": model}).difference(other) is None


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")  # pyright: ignore[reportUnknownArgumentType]
        else:
            flat[prefix + name] = value
    return flat


def identify_data(path: Path, questions: int) -> DataIdentity:
    """Hash the file. DataError when it cannot be read."""
    try:
        return DataIdentity(name=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), questions=questions)
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error


def stored_settings(folder: Path) -> RunSettings | None:
    """What the folder's run was asked; None where there is none. DataError when the file is damaged."""
    path = folder / SETTINGS_NAME
    try:
        return RunSettings.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise DataError(path, "is damaged or of another version of medgrpo; give another folder") from error


def claim(folder: Path, settings: RunSettings) -> None:
    """Write the settings into a new folder, or find them there unchanged. InputError names the first difference."""
    stored = stored_settings(folder)
    if stored is not None:
        difference = stored.difference(settings)
        if difference is not None:
            raise InputError(f"{folder}: holds another run: {difference}; give it another folder with --out")
        return
    try:
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder}: is not empty and holds no run; give a new folder with --out")
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / SETTINGS_NAME, settings.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error


def claim_anew(folder: Path, settings: RunSettings) -> None:
    """Other settings for a folder whose run asked nothing yet; the caller knows that, and holds its answers open."""
    if stored_settings(folder) != settings:
        write_whole(folder / SETTINGS_NAME, settings.model_dump_json(indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """The file appears whole or not at all, and is on the disk when this returns. InputError when the disk refuses."""
    try:
        with whole_file(path, durable=True) as hidden:
            hidden.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{error.filename or path}: cannot be written: {error.strerror}") from error
