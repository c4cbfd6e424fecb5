"""Reading a TOML file of knowledge, and naming a place inside it."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from medgrpo.core import KnowledgeError


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file; KnowledgeError when it cannot be read as one."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(path, "file", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(path, "file", f"is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(path, "file", f"is not TOML: {error}") from error
    except RecursionError as error:
        raise KnowledgeError(path, "file", "is nested too deeply to be read") from error


def entry_name(values: object, place: Sequence[int | str]) -> str:
    """A place inside a file in words, with the id of the entry where it has one: `concepts.3 (anatomy:liver).kind`."""
    words: list[str] = []
    here = values
    for part in place:
        words.append(str(part))
        if isinstance(part, int) and isinstance(here, list):
            items = cast("list[object]", here)
            here = items[part] if part < len(items) else None
        else:
            here = cast("dict[str, object]", here).get(str(part)) if isinstance(here, dict) else None
        if isinstance(part, int) and isinstance(here, dict):
            entry = cast("dict[str, object]", here)
            name = entry.get("id", entry.get("key"))
            if isinstance(name, str):
                words[-1] += f" ({name})"
    return ".".join(words) or "file"
