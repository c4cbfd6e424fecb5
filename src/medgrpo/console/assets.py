"""The files that pages load: read once, looked up by name alone, so that no path can lead anywhere else."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from medgrpo.page import look

_KINDS = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """`packed`: with gzip. `tag` changes with the content."""

    plain: bytes
    packed: bytes
    kind: str
    tag: str


@cache
def assets() -> Mapping[str, Asset]:
    """By name: what lies in `static/`, and the look that all of medgrpo's pages share."""
    found = {"look.css": look().encode(), "dark.css": _dark(look()).encode()}
    for file in files("medgrpo.console").joinpath("static").iterdir():
        found[file.name] = file.read_bytes()
    return {name: _asset(name, data) for name, data in found.items() if _kind(name) in _KINDS}


def _dark(style: str) -> str:
    """The look's dark colours for everybody, not only for those whose system asks for them: a live page stands in a dark room."""
    inside = style.split("@media screen and (prefers-color-scheme: dark) {", 1)[1]
    return inside[: inside.index("}") + 1].strip() + "\n"


def _asset(name: str, data: bytes) -> Asset:
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
    return Asset(data, gzip.compress(data, 9, mtime=0), _KINDS[_kind(name)], tag)


def _kind(name: str) -> str:
    return name[name.rfind(".") :]
