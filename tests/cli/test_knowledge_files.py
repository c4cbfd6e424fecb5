"""`medgrpo knowledge check`, `export` and `import`, as a person runs them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from medgrpo.cli import main

CHOLECYSTECTOMY = Path(str(files("medgrpo.knowledge").joinpath("procedures/laparoscopic_cholecystectomy.toml")))


def test_check_of_a_sound_file(capsys: pytest.CaptureFixture[str]):
    assert main(["knowledge", "check", str(CHOLECYSTECTOMY)]) == 0
    out = capsys.readouterr().out
    assert "sound" in out
    assert "7 phases, 18 steps, 10 sub-goals" in out


def test_check_of_a_broken_file_explains_and_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "broken.toml"
    text = CHOLECYSTECTOMY.read_text(encoding="utf-8").replace("hook,cut,peritoneum", "hook,cut,bone")
    path.write_text(text.replace('citations = ["connor-2013"]', "citations = []", 1), encoding="utf-8")
    assert main(["knowledge", "check", str(path)]) == 2
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: 2 faults\n")
    assert "-> did you mean 'hook,cut,peritoneum'?" in out
    assert re.search(r"step lift_gallbladder\n    has no citation\n    -> say where it comes from", out)


def test_export_is_whole_and_takes_the_users_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "words.ttl"
    codes = tmp_path / "map.csv"
    codes.write_text("concept,code,term\nanatomy:gallbladder,123451,made up\n", encoding="utf-8")
    assert main(["knowledge", "export", "--format", "skos", "--out", str(out), "--map", str(codes)]) == 0
    assert "conforms to its shapes" in capsys.readouterr().out
    assert "<http://snomed.info/id/123451>" in out.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_import_names_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    source, out = tmp_path / "small.ttl", tmp_path / "linked.ttl"
    source.write_text(
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . "
        "<urn:o> a owl:Ontology ; owl:imports <urn:far> . <urn:o#liver> a owl:Class .",
        encoding="utf-8",
    )
    assert main(["knowledge", "import", str(source), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "1 classes, 1 linked by name, 0 kept without a link" in told
    assert "not read, imported by the file: urn:far" in told


def test_a_wrong_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["knowledge", "import", str(tmp_path / "absent.owl"), "--out", str(tmp_path / "x.ttl")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("medgrpo: error: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "x.ttl").exists()
