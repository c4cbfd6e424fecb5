"""Cases in a store, on both databases: found, corrected, written, signed; who comes too late is told and overwrites nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("alembic", reason="needs the extra `serve`")
pytest.importorskip("argon2", reason="needs the extra `serve`")

from medgrpo.audit import SigningKey, verify
from medgrpo.cases import CaseState, CaseStore, ReportState, Role, Verdict, read_folder
from medgrpo.core import AccessError, ConflictError, DataError, InputError, RecordError

PASSWORD = "four words are enough"


def test_an_analysed_case_is_taken_in(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "gallbladder.medgrpo"))
    assert (case.name, case.procedure, case.source) == ("gallbladder", "cholecystectomy", "gallbladder.medgrpo.mp4")
    assert (case.state, case.report, case.statements, case.alerts) == (CaseState.FINISHED, ReportState.NONE, 3, 0)
    assert (case.duration_seconds, case.simulated) == (30.0, True)
    assert store.find(case.id) == store.find(case.id[:5]) == case


def test_a_watched_case_is_replayed_to_what_it_was(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    key = SigningKey.at(tmp_path / "record.pem")
    timeline = made.watched(tmp_path / "theatre-3", key)
    case = store.add(tmp_path / "theatre-3", name="Theatre 3")
    assert read_folder(tmp_path / "theatre-3").timeline == timeline
    assert read_folder(tmp_path / "theatre-3").timeline == timeline, "kept beside the record, and read back"
    assert (case.name, case.state, case.source) == ("Theatre 3", CaseState.FINISHED, "plot")
    assert case.opened == "2026-01-01T00:00:00.000Z"
    assert case.closed is not None
    assert case.alerts > 0
    assert case.statements == len(timeline.findings) > 0


def test_a_case_that_goes_on_is_read_anew(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    made.watched(tmp_path / "a", SigningKey.at(tmp_path / "record.pem"), closed=False)
    first = store.add(tmp_path / "a")
    assert (first.state, first.closed) == (CaseState.OPEN, None)
    from functools import partial

    from medgrpo.audit import Journal
    from medgrpo.stream import SystemClock, stamped

    with Journal(tmp_path / "a" / "record", SigningKey.at(tmp_path / "record.pem"), partial(stamped, SystemClock()), {}):
        pass
    again = store.add(tmp_path / "a")
    assert (again.id, again.state) == (first.id, CaseState.FINISHED)
    assert store.search()[1] == 1


def test_cases_are_found_by_their_words(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    bleeding = store.add(made.analysed(tmp_path / "one", "11" * 32), name="Łódź 胆囊 case")
    clipped = store.add(made.analysed(tmp_path / "two", "22" * 32, ("A clip on the cystic artery.",)))

    def ids(query: str) -> set[str]:
        return {found.case.id for found in store.search(query)[0]}

    assert ids("") == {bleeding.id, clipped.id}
    assert ids("bleed") == {bleeding.id}, "the beginning of a word is enough"
    assert ids("CLIP cystic") == {bleeding.id, clipped.id}
    assert ids("clip artery") == {clipped.id}, "all words, not any"
    assert ids("胆囊") == ids("囊") == {bleeding.id}
    assert ids("łodz") == {bleeding.id}
    assert ids("nothing") == ids("!?") == ids("%") == set()
    assert store.search("", limit=1)[1] == 2
    found = store.search("bleed")[0][0]
    assert (found.seconds, found.text) == (25.0, "The liver bed bleeds.")
    store.correct(clipped.id, "finding-0001", Verdict.REJECTED, None, "it was a staple", "ada", seen=0, said="A clip")
    assert ids("staple") == {clipped.id}
    assert ids("Stein") == {clipped.id}


def test_a_correction_keeps_what_was(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    said = made.SENTENCES[1]
    store.correct(case.id, "finding-0002", Verdict.REWORDED, "Two clips.", "I counted", "ada", seen=0, said=said)
    store.correct(case.id, "finding-0002", Verdict.REJECTED, None, "not clips at all", "ben", seen=1, said="Two clips.")
    first, second = store.corrections(case.id)
    assert (first.number, first.nth, first.said, first.text, first.by_full_name) == (1, 1, said, "Two clips.", "Dr Ada Stein")
    assert (second.number, second.nth, second.said, second.text, second.by) == (2, 2, "Two clips.", None, "ben")
    with pytest.raises(ConflictError, match="Dr Ben Wu rejected it"):
        store.correct(case.id, "finding-0002", Verdict.CONFIRMED, None, "late", "ada", seen=1, said="Two clips.")
    with pytest.raises(InputError, match="reason"):
        store.correct(case.id, "finding-0001", Verdict.CONFIRMED, None, "  ", "ada", seen=0, said="x")
    with pytest.raises(InputError, match="new words"):
        store.correct(case.id, "finding-0001", Verdict.REWORDED, None, "why", "ada", seen=0, said="x")
    assert len(store.corrections(case.id)) == 2


def test_a_signed_version_stays_and_an_edit_is_an_amendment(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    first = store.write(case.id, "The gallbladder was taken out.  \n", "ada", parent=0)
    assert first.text == "The gallbladder was taken out.\n"
    assert first.sha256 == hashlib.sha256(b"The gallbladder was taken out.\n").hexdigest()
    assert store.find(case.id).report is ReportState.DRAFT
    signed = store.sign(case.id, 1, first.sha256, "ada", PASSWORD)
    assert signed.signature is not None
    assert (signed.signature.by_full_name, signed.signature.sha256) == ("Dr Ada Stein", first.sha256)
    assert store.find(case.id).report is ReportState.SIGNED
    second = store.write(case.id, "The gallbladder was taken out; the bed was dry.", "ben", parent=1, note="added the bed")
    assert store.find(case.id).report is ReportState.AMENDING
    assert not store.find(case.id).report.final
    store.sign(case.id, 2, second.sha256, "ben", PASSWORD)
    kept = store.versions(case.id)
    assert kept[0] == signed
    assert [version.signature is not None for version in kept] == [True, True]
    assert store.find(case.id).report is ReportState.AMENDED


def test_who_comes_too_late_is_told(store: CaseStore, opened: Callable[[], CaseStore], made: ModuleType, tmp_path: Path) -> None:
    """Two consoles, one case."""
    other = opened()
    case = store.add(made.analysed(tmp_path / "one"))
    first = store.write(case.id, "one", "ada", parent=0)
    with pytest.raises(ConflictError, match="version 1 is by Dr Ada Stein"):
        other.write(case.id, "another one", "ben", parent=0)
    second = other.write(case.id, "two", "ben", parent=1)
    with pytest.raises(ConflictError, match="version 2 is by Dr Ben Wu"):
        store.sign(case.id, 1, first.sha256, "ada", PASSWORD)
    with pytest.raises(ConflictError, match="not the text that was read"):
        store.sign(case.id, 2, first.sha256, "ada", PASSWORD)
    other.sign(case.id, 2, second.sha256, "ben", PASSWORD)
    with pytest.raises(ConflictError, match="signed by Dr Ben Wu already"):
        store.sign(case.id, 2, second.sha256, "ada", PASSWORD)
    assert [version.text for version in store.versions(case.id)] == ["one\n", "two\n"]
    with pytest.raises(InputError, match="word for word"):
        store.write(case.id, "two", "ada", parent=2)


def test_only_clinicians_with_their_password_sign(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    with pytest.raises(InputError, match="no version"):
        store.sign(case.id, 0, "", "ada", PASSWORD)
    version = store.write(case.id, "text", "ada", parent=0)
    for name, password in (("ada", PASSWORD + "."), ("vera", PASSWORD), ("root", PASSWORD), ("nobody", PASSWORD)):
        with pytest.raises(AccessError):
            store.sign(case.id, 1, version.sha256, name, password)
    store.users.change("ada", disabled=True)
    with pytest.raises(AccessError):
        store.sign(case.id, 1, version.sha256, "ada", PASSWORD)
    for name in ("vera", "root", "ada", "nobody"):
        with pytest.raises(AccessError):
            store.write(case.id, "more", name, parent=1)
        with pytest.raises(AccessError):
            store.correct(case.id, "finding-0001", Verdict.CONFIRMED, None, "yes", name, seen=0, said="x")
    assert store.versions(case.id) == (version,)


def test_the_database_itself_keeps_history(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    from medgrpo.cases.schema import DBAPIError, sa

    case = store.add(made.analysed(tmp_path / "one"))
    version = store.write(case.id, "text", "ada", parent=0)
    store.sign(case.id, 1, version.sha256, "ada", PASSWORD)
    store.correct(case.id, "finding-0001", Verdict.CONFIRMED, None, "yes", "ada", seen=0, said="x")
    for table in ("corrections", "versions", "signatures"):
        for statement in (f"UPDATE {table} SET at = 'never'", f"DELETE FROM {table}"):
            with pytest.raises(RecordError, match="never") as caught, store._database.writing() as connection:
                connection.execute(sa.text(statement))
            assert isinstance(caught.value.__cause__, DBAPIError)
    store.forget(case.id)
    with pytest.raises(InputError, match="no such case"):
        store.find(case.id)
    back = store.add(tmp_path / "one")
    assert (back.id, back.report, back.corrections) == (case.id, ReportState.SIGNED, 1), "its folder holds all of it"


def test_a_store_is_made_again_from_folders(
    store: CaseStore, opening: Callable[..., CaseStore], made: ModuleType, tmp_path: Path
) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    store.correct(case.id, "finding-0001", Verdict.REWORDED, "Better.", "said badly", "ada", seen=0, said="x")
    version = store.write(case.id, "text", "ada", parent=0, note="first")
    store.sign(case.id, 1, version.sha256, "ada", PASSWORD)
    again = opening(tmp_path / "new" / "cases.db")
    assert again.add(tmp_path / "one").id == case.id
    assert again.corrections(case.id) == store.corrections(case.id)
    assert again.versions(case.id) == store.versions(case.id)
    assert again.users.all() == ()
    found = verify(tmp_path / "one" / "review")
    assert found.genuine
    assert (found.kinds["correction"], found.kinds["version"], found.kinds["signature"]) == (1, 1, 1)


def test_a_journal_ahead_of_the_database_is_taken_in(
    store: CaseStore, opened: Callable[[], CaseStore], made: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the journal was written and before the database was."""
    case = store.add(made.analysed(tmp_path / "one"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("medgrpo.cases.store.put_entry", killed)
        with pytest.raises(KeyboardInterrupt):
            store.write(case.id, "written", "ada", parent=0)
    assert store.versions(case.id) == ()
    with pytest.raises(ConflictError, match="version 1 is by Dr Ada Stein"):
        opened().write(case.id, "other", "ben", parent=0)
    second = store.write(case.id, "other", "ben", parent=1)
    assert [version.text for version in store.versions(case.id)] == ["written\n", "other\n"]
    assert second.number == 2


def test_a_folder_moves_but_does_not_double(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    case = store.add(made.analysed(tmp_path / "one"))
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    with pytest.raises(InputError, match="in the store already"):
        store.add(tmp_path / "copy")
    shutil.rmtree(tmp_path / "one")
    with pytest.raises(InputError, match="does not lie there any more"):
        store.write(case.id, "text", "ada", parent=0)
    assert store.add(tmp_path / "copy").folder == str(tmp_path / "copy")
    store.write(case.id, "text", "ada", parent=0)


def test_what_is_no_case_is_refused(store: CaseStore, made: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no case's folder"):
        store.add(tmp_path)
    folder = made.analysed(tmp_path / "one")
    whole = (folder / "analysis.jsonl").read_bytes()
    (folder / "analysis.jsonl").write_bytes(whole[:-200])
    with pytest.raises(DataError):
        store.add(folder)
    (folder / "analysis.jsonl").write_bytes(whole)
    case = store.add(folder)
    store.write(case.id, "text", "ada", parent=0)
    journal = folder / "review" / "000001.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"text\\n", b"tent\\n"))
    with pytest.raises(RecordError, match="not as it was written"):
        store.write(case.id, "more", "ada", parent=1)
    assert [version.text for version in store.versions(case.id)] == ["text\n"]


def test_another_machine_s_review_is_read_but_not_continued(
    store: CaseStore, opening: Callable[..., CaseStore], made: ModuleType, tmp_path: Path
) -> None:
    other = opening(tmp_path / "other.db", tmp_path / "other.pem")
    other.users.add("eve", "Dr Eve", Role.CLINICIAN, PASSWORD)
    case = other.add(made.analysed(tmp_path / "one"))
    other.write(case.id, "text", "eve", parent=0)
    assert store.add(tmp_path / "one").versions == 1
    with pytest.raises(RecordError, match="same --key"):
        store.write(case.id, "more", "ada", parent=1)


def test_users(store: CaseStore) -> None:
    assert [user.name for user in store.users.all()] == ["ada", "ben", "root", "vera"]
    assert store.users.proven("ada", PASSWORD).full_name == "Dr Ada Stein"
    for name, full_name, password, told in (
        ("ada", "Again", PASSWORD, "already"), ("Ada", "Big", PASSWORD, "a-z"), ("x", " ", PASSWORD, "full name"),
        ("x", "X", "short", "12"), ("x", "X", "x" * 1025, "1024"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            store.users.add(name, full_name, Role.VIEWER, password)
    before = store.users.proven("ada", PASSWORD)
    changed = store.users.change("ada", password="another long one")
    assert changed.changed >= before.changed
    with pytest.raises(AccessError):
        store.users.proven("ada", PASSWORD)
    assert store.users.proven("ada", "another long one").name == "ada"
    for change in ({"disabled": True}, {"role": Role.VIEWER}):
        with pytest.raises(InputError, match="last administrator"):
            store.users.change("root", **change)
    store.users.change("vera", role=Role.ADMINISTRATOR)
    assert store.users.change("root", disabled=True).disabled
    with pytest.raises(InputError, match="no such user"):
        store.users.change("nobody", disabled=True)
