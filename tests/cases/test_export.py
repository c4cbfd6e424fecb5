"""A case as one folder: everything in it, DRAFT until signed, and back into another store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("alembic", reason="needs the extra `serve`")
pytest.importorskip("argon2", reason="needs the extra `serve`")

from medgrpo.audit import SigningKey, verify
from medgrpo.cases import CaseStore, Verdict, check_sums, draft_text, export_case, notice, read_folder, standing_version
from medgrpo.core import DataError, InputError

PASSWORD = "four words are enough"


@pytest.fixture
def address(tmp_path: Path) -> str:
    """One database is enough for what is done with files."""
    return str(tmp_path / "cases.db")


def test_the_machine_s_draft_tells_what_people_corrected(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    store.correct(case.id, "finding-0002", Verdict.REWORDED, "Two clips.", "counted", "ada", seen=0, said=made.SENTENCES[1])
    store.correct(case.id, "finding-0003", Verdict.REJECTED, None, "no blood", "ben", seen=0, said=made.SENTENCES[2])
    text = draft_text(read_folder(tmp_path / "one"), case.name, store.corrections(case.id))
    course = text[text.index("COURSE") : text.index("RISKS")]
    assert "- [00:00] The gallbladder is grasped and lifted.\n" in course
    assert "- [00:10] Two clips. (reworded by Dr Ada Stein)\n" in course
    assert "bleeds" not in course
    assert "key frame" not in text  # it holds none
    corrections = text[text.index("\nCORRECTIONS\n") :]
    assert '"The liver bed bleeds." rejected by Dr Ben Wu' in corrections
    assert ": counted" in corrections


def test_an_export_is_whole_and_comes_back(
    store: CaseStore, opening: Callable[..., CaseStore], made: ModuleType, tmp_path: Path
) -> None:
    timeline = made.watched(tmp_path / "theatre", SigningKey.at(tmp_path / "record.pem"))
    case = store.add(tmp_path / "theatre")
    (tmp_path / "theatre" / "link").symlink_to("/etc/hostname")
    version = store.write(case.id, "It went well <b>.", "ada", parent=0)
    done = export_case(store, case.id, tmp_path / "out")
    assert done.left_out == ("link",)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "SHA256SUMS", "case.json", "evidence", "operative_report.html", "operative_report.json", "record", "review",
    }  # fmt: skip
    assert (
        "DRAFT, research software, not for clinical use: version 1 by Dr Ada Stein, not signed"
        in (tmp_path / "out" / "operative_report.html").read_text()
    )
    assert json.loads((tmp_path / "out" / "case.json").read_text())["case"]["folder"] == "theatre"
    for path in (tmp_path / "out").glob("*.*"):
        assert str(tmp_path) not in path.read_text(), f"{path.name} says where the case lay"
    assert check_sums(tmp_path / "out") == done.files - 1
    assert verify(tmp_path / "out" / "record").genuine
    store.sign(case.id, 1, version.sha256, "ada", PASSWORD)
    export_case(store, case.id, tmp_path / "signed")
    page = (tmp_path / "signed" / "operative_report.html").read_text()
    assert "Version 1, signed by Dr Ada Stein (ada) at " in page
    assert "DRAFT" not in page
    assert not any("in this document" in path.read_text() for path in (tmp_path / "signed").glob("operative_report.*"))
    assert "It went well &lt;b&gt;." in page
    values = json.loads((tmp_path / "signed" / "operative_report.json").read_text())
    assert values["notice"].startswith("Version 1, signed by Dr Ada Stein")
    assert values["version"]["signature"]["sha256"] == values["version"]["sha256"] == version.sha256
    other = opening(tmp_path / "other.db", tmp_path / "other.pem")
    back = other.add(tmp_path / "signed")
    assert (back.id, back.report) == (case.id, store.find(case.id).report)
    assert other.versions(case.id) == store.versions(case.id)
    assert read_folder(tmp_path / "signed").timeline == timeline


def test_an_amendment_under_way_does_not_hide_what_stands(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    first = store.write(case.id, "one", "ada", parent=0)
    store.sign(case.id, 1, first.sha256, "ada", PASSWORD)
    second = store.write(case.id, "two", "ben", parent=1)
    export_case(store, case.id, tmp_path / "out")
    assert "Version 1, signed by" in (tmp_path / "out" / "operative_report.html").read_text()
    assert "version 2 by Dr Ben Wu, not signed" in (tmp_path / "out" / "operative_report.draft.html").read_text()
    store.sign(case.id, 2, second.sha256, "ben", PASSWORD)
    versions = store.versions(case.id)
    assert standing_version(versions) == versions[1]
    assert "SUPERSEDED by version 2" in notice(versions[0], versions)
    assert "; amends version 1." in notice(versions[1], versions)
    assert notice(None, ()).startswith("DRAFT")


def test_a_changed_export_is_named(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    export_case(store, case.id, tmp_path / "out")
    with pytest.raises(InputError, match="is there already"):
        export_case(store, case.id, tmp_path / "out")
    (tmp_path / "out" / "analysis.jsonl").write_bytes(b"{}\n")
    with pytest.raises(DataError, match="not as it was exported"):
        check_sums(tmp_path / "out")
    sums = tmp_path / "out" / "SHA256SUMS"
    sums.write_text("0" * 64 + "  ../one/analysis.jsonl\n")
    with pytest.raises(DataError, match="not there"):
        check_sums(tmp_path / "out")
