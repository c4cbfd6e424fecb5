"""rdflib and pyshacl, imported when they are needed; the core installation leaves them out."""

from __future__ import annotations

from importlib import import_module

from medgrpo.core import MissingExtra


def need(library: str) -> None:
    """MissingExtra when the library is not installed."""
    try:
        import_module(library)
    except ImportError as error:
        raise MissingExtra("knowledge export and import", "knowledge", library) from error
