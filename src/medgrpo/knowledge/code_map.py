"""Codes of SNOMED CT, whose tables may not be shipped, from a map that the user supplies."""

from __future__ import annotations

import csv
from pathlib import Path

from medgrpo.core import KnowledgeError
from medgrpo.knowledge.concept import ExternalId
from medgrpo.knowledge.vocabulary import System, Vocabulary

COLUMNS = ["concept", "code", "term"]
SNOMED = System(
    key="snomed",
    name="SNOMED CT",
    kind="ontology",
    licence="the user's own",
    source="a map that the user supplies",
    uri="http://snomed.info/id/{id}",
)

# Verhoeff's check digit (1969), as SNOMED CT identifiers carry it (SNOMED CT release file specification, check-digit).
_MULTIPLY = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6), (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1), (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4), (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_PERMUTE = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2), (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1), (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def load_map(path: Path, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary with the SNOMED CT codes of a CSV file: columns `concept` (our id), `code` (SCTID), `term`.

    KnowledgeError names the line: another header, an unknown concept, a code of the wrong length or with a wrong check digit, a
    concept or code given twice. The term is not kept; it is there for whoever reads the map.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as error:
        raise KnowledgeError(path, "file", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(path, "file", f"is not UTF-8 text (byte {error.start})") from error
    if not rows or [cell.strip().lower() for cell in rows[0]] != COLUMNS:
        raise KnowledgeError(path, "line 1", f"the header must be {','.join(COLUMNS)}")
    added: dict[str, ExternalId] = {}
    codes: set[str] = set()
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        place = f"line {number}"
        if len(row) != len(COLUMNS):
            raise KnowledgeError(path, place, f"has {len(row)} cells, {len(COLUMNS)} are needed")
        concept, code = row[0].strip(), row[1].strip()
        if concept not in vocabulary:
            raise KnowledgeError(path, place, f"{concept!r} is no concept of the vocabulary")
        if not is_sctid(code):
            raise KnowledgeError(path, place, f"{code!r} is no SNOMED CT identifier: 6 to 18 digits, the last a check digit")
        if concept in added or code in codes:
            raise KnowledgeError(path, place, f"{concept} or {code} stands in the map already")
        added[concept] = ExternalId(system=SNOMED.key, id=code, source=f"map supplied by the user: {path.name}, {place}")
        codes.add(code)
    return vocabulary.with_external(SNOMED, added)


def is_sctid(code: str) -> bool:
    """Whether the text has the form of a SNOMED CT identifier: 6 to 18 digits, no leading zero, right check digit."""
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 18 and code[0] != "0"):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _MULTIPLY[check][_PERMUTE[place % 8][int(digit)]]
    return check == 0
