"""What the readers of XML formats share. The standard library's parser: no external entities, and expat refuses entity bombs."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, parse

from medgrpo.core import DocumentError

__all__ = ["Element", "attribute", "name", "parse_xml"]


def parse_xml(path: Path) -> Element:
    """The outermost element; DocumentError with line and column when it is not well formed."""
    try:
        return parse(path).getroot()
    except ParseError as error:
        raise DocumentError(path, f"is not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # an encoding that Python does not have
        raise DocumentError(path, f"cannot be read as XML: {error}") from error


def name(element: Element) -> str:
    """The element's name without its namespace. (The parser leaves out comments and processing instructions.)"""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, local_name: str) -> str | None:
    """The value of the attribute of that name in whatever namespace."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == local_name), None)
