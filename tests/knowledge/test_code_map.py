"""SNOMED CT codes come from the user's own map, and a wrong line of it is named. Codes here are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import load_map, load_vocabulary
from medgrpo.knowledge.code_map import is_sctid

V = load_vocabulary()


def with_check_digit(stem: str) -> str:
    return next(stem + digit for digit in "0123456789" if is_sctid(stem + digit))


FIRST, SECOND = with_check_digit("99990001"), with_check_digit("99990002")
ROWS = f"concept,code,term\nanatomy:gallbladder,{FIRST},made up\nanatomy:liver,{SECOND},made up too\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "map.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_verhoeffs_own_example():
    assert not is_sctid("12345")  # too short, though the check digit of 1234 is not looked at
    assert [digit for digit in "0123456789" if is_sctid("12345" + digit)] == ["1"]  # a known example: 12345 has check digit 1


def test_a_map_adds_codes_with_their_place(tmp_path: Path):
    mapped = load_map(written(tmp_path, ROWS), V)
    found = mapped.by_external("snomed", FIRST)
    assert found is not None
    assert found.id == "anatomy:gallbladder"
    assert found.external[-1].source == "map supplied by the user: map.csv, line 2"
    assert V.by_external("snomed", FIRST) is None


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("concept,code,term", "id,code,term", "line 1", "the header must be concept,code,term"),
        ("anatomy:liver", "anatomy:lver", "line 3", "'anatomy:lver' is no concept"),
        (SECOND, SECOND[:-1] + str((int(SECOND[-1]) + 1) % 10), "line 3", "the last a check digit"),
        (SECOND, "12345", "line 3", "6 to 18 digits"),
        (SECOND, "", "line 3", "6 to 18 digits"),
        (SECOND, FIRST, "line 3", "in the map already"),
        ("anatomy:liver", "anatomy:gallbladder", "line 3", "in the map already"),
        (",made up too", "", "line 3", "has 2 cells"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, old: str, new: str, place: str, reason: str):
    with pytest.raises(KnowledgeError) as caught:
        load_map(written(tmp_path, ROWS.replace(old, new, 1)), V)
    assert caught.value.entry == place
    assert reason in caught.value.reason
