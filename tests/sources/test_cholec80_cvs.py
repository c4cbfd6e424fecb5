"""Cholec80-CVS on made tables in the published layout, as CSV and as a spreadsheet."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from medgrpo.core import DataError
from medgrpo.sources import SOURCES, BenchmarkRecord, Problem, check_source

HEAD = (
    "video,critical_view,initial_minute,initial_second,final_minute,final_second,"
    "two_structures,cystic_plate,hepatocystic_triangle,Total"
)
GOOD = "1,0,10,5,10,40,2,1,0,3"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def folder(path: Path, *rows: str, head: str = HEAD) -> Path:
    (path / "surgeons_annotations.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def sheet(path: Path, *rows: str) -> Path:
    """The same as .xlsx: the head in shared strings, the numbers in cells."""
    names = HEAD.split(",")
    lines = [[f'<c r="{chr(65 + column)}1" t="s"><v>{column}</v></c>' for column in range(len(names))]]
    for number, row in enumerate(rows, 2):
        lines.append(
            [f'<c r="{chr(65 + column)}{number}"><v>{value}</v></c>' for column, value in enumerate(row.split(",")) if value]
        )
    body = "".join(f'<row r="{number}">{"".join(cells)}</row>' for number, cells in enumerate(lines, 1))
    with ZipFile(path / "surgeons_annotations.xlsx", "w") as parts:
        shared = "".join(f"<si><t>{name}</t></si>" for name in names)
        parts.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">{shared}</sst>')
        parts.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>')
    return path


@pytest.mark.parametrize("make", [folder, sheet])
def test_rows_are_questions(tmp_path: Path, make: object) -> None:
    assert callable(make)
    found = list(check_source("Cholec80-CVS", make(tmp_path, GOOD, "05,0,0,0,1,1,0,0,0,0")))
    records = [one for one in found if isinstance(one, BenchmarkRecord)]
    assert len(records) == len(found) == 2
    first, second = records
    assert first.answer == "Two structures: 2, Cystic plate: 1, Hepatocystic triangle: 0"
    assert first.struc_info == [{"cvs_scores": {"two_structures": 2, "cystic_plate": 1, "hepatocystic_triangle": 0}}]
    # 10 min 5 s and 10 min 40 s at 25 frames a second
    assert (first.clip.form, first.clip.start, first.clip.end) == ("frame", "15125", "16000")
    assert (first.video, first.train, second.video, second.train) == ("video01", True, "video05", False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,0,10,40,10,5,2,1,0,3", "must end after it begins, got 640 to 605"),
        ("1,0,10,5,10,5,2,1,0,3", "must end after it begins"),
        ("1,0,-1,5,10,5,2,1,0,3", "a negative time"),
        ("1,0,10,5,10,40,3,1,0,4", "two_structures must be a whole number from 0 to 2"),
        ("1,0,10,5,10,40,0.5,1,0,4", "two_structures must be a whole number"),
        ("81,0,10,5,10,40,2,1,0,3", "video must be a whole number from 1 to 80"),
        ("1,0,ten,5,10,40,2,1,0,3", "initial_minute is no number"),
        ("1,0,nan,5,10,40,2,1,0,3", "initial_minute is not finite"),
        ("1,0,10,5,inf,40,2,1,0,3", "final_minute is not finite"),
        ("1,0,10,5,10,40,,1,0,3", "two_structures is empty"),
        (GOOD, "is that of line 2 again"),
        ("1,0,10,5", "not as many values as columns"),
    ],
)
def test_a_bad_row_is_named_by_line_and_the_rest_is_read(tmp_path: Path, row: str, said: str) -> None:
    found = list(SOURCES["Cholec80-CVS"].records(folder(tmp_path, GOOD, row, "2" + GOOD[1:])))
    (problem,) = [one for one in found if isinstance(one, Problem)]
    assert problem.place == "line 3"
    assert said in problem.reason
    assert [one.index for one in found if isinstance(one, BenchmarkRecord)] == [0, 1]


def test_a_row_of_a_spreadsheet_is_named(tmp_path: Path) -> None:
    found = list(SOURCES["Cholec80-CVS"].records(sheet(tmp_path, GOOD, "2,0,,5,10,40,2,1,0,3")))
    assert [str(one).partition(".xlsx: ")[2] for one in found if isinstance(one, Problem)] == ["row 3: initial_minute is empty"]


def test_letters_that_are_not_utf_8_are_named(tmp_path: Path) -> None:
    path = folder(tmp_path, GOOD)
    with (path / "surgeons_annotations.csv").open("ab") as stream:
        stream.write(b"2,\xe9,10,5,10,40,2,1,0,3\n")
    problem = [one for one in SOURCES["Cholec80-CVS"].records(path) if isinstance(one, Problem)]
    assert [str(one).partition(".csv: ")[2] for one in problem] == ["line 3: critical_view is not UTF-8"]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"video,two\n1,2\n", b"\x00\xff\xfe"])
def test_a_file_that_is_none_is_one_problem(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        list(SOURCES["Cholec80-CVS"].records(tmp_path))
    (problem,) = check_source("Cholec80-CVS", tmp_path)
    assert isinstance(problem, Problem)


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected surgeons_annotations\.xlsx"):
        list(SOURCES["Cholec80-CVS"].records(tmp_path))
