"""Reviewing a finished case: found, looked at, corrected, written, signed; who may not, or comes too late, is told."""

from __future__ import annotations

import hashlib
import html
import io
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")

from PIL import Image
from starlette.testclient import TestClient

from medgrpo.cases import ReportState, Verdict
from medgrpo.console import NoUsers, StoreUsers, make_app
from medgrpo.console.review.intake import Intake
from medgrpo.console.review.lanes import Bar, _rowed, _stacked
from tests.cases import made
from tests.console import reviewing


@pytest.fixture
def person(office) -> Callable[[str], object]:
    """Somebody who has signed in, in a browser of their own."""
    app = make_app(office.settings, StoreUsers(office.store.users), office.store)

    def signed_in(name: str):
        client = TestClient(app, base_url="http://127.0.0.1:8600", headers=reviewing.HTML)
        return reviewing.Person(client).sign_in(name)

    return signed_in


def picture(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("L"), dtype=float)


def test_the_list_finds_cases_by_what_they_say(office, person):
    vera = person("vera").client
    page = vera.get("/review").text
    assert ">one</a>" in page
    assert ">theatre</a>" in page
    found = vera.get("/review?q=bleeds").text
    assert f'href="/review/{office.analysed.id}?at=25.0"' in found
    assert "The liver bed bleeds." in found
    assert ">theatre</a>" not in found
    assert vera.get("/review?q=%22%3E%3Cscript%3E&page=99999999").status_code == 200


def test_without_an_account_the_page_cannot_be_seen(office):
    app = make_app(office.settings, StoreUsers(office.store.users), office.store)
    client = TestClient(app, base_url="http://127.0.0.1:8600", headers=reviewing.HTML)
    for path in ("/review", f"/review/{office.analysed.id}", f"/review/{office.analysed.id}/report.json"):
        assert client.get(path, follow_redirects=False).headers["location"] == f"/sign-in?to={path}"
    assert client.get(f"/review/{office.analysed.id}/picture.jpg?at=9", headers={"accept": "image/*"}).status_code == 401


def test_pictures_are_dimmed_unless_the_camera_had_been_inside_for_a_while(office, person):
    vera, place = person("vera").client, f"/review/{office.analysed.id}/picture.jpg"
    for seconds, dimmed in ((1.0, "yes"), (4.0, "yes"), (8.0, "no"), (29.9, "no"), (3.0, "yes")):
        answer = vera.get(place, params={"at": seconds})
        pixels = picture(answer)
        assert answer.headers["x-medgrpo-dimmed"] == dimmed
        assert abs(float(answer.headers["x-medgrpo-seconds"]) - seconds) <= 0.2
        assert bool(pixels.std() < 12) is (dimmed == "yes"), f"stripes at {seconds}: {pixels.std()}"
    early, late = picture(vera.get(place, params={"at": 6})), picture(vera.get(place, params={"at": 28}))
    assert late.mean() > early.mean() + 20, "it is the picture of that moment"
    assert vera.get(place, params={"at": "nan"}).status_code == 400
    assert vera.get(place, params={"at": 1, "size": "huge"}).status_code == 400


def test_a_watched_case_shows_the_pictures_that_were_kept_and_only_genuine_ones(office, person):
    vera, place = person("vera").client, f"/review/{office.watched.id}/picture.jpg"
    kept = sorted(Path(office.watched.folder, "evidence").iterdir())
    assert kept
    answer = vera.get(place, params={"at": 39})
    assert hashlib.sha256(answer.content).hexdigest() in {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
    for path in kept:
        path.write_bytes(b"something else")
    assert vera.get(place, params={"at": 39}).status_code == 404


@pytest.mark.parametrize("id", ["0" * 12, "../../etc", "x", "abc"])
def test_a_case_that_is_not_there(person, id: str):
    assert person("ada").client.get(f"/review/{id}").status_code == 404


def test_a_finding_is_corrected_and_its_history_kept(office, person):
    ada, place = person("ada"), f"/review/{office.analysed.id}/findings/finding-0002"
    answer = ada.post(place, {"verdict": "reworded", "text": "Two <clips>.", "reason": "counted", "seen": 0})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/review/{office.analysed.id}?done=corrected#finding-0002",
    )
    page = ada.client.get(f"/review/{office.analysed.id}?done=corrected").text
    assert "The correction is kept." in page
    assert "Two &lt;clips&gt;." in page
    assert "reworded: Dr Ada Stein" in page
    (one,) = office.store.corrections(office.analysed.id)
    assert (one.said, one.text, one.by) == ("A clip is applied to the cystic duct.", "Two <clips>.", "ada")
    late = person("ben").post(place, {"verdict": "rejected", "text": "", "reason": "my reason", "seen": 0})
    assert late.status_code == 409
    assert "Nothing was overwritten" in late.text
    assert 'value="my reason"' in late.text, "nobody types it again"
    assert "Dr Ada Stein said meanwhile: reworded. Reason: counted." in late.text
    assert len(office.store.corrections(office.analysed.id)) == 1
    assert ada.post(place, {"verdict": "rejected", "reason": " ", "seen": 1}).status_code == 400
    assert ada.post(place, {"verdict": "burnt", "reason": "x", "seen": 1}).status_code == 400
    assert ada.post(place.replace("0002", "9999"), {"verdict": "confirmed", "reason": "x", "seen": 0}).status_code == 404


def test_a_report_is_written_signed_and_amended(office, person):
    ada, ben, place = person("ada"), person("ben"), f"/review/{office.analysed.id}"
    page = ada.client.get(place).text
    assert "Made by software, read by nobody." in page
    assert ada.post(f"{place}/report", {"text": "It went well.", "parent": 0, "note": ""}).status_code == 303
    late = ben.post(f"{place}/report", {"text": "My own text.", "parent": 0, "note": "mine"})
    assert late.status_code == 409
    assert "\nMy own text.</textarea>" in late.text
    assert "Version 1, kept by Dr Ada Stein meanwhile, and yours" in late.text, "both are there"
    assert '<del class="line">It went well.</del>' in late.text
    assert '<ins class="line">My own text.</ins>' in late.text
    assert 'name="parent" value="1"' in late.text, "kept once more, it is the decision"
    page = ada.client.get(place).text
    assert "Version 1 by Dr Ada Stein, not signed." in page
    sha256 = hashlib.sha256(b"It went well.\n").hexdigest()
    assert sha256 in page
    wrong = ada.post(f"{place}/sign", {"number": 1, "sha256": sha256, "password": "guess"})
    assert wrong.status_code == 403
    assert "Not signed" in wrong.text
    assert ada.post(f"{place}/sign", {"number": 1, "sha256": "0" * 64, "password": reviewing.PASSWORD}).status_code == 409
    for path, fields in (
        ("report", {"text": "x", "parent": 7, "note": ""}),
        ("findings/finding-0003", {"verdict": "confirmed", "seen": 7, "reason": "x"}),
    ):
        assert ada.post(f"{place}/{path}", fields).status_code == 409, "of no version that there is"
    assert office.store.find(office.analysed.id).report is ReportState.DRAFT
    assert ada.post(f"{place}/sign", {"number": 1, "sha256": sha256, "password": reviewing.PASSWORD}).status_code == 303
    page = ada.client.get(place).text
    assert "Version 1, signed by Dr Ada Stein (ada)" in page
    assert "DRAFT" not in page
    office.store.correct(office.analysed.id, "finding-0001", Verdict.CONFIRMED, None, "so it is", "ada", seen=0, said="x")
    assert "Findings corrected after this version was written: 1." in ada.client.get(place).text
    assert "1 finding corrected after it was written" in ada.client.get(f"{place}/report.html").text
    assert ben.post(f"{place}/report", {"text": "It went well. No blood.", "parent": 1, "note": "blood"}).status_code == 303
    page = person("vera").client.get(place).text
    assert "Version 2 by Dr Ben Wu is not signed; version 1 still stands." in page
    assert page.index("Version 1, signed by") < page.index("Version 2 by Dr Ben Wu")
    compared = ada.client.get(f"{place}/versions/2").text
    assert '<ins class="line">It went well. No blood.</ins>' in compared
    assert '<del class="line">It went well.</del>' in compared
    assert ada.client.get(f"{place}/versions/3").status_code == 404
    exported = ada.client.get(f"{place}/report.html")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert "Version 1, signed by Dr Ada Stein (ada) at " in exported.text
    assert json.loads(ada.client.get(f"{place}/report.json").text)["notice"].startswith("Version 1, signed by Dr Ada Stein")


def test_every_export_says_draft_until_it_is_signed(office, person):
    vera, place = person("vera").client, f"/review/{office.analysed.id}"
    assert "<h1>DRAFT operative report</h1>" in vera.get(f"{place}/report.html").text
    assert json.loads(vera.get(f"{place}/report.json").text)["notice"].startswith("DRAFT")
    office.store.write(office.analysed.id, "text", "ada", parent=0)
    assert "<h1>DRAFT operative report</h1>" in vera.get(f"{place}/report.html").text


@pytest.mark.parametrize("name", ["vera", "rob"])
def test_only_clinicians_change_anything(office, person, name: str):
    who, place = person(name), f"/review/{office.analysed.id}"
    page = who.client.get(place).text
    assert "Only clinicians correct, edit and sign." in page
    assert "<textarea" not in page
    version = office.store.write(office.analysed.id, "text", "ada", parent=0)
    for path, fields in (
        ("findings/finding-0001", {"verdict": "confirmed", "reason": "x", "seen": 0}),
        ("report", {"text": "mine", "parent": 1, "note": ""}),
        ("sign", {"number": 1, "sha256": version.sha256, "password": reviewing.PASSWORD}),
    ):
        assert who.post(f"{place}/{path}", fields).status_code == 403
    assert office.store.corrections(office.analysed.id) == ()
    assert office.store.versions(office.analysed.id) == (version,)


def test_who_is_not_signed_in_reads_and_signs_nothing(office):
    """On loopback without accounts: whoever sits there may look."""
    app = make_app(office.settings, NoUsers(), office.store)
    local = reviewing.Person(TestClient(app, base_url="http://127.0.0.1:8600", headers=reviewing.HTML))
    place = f"/review/{office.analysed.id}"
    assert "need an account" in local.client.get(place).text
    assert local.post(f"{place}/report", {"text": "mine", "parent": 0}).status_code == 403
    assert office.store.versions(office.analysed.id) == ()


def test_guessing_the_password_of_a_signature_is_slowed_down(office, person):
    ada, place = person("ada"), f"/review/{office.analysed.id}"
    version = office.store.write(office.analysed.id, "text", "ada", parent=0)
    fields = {"number": 1, "sha256": version.sha256}
    answers = [ada.post(f"{place}/sign", {**fields, "password": f"guess {n}"}).status_code for n in range(6)]
    assert answers == [403] * 5 + [429]
    assert ada.post(f"{place}/sign", {**fields, "password": reviewing.PASSWORD}).status_code == 429
    assert office.store.versions(office.analysed.id)[0].signature is None


def test_a_form_of_another_site_changes_nothing(office, person):
    ada, place = person("ada"), f"/review/{office.analysed.id}/report"
    fields = {"text": "mine", "parent": 0, "csrf": ada.csrf()}
    assert ada.client.post(place, data=fields, headers={"origin": "http://elsewhere"}).status_code == 403
    assert ada.client.post(place, data={**fields, "csrf": "x"}, headers={"origin": "http://127.0.0.1:8600"}).status_code == 403
    assert ada.post(place, {"text": "x" * (2 << 20), "parent": 0}).status_code == 413
    assert office.store.versions(office.analysed.id) == ()


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_every_state_of_the_page_in_every_language(office, person, language: str):
    """A missing text would be an error, not an empty place."""
    id, store, ada = office.analysed.id, office.store, person("ada").client
    store.correct(id, "finding-0001", Verdict.REJECTED, None, "no", "ada", seen=0, said="x")
    store.correct(id, "finding-0002", Verdict.CONFIRMED, None, "yes", "ada", seen=0, said="x")
    states = set()
    for step in range(5):
        page = ada.get(f"/review/{id}?language={language}")
        assert page.status_code == ada.get("/review").status_code == 200
        assert f'<html lang="{language}">' in page.text
        states.add(store.find(id).report)
        versions = store.versions(id)
        if step % 2 == 0:
            store.write(id, f"text {step}", "ada", parent=len(versions))
        else:
            store.sign(id, len(versions), versions[-1].sha256, "ada", reviewing.PASSWORD)
        assert ada.get(f"/review/{id}/versions/1").status_code == 200
    assert states == set(ReportState)


def test_new_folders_are_taken_in_by_themselves(office, tmp_path: Path):
    made.analysed(office.settings.cases / "two", "cd" * 32)
    (office.settings.cases / "broken").mkdir()
    (office.settings.cases / "broken" / "analysis.jsonl").write_text("nonsense")
    (office.settings.cases / "empty").mkdir()
    intake = Intake(office.store, office.settings.cases)
    intake.look()
    state = intake.wait()
    assert state.reading is None
    assert [name for name, _ in state.failed] == ["broken"]
    assert {found.case.name for found in office.store.search()[0]} == {"one", "theatre", "two"}
    intake.look()
    assert intake.wait() == state, "what failed is not tried for ever"


def test_a_folder_that_failed_stays_named_until_it_is_solved(office):
    cases = office.settings.cases
    for name in ("broken", "worse"):
        (cases / name).mkdir()
        (cases / name / "analysis.jsonl").write_text("nonsense")
    (cases / ".hidden.unfinished").mkdir()
    (cases / ".hidden.unfinished" / "analysis.jsonl").write_text("nonsense")
    intake = Intake(office.store, cases)

    def passed() -> list[str]:
        intake.look()
        return [name for name, _ in intake.wait().failed]

    assert passed() == ["broken", "worse"]
    assert all("/" not in reason.replace(f"{name}/", "") for name, reason in intake.state.failed), "no folder of this machine"
    made.analysed(cases / "two", "cd" * 32)
    assert passed() == ["broken", "worse"], "another folder is taken in, and wipes nothing"
    tried = intake.state
    assert passed() == ["broken", "worse"]
    assert intake.state == tried
    shutil.rmtree(cases / "worse")
    assert passed() == ["broken"], "gone"
    shutil.rmtree(cases / "broken")
    made.analysed(cases / "broken", "ef" * 32)
    assert passed() == [], "mended, tried again, taken in"
    assert "broken" in {found.case.name for found in office.store.search()[0]}


def test_no_folder_of_this_machine_is_told_to_a_browser(office, person, tmp_path: Path):
    ada, place = person("ada"), f"/review/{office.analysed.id}"
    values = json.loads(ada.client.get(f"{place}/report.json").text)
    assert (values["case"]["folder"], values["case"]["video"]) == ("one", "one.mp4")
    (office.settings.cases / "broken").mkdir()
    (office.settings.cases / "broken" / "analysis.jsonl").write_text("nonsense")
    ada.client.get("/review")
    until = time.monotonic() + 60
    while "broken cannot be read" not in ada.client.get("/review").text:
        assert time.monotonic() < until
        time.sleep(0.05)
    Path(office.analysed.folder).rename(tmp_path / "elsewhere")
    moved = ada.post(f"{place}/report", {"text": "mine", "parent": 0, "note": ""})
    pages = [ada.client.get(path).text for path in ("/review", place, f"/review/{office.watched.id}", "/", "/cases/theatre")]
    assert [str(tmp_path) in page for page in (*pages, moved.text)] == [False] * 6
    assert (moved.status_code, ada.client.get(place).status_code) == (500, 500), "told, not thrown"


@pytest.mark.parametrize(("language", "words"), [("en", "Cases: 1"), ("de", "Fälle: 1"), ("zh", "病例：1")])
def test_one_case_is_counted_without_a_plural(office, person, language: str, words: str):
    office.store.forget(office.watched.id)
    shutil.rmtree(office.watched.folder)
    assert words in person("vera").client.get(f"/review?language={language}").text


def test_a_case_whose_video_is_not_at_hand_says_how_to_name_it(office, person):
    ada = person("ada").client
    (Path(office.analysed.folder).parents[1] / "one.mp4").unlink()
    assert "medgrpo cases import FOLDER --video FILE" in ada.get(f"/review/{office.analysed.id}").text
    assert "Black blocks are covered parts" in ada.get(f"/review/{office.watched.id}").text


def test_a_finding_is_told_by_when_it_begins_and_names_its_picture(office, person):
    """The second lasts from 10 to 20 s; its picture is of 15 s."""
    page = person("ada").client.get(f"/review/{office.analysed.id}?done=corrected").text
    item = page.split('<li id="finding-0002"')[1].split("</li>")[0]
    assert 'data-seconds="15.0" data-finding>00:10</a>' in item
    assert "picture of 00:15" in item
    assert "The correction is kept." in item, "beside it: the head of the page is out of sight there"


def test_names_are_escaped(office, person):
    office.store.add(Path(office.analysed.folder), name="<script>alert(1)</script>")
    ada = person("ada").client
    for path in ("/review", f"/review/{office.analysed.id}"):
        page = ada.get(path).text
        assert "<script>alert" not in page
        assert html.escape("<script>alert(1)</script>") in page


def test_alerts_that_overlap_stand_in_rows_and_marks_do_not_cover_one_another():
    def bar(left: float, width: float) -> Bar:
        return Bar(left, width, left, "", "", "alert")

    lane = _stacked("alerts", [bar(10, 20), bar(25, 10), bar(30, 5), bar(40, 1)])
    assert [(one.left, one.row) for one in lane.bars] == [(10, 0), (25, 1), (30, 0), (40, 0)]
    assert lane.rows == 2
    marks = _rowed("events", [bar(10, 0), bar(10.5, 0), bar(11, 0), bar(50, 0)])
    assert [one.row for one in marks.bars] == [0, 1, 2, 0]
