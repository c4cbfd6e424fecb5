"""The cells of one sheet of an .xlsx file: a zip of XML parts (ECMA-376). Formulas are not worked out."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from medgrpo.core import DataError

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def read_rows(path: Path, sheet: str = "xl/worksheets/sheet1.xml") -> list[dict[str, str]]:
    """Every row as column letter -> text, empty cells left out. DataError when the file is no such spreadsheet."""
    try:
        with ZipFile(path) as parts:
            shared = [_plain(one) for one in ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))]
            rows = ElementTree.fromstring(parts.read(sheet)).iter(f"{_SPACE}row")
            return [_row(row, shared) for row in rows]
    except (OSError, BadZipFile, zlib.error, RuntimeError, KeyError, ElementTree.ParseError, ValueError, IndexError) as error:
        raise DataError(path, f"not an .xlsx spreadsheet with a sheet {sheet} ({error})") from error


def _row(row: ElementTree.Element, shared: list[str]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for cell in row:
        value = cell.find(f"{_SPACE}v")
        column = re.match("[A-Z]+", cell.get("r", ""))
        if value is not None and value.text is not None and column is not None:
            cells[column[0]] = shared[int(value.text)] if cell.get("t") == "s" else value.text
    return cells


def _plain(item: ElementTree.Element) -> str:
    """The text of a shared string, whole or in runs; its phonetic guide left out."""
    parts = [item, *item.findall(f"{_SPACE}r")]
    return "".join(text.text or "" for part in parts for text in part.findall(f"{_SPACE}t"))
