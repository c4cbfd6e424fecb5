"""`medgrpo cases`: from a folder to a user, a search and an export, on the command line."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("alembic", reason="needs the extra `serve`")
pytest.importorskip("argon2", reason="needs the extra `serve`")

from medgrpo import cli
from tests.cases import made as made_module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return made_module


def test_a_case_on_the_command_line(
    made: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDGRPO_CASES", str(tmp_path / "cases.db"))
    key = ["--key", str(tmp_path / "record.pem")]

    def told(*arguments: str, code: int = 0) -> str:
        assert cli.main(["cases", *arguments, *key]) == code
        return capsys.readouterr().out

    folders = [str(made.analysed(tmp_path / name, digit * 64)) for name, digit in (("one", "1"), ("two", "2"))]
    lines = told("import", *folders, str(tmp_path), code=2).splitlines()
    assert [line.split("\t")[1] for line in lines] == ["one", "two"]
    id = lines[0].split("\t")[0]
    assert lines[0].split("\t")[2] == "finished, no report: statements: 3, corrections: 0, versions of the report: 0"
    assert len(told("list").splitlines()) == 2
    assert told("list").splitlines()[0].split("\t")[5:7] == ["alerts: 0", "corrections: 0"]
    assert "1 of 2 cases" in told("list", "--limit", "1")
    assert len(told("search", "liver", "bleeds").splitlines()) == 2
    assert told("search", "knee") == ""
    shown = told("show", id, "--report")
    assert "report: no report" in shown
    assert "DRAFT, research software, not for clinical use" in shown
    assert "[00:20] The liver bed bleeds." in shown
    assert "10 files" in told("export", id, "--out", str(tmp_path / "out")) or (tmp_path / "out" / "case.json").exists()
    assert json.loads((tmp_path / "out" / "case.json").read_text())["format"] == "medgrpo-case/1"
    assert "is forgotten" in told("forget", id)
    assert len(told("list").splitlines()) == 1


def test_what_is_left_out_of_an_import_is_named_by_its_folder(
    made: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from medgrpo.cases import CaseStore
    from medgrpo.core import InputError

    def refusing(*_: object, **__: object) -> None:
        raise InputError("something that names no place")

    monkeypatch.setattr(CaseStore, "add", refusing)
    store = ["--store", str(tmp_path / "cases.db"), "--key", str(tmp_path / "record.pem")]
    assert cli.main(["cases", "import", str(made.analysed(tmp_path / "one")), str(tmp_path / "nothing"), *store]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "left out: " in line]
    named = [line.partition("left out: ")[2].partition(": ")[0] for line in lines]
    assert named == [
        str(tmp_path / "one"),
        str(tmp_path / "nothing"),
    ]


def test_users_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    store = ["--store", str(tmp_path / "cases.db"), "--key", str(tmp_path / "record.pem")]
    monkeypatch.setattr(sys, "stdin", io.StringIO("four words are enough\nshort\nanother long password\n"))
    add = ["cases", "user", "add"]
    assert cli.main([*add, "ada", "--full-name", "Dr Ada Stein", "--role", "clinician", *store]) == 0
    assert cli.main([*add, "ben", "--full-name", "Dr Ben Wu", *store]) == 2
    assert "12 characters" in capsys.readouterr().err
    assert cli.main(["cases", "user", "change", "ada", "--password", "--disable", *store]) == 0
    capsys.readouterr()
    assert cli.main(["cases", "user", "list", *store]) == 0
    told = capsys.readouterr().out
    assert told.startswith("ada\tDr Ada Stein\tclinician\tdisabled\t")
    assert told.endswith("\t0 passkeys\n")
    with sqlite3.connect(tmp_path / "cases.db") as database:
        columns = "credential_id, user, party, name, public_key, sign_count, transports, synced, created, revoked"
        rows = [(id, "ada", "localhost", id, "", 0, "", 0, "", revoked) for id, revoked in (("one", None), ("two", "2026"))]
        database.executemany(f"INSERT INTO passkeys ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    assert cli.main(["cases", "user", "list", *store]) == 0
    assert capsys.readouterr().out.endswith("\t1 passkey\n"), "a revoked one does not count"
    assert cli.main(["cases", "user", "change", "ada", *store]) == 2
    assert (tmp_path / "cases.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("where", ["mysql://host/name", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_store_that_cannot_be_had_is_one_line(where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("psycopg", reason="needs the extra `postgresql`")
    assert cli.main(["cases", "list", "--store", where, "--key", str(tmp_path / "record.pem")]) in (2, 4)
    assert len(capsys.readouterr().err.splitlines()) == 1
