"""Passkeys at the console's door: each question is for one answer, of one session, for a short while; what is refused says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `serve` is not installed")
pytest.importorskip("webauthn", reason="the extra `serve` is not installed")

from starlette.testclient import TestClient

from medgrpo.cases import ANSWER_SECONDS, Method, Party
from medgrpo.console import NoUsers, Settings, StoreUsers, make_app
from medgrpo.console.party import NoParty, party_of
from medgrpo.console.texts import LANGUAGES, load_texts
from tests.cases.authenticator import Authenticator
from tests.console import reviewing

HERE = "http://localhost:8600"


@pytest.fixture
def app(office):
    return make_app(office.settings, StoreUsers(office.store.users), office.store)


@pytest.fixture
def visitor(app) -> Callable[[], reviewing.Person]:
    return lambda: reviewing.Person(TestClient(app, base_url=HERE, headers=reviewing.HTML))


@pytest.fixture
def person(visitor) -> Callable[[str], reviewing.Person]:
    return lambda name: visitor().sign_in(name)


def made(person: reviewing.Person, device: Authenticator, name: str = "the blue one"):
    options = person.send("/passkeys/options", name=name, password=reviewing.PASSWORD)
    assert options.status_code == 200, options.text
    return person.send("/passkeys", name=name, credential=device.make(options.json()))


@pytest.fixture
def ada(person) -> reviewing.Person:
    return person("ada")


@pytest.fixture
def device(ada) -> Authenticator:
    device = Authenticator()
    assert made(ada, device).json() == {"to": "/passkeys?done=added"}
    return device


@pytest.fixture
def place(office) -> str:
    """Of a case with one version."""
    office.store.write(office.analysed.id, "It went well.", "ada", parent=0)
    return f"/review/{office.analysed.id}"


def asked(person: reviewing.Person, office, place: str):
    newest = office.store.versions(office.analysed.id)[-1]
    answer = person.send(f"{place}/sign/passkey/options", number=newest.number, sha256=newest.sha256)
    assert answer.status_code == 200, answer.text
    return answer.json()


def why(answer, status: int) -> str:
    assert answer.status_code == status, answer.text
    return answer.json()["error"]


def test_it_is_made_after_the_password_and_told(ada, office):
    assert why(ada.send("/passkeys/options", name="x", password="guess"), 403) == "That is not your password."
    device = Authenticator()
    assert why(
        ada.send(
            "/passkeys", name="x", credential=device.make({"user": {"id": ""}, "rp": {"id": "localhost"}, "challenge": "AAAA"})
        ),
        409,
    ) == ("That question is answered already or too old. Please try again.")
    assert made(ada, device, "blue <key>").status_code == 201
    page = ada.client.get("/passkeys?done=added").text
    assert "The passkey is made." in page
    assert "blue &lt;key&gt;" in page
    assert why(made(ada, device), 403) == "This device has a passkey of yours already."
    assert [one.user for one in office.store.passkeys.all()] == ["ada"]


def test_guessing_the_password_here_is_slowed_down_as_everywhere(ada):
    answers = [ada.send("/passkeys/options", name="x", password=f"guess {n}").status_code for n in range(6)]
    assert answers == [403] * 5 + [429]


def test_a_counter_that_goes_back_is_written_where_the_administrator_reads(visitor, device, caplog):
    copy = device.copy()
    someone = visitor()
    someone.send("/sign-in/passkey", credential=device.answer(someone.send("/sign-in/passkey/options").json()))
    other = visitor()
    answer = copy.answer(other.send("/sign-in/passkey/options").json())
    assert "There may be a copy of it" in why(other.send("/sign-in/passkey", credential=answer), 403)
    (line,) = [one.getMessage() for one in caplog.records if one.name == "medgrpo.console"]
    assert line == (
        "passkey 'the blue one' of ada refused (asked from testclient): "
        "the passkey's counter has not gone on: there may be a copy of it; revoke it if so"
    )
    forged = device.copy()
    forged.count, forged.key = 0, Authenticator().key
    answer = forged.answer(other.send("/sign-in/passkey/options").json())
    assert other.send("/sign-in/passkey", credential=answer).status_code == 403
    assert len([one for one in caplog.records if one.name == "medgrpo.console"]) == 1, "not for whoever only knows its id"


def test_signing_in_with_it(visitor, device, office):
    someone = visitor()
    options = someone.send("/sign-in/passkey/options").json()
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    before = someone.client.cookies["medgrpo-session"]
    answer = someone.send("/sign-in/passkey", to="/review", credential=device.answer(options))
    assert answer.json() == {"to": "/review"}
    assert someone.client.cookies["medgrpo-session"] != before
    assert "ada, clinician" in someone.client.get("/").text
    options = visitor().send("/sign-in/passkey/options").json()
    assert why(visitor().send("/sign-in/passkey", credential=device.answer(options)), 409), "another browser's question"
    someone = visitor()
    options = someone.send("/sign-in/passkey/options").json()
    assert someone.send("/sign-in/passkey", to="//evil.example", credential=device.answer(options)).json() == {"to": "/"}
    office.store.users.change("ada", disabled=True)
    someone = visitor()
    options = someone.send("/sign-in/passkey/options").json()
    assert "not in use" in why(someone.send("/sign-in/passkey", credential=device.answer(options)), 403)


def test_a_report_is_signed_and_says_how(ada, device, office, place: str):
    page = ada.client.get(place).text
    assert 'id="with-passkey"' in page
    options = asked(ada, office, place)
    answer = ada.send(f"{place}/sign/passkey", credential=device.answer(options))
    assert answer.json() == {"to": f"{place}?done=signed#report"}
    (version,) = office.store.versions(office.analysed.id)
    assert version.signature is not None
    assert (version.signature.method, version.signature.credential_id) == (Method.PASSKEY, device.id)
    for path in (place, f"{place}/versions/1", f"{place}/report.html"):
        assert f"with the passkey {device.id[:12]}" in ada.client.get(path).text, path
    assert device.id in ada.client.get(f"{place}/report.json").text


def test_an_answer_counts_once(ada, device, office, place: str):
    answer = device.answer(asked(ada, office, place))
    ada.send(f"{place}/sign/passkey", credential=answer)
    assert "answered already" in why(ada.send(f"{place}/sign/passkey", credential=answer), 409)
    office.store.write(office.analysed.id, "More.", "ada", parent=1)
    asked(ada, office, place)
    assert "another question" in why(ada.send(f"{place}/sign/passkey", credential=answer), 403)
    assert office.store.versions(office.analysed.id)[-1].signature is None


def test_a_wrong_answer_uses_the_question_up_as_well(ada, device, office, place: str):
    options = asked(ada, office, place)
    assert "cannot be read" in why(ada.send(f"{place}/sign/passkey", credential={"id": device.id}), 403)
    assert "answered already" in why(ada.send(f"{place}/sign/passkey", credential=device.answer(options)), 409)


def test_an_answer_comes_in_time(ada, device, office, place: str, app):
    now = [0.0]
    app.console.sessions._seconds = lambda: now[0]
    options = asked(ada, office, place)
    now[0] = ANSWER_SECONDS - 1
    assert ada.send(f"{place}/sign/passkey", credential=device.answer(options)).status_code == 200
    office.store.write(office.analysed.id, "More.", "ada", parent=1)
    options = asked(ada, office, place)
    now[0] += ANSWER_SECONDS
    assert "too old" in why(ada.send(f"{place}/sign/passkey", credential=device.answer(options)), 409)


def test_what_is_asked_about_is_the_newest_version_as_it_was_read(ada, device, office, place: str):
    for number, sha256 in ((1, "0" * 64), (2, "x"), ("1", None)):
        assert why(ada.send(f"{place}/sign/passkey/options", number=number, sha256=sha256), 409).startswith("Nothing was signed")
    options = asked(ada, office, place)
    office.store.write(office.analysed.id, "Somebody else's.", "ben", parent=1)
    assert why(ada.send(f"{place}/sign/passkey", credential=device.answer(options)), 409).startswith("Nothing was signed")
    assert all(one.signature is None for one in office.store.versions(office.analysed.id))


def test_another_user_s_passkey_and_another_origin(ada, person, device, office, place: str):
    ben, bens = person("ben"), Authenticator()
    made(ben, bens)
    assert "somebody else" in why(ada.send(f"{place}/sign/passkey", credential=bens.answer(asked(ada, office, place))), 403)
    device.origin = "http://localhost:9999"
    assert "another page" in why(ada.send(f"{place}/sign/passkey", credential=device.answer(asked(ada, office, place))), 403)
    assert office.store.versions(office.analysed.id)[-1].signature is None


def test_administrators_see_whose_there_are_and_revoke_any(ada, person, device, office, place: str):
    rob, vera = person("rob"), person("vera")
    page = rob.client.get("/passkeys").text
    assert "<h2>Passkeys of everybody" in page
    assert 'aria-label="Revoke the passkey the blue one of ada"' in page
    assert "<h2>Passkeys of everybody" not in ada.client.get("/passkeys").text
    assert device.id[:12] not in vera.client.get("/passkeys").text
    assert vera.post("/passkeys/revoke", {"credential_id": device.id}).status_code == 404
    assert rob.post("/passkeys/revoke", {"credential_id": device.id}).headers["location"] == "/passkeys?done=revoked"
    assert "by rob" in ada.client.get("/passkeys").text
    assert 'id="with-passkey"' not in ada.client.get(place).text
    assert "no passkey for this address" in why(
        ada.send(f"{place}/sign/passkey/options", number=1, sha256=office.store.versions(office.analysed.id)[-1].sha256), 403
    )
    someone = reviewing.Person(TestClient(ada.client.app, base_url=HERE, headers=reviewing.HTML))
    options = someone.send("/sign-in/passkey/options").json()
    assert "was revoked" in why(someone.send("/sign-in/passkey", credential=device.answer(options)), 403)


def test_viewers_and_strangers_sign_nothing(person, visitor, office, place: str):
    vera = person("vera")
    made(vera, Authenticator())
    for who, status in ((vera, 403), (visitor(), 401)):
        assert why(who.send(f"{place}/sign/passkey/options", number=1, sha256="x"), status)
        assert why(who.send(f"{place}/sign/passkey", credential={}), status)
    assert why(visitor().send("/passkeys/options", password=reviewing.PASSWORD), 401)


def test_without_accounts_there_is_nothing_to_prove(office):
    local = reviewing.Person(TestClient(make_app(office.settings, NoUsers(), office.store), base_url=HERE, headers=reviewing.HTML))
    assert why(local.send("/passkeys/options", name="x", password="x"), 403).startswith("Passkeys belong to an account")
    assert local.client.get("/passkeys").status_code == 403


def test_a_form_of_another_site_asks_for_nothing(ada):
    for headers in ({"origin": "http://evil.example", "x-csrf-token": ada.csrf()}, {"origin": HERE, "x-csrf-token": "x"}):
        answer = ada.client.post("/passkeys/options", json={"name": "x", "password": reviewing.PASSWORD}, headers=headers)
        assert answer.status_code == 403


def test_an_address_of_numbers_is_told_which_name_would_do(app, office):
    at = reviewing.Person(TestClient(app, base_url="http://127.0.0.1:8600", headers=reviewing.HTML))
    told = (
        "Browsers keep passkeys for names, not for addresses of numbers: open this console as http://localhost:8600/ to use them."
    )
    assert told in at.client.get("/sign-in").text
    assert why(at.send("/sign-in/passkey/options"), 409) == told
    at.sign_in("ada")
    assert told in at.client.get("/passkeys").text


@pytest.mark.parametrize(
    ("host", "settings", "expected"),
    [
        ("localhost:8600", {}, Party("localhost", "http://localhost:8600")),
        ("LOCALHOST", {}, Party("localhost", "http://localhost")),
        ("127.0.0.1:8600", {}, NoParty("passkeys.needs_name", "http://localhost:8600/")),
        ("[::1]:8600", {}, NoParty("passkeys.needs_name", "http://localhost:8600/")),
        ("theatre-3:8600", {"names": ("theatre-3",)}, NoParty("passkeys.needs_tls")),
        ("theatre-3", {"host": "0.0.0.0", "tls": True, "names": ("theatre-3",)}, Party("theatre-3", "https://theatre-3")),
        ("192.0.2.7:8443", {"host": "192.0.2.7", "tls": True, "names": ("theatre-3",)}, NoParty("passkeys.needs_name", "https://theatre-3:8443/")),
        ("192.0.2.7", {"host": "192.0.2.7", "tls": True}, NoParty("passkeys.needs_name_given")),
        ("127.0.0.1", {"tls": True}, NoParty("passkeys.needs_name", "https://localhost/")),
    ],
)  # fmt: skip
def test_under_which_name_browsers_keep_them(tmp_path: Path, host: str, settings: dict, expected: Party | NoParty):
    tls = settings.pop("tls", False)
    file = tmp_path if tls else None
    assert party_of(host, Settings(tmp_path, certificate=file, key=file, **settings)) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fault_has_its_line_and_every_page_its_words(language: str, ada, device, office, place: str):
    from medgrpo.cases import PasskeyFault

    words = load_texts(language).words
    assert [fault for fault in PasskeyFault if f"passkeys.fault_{fault.value}" not in words] == []
    for path in ("/passkeys", place, "/sign-in"):
        page = ada.client.get(f"{path}?language={language}")
        assert page.status_code == 200
        assert re.search(f'<html lang="{language}">', page.text)
    ada.send(f"{place}/sign/passkey", credential=device.answer(asked(ada, office, place)))
    assert ada.client.get(place).status_code == ada.client.get(f"{place}/versions/1").status_code == 200
