"""`medgrpo knowledge build` from the command line: exit codes, one line per mistake, JSON."""

from __future__ import annotations

import json

import pytest

from medgrpo import cli


@pytest.fixture(autouse=True)
def small_vocabulary(monkeypatch, vocabulary):
    monkeypatch.setattr("medgrpo.knowledge.load_vocabulary", lambda: vocabulary)


def test_a_build_says_what_it_did(guideline, tmp_path, capsys):
    out = str(tmp_path / "kb")
    assert cli.main(["knowledge", "build", str(guideline), "--out", out]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"{out}: 1 documents, 2 passages, 10 mentions, claims: 4 candidate, 0 accepted, 0 rejected, 0 conflicts"
    )
    assert cli.main(["knowledge", "build", str(guideline), "--out", out, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["unchanged"], values["read"], values["claims"]) == (1, [], {"candidate": 4})


def test_a_document_that_fails_is_a_line_and_the_exit_code(guideline, tmp_path, capsys):
    broken = tmp_path / "scan.pdf"
    broken.write_bytes(b"%PDF-1.4 broken")
    assert cli.main(["knowledge", "build", str(broken), str(guideline), "--out", str(tmp_path / "kb")]) == 2
    streams = capsys.readouterr()
    assert streams.err.startswith(f"medgrpo: error: {broken}: is a damaged PDF")
    assert streams.err.count("\n") == 1
    assert "1 documents read, 0 unchanged, 1 could not be read" in streams.out


def test_conflicts_and_notes_are_in_the_summary(tmp_path, capsys):
    text = "Évitez. The hepatic artery supplies the liver. The hepatic artery does not supply the liver. Là, à côté."
    (tmp_path / "a.txt").write_bytes(text.encode("latin-1"))
    assert cli.main(["knowledge", "build", str(tmp_path / "a.txt"), "--out", str(tmp_path / "kb")]) == 0
    out = capsys.readouterr().out
    assert "a.txt: the encoding is not stated" in out
    assert "conflict: anatomy:liver  supplied_by  anatomy:hepatic_artery" in out
    assert "one affirms what the other denies" in out


def test_a_model_needs_its_name(guideline, tmp_path, capsys):
    assert cli.main(["knowledge", "build", str(guideline), "--out", str(tmp_path / "kb"), "--model", "http://x/v1"]) == 2
    assert "--model and --model-name belong together" in capsys.readouterr().err
