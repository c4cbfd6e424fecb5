"""What an error says, without the folders of this machine: a browser may be anywhere."""

from __future__ import annotations

import re
from pathlib import Path

_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"]*/")
_FOLDERS = re.compile(r"(?<![\w.~/])~?/(?:[^/\s:;,'\"]+/)+")


def without_paths(error: Exception | str, cases: Path) -> str:
    """`str(error)` with what lies in the folder of cases named from there, and any other file or address by its last name alone."""
    told = str(error)
    for root in (cases.resolve(), cases.absolute()):
        told = told.replace(f"{root}/", "").replace(str(root), cases.name or ".")
    return _FOLDERS.sub("", _ADDRESS.sub("", told))
