"""`medgrpo record`: verified, shown and exported from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="needs the extra `live`")
pytest.importorskip("rfc8785", reason="needs the extra `live`")

from medgrpo import cli
from medgrpo.audit import Journal, SigningKey


@pytest.fixture
def record(tmp_path: Path) -> Path:
    key = SigningKey.at(tmp_path / "record.pem")
    with Journal(tmp_path / "record", key, lambda: ("2026-11-28T08:00:00Z", 1.5), {}) as journal:
        journal.append("tick", {"phase": "preparation"})
        journal.append("alert", {"channel": "bleeding"})
    return tmp_path / "record"


def test_a_record_that_is_as_it_was_written(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "show", str(record), "--head"]) == 0
    key = json.loads(capsys.readouterr().out)["public_key"]
    assert cli.main(["record", "verify", str(record), "--key", key]) == 0
    assert "closed" in capsys.readouterr().out
    assert cli.main(["record", "verify", str(record), "--key", "0" * 64]) == 4
    assert cli.main(["record", "verify", str(record), "--key", "abc"]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err


def test_a_changed_record_is_named_and_not_exported(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = record / "000001.jsonl"
    file.write_bytes(file.read_bytes().replace(b"bleeding", b"breeding"))
    assert cli.main(["record", "verify", str(record)]) == 4
    assert "000001.jsonl:4: its content is not what its digest says" in capsys.readouterr().out
    assert cli.main(["record", "export", str(record), "--out", str(tmp_path / "out.jsonl")]) == 4
    assert not (tmp_path / "out.jsonl").exists()


def test_what_was_recorded_is_shown_and_exported(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "show", str(record), "--kind", "alert"]) == 0
    assert capsys.readouterr().out.split("\t")[2:] == ["alert", '{"channel": "bleeding"}\n']
    for name in ("out.jsonl", "out.csv"):
        assert cli.main(["record", "export", str(record), "--out", str(tmp_path / name)]) == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert [line["kind"] for line in lines] == [row[2] for row in rows[1:]] == ["opened", "head", "tick", "alert", "closed"]


@pytest.mark.parametrize("command", [["verify"], ["show"], ["show", "--head"]])
def test_no_record_is_one_line(tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", *command[:1], str(tmp_path / "none"), *command[1:]]) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_case_folder_is_taken_for_the_record_in_it(record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["record", "verify", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith(f"{record}: ")
    assert cli.main(["record", "show", str(tmp_path), "--kind", "alert"]) == 0
    assert '{"channel": "bleeding"}' in capsys.readouterr().out
    assert cli.main(["record", "export", str(tmp_path), "--out", str(tmp_path / "out.csv")]) == 0
    (record / "record").mkdir()  # what lies in a record is never taken for it
    assert cli.main(["record", "show", str(record), "--head"]) == 0
