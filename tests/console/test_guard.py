"""What a request must be, and what a response carries."""

import asyncio
import html
import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from medgrpo.console import NoUsers, Settings, make_app
from medgrpo.console.guard.rates import Rates
from medgrpo.console.texts import load_texts
from medgrpo.core import InputError, RecordError


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "theatre-3"])
def test_it_does_not_start_for_other_machines_without_tls_and_people(remote_settings, people, host):
    with pytest.raises(InputError, match="give --certificate and --key"):
        make_app(replace(remote_settings, host=host, certificate=None, key=None), people)
    with pytest.raises(InputError, match="nobody can sign in"):
        make_app(replace(remote_settings, host=host), NoUsers())
    with pytest.raises(InputError, match="both"):
        make_app(replace(remote_settings, host=host, key=None), people)
    make_app(replace(remote_settings, host=host), people)


def test_it_does_not_start_without_its_files(cases, tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        make_app(Settings(tmp_path / "absent"), NoUsers())
    with pytest.raises(InputError, match="no such file"):
        make_app(Settings(cases, certificate=tmp_path / "absent.pem", key=tmp_path / "absent.pem"), NoUsers())


@pytest.mark.parametrize("path", ["/", "/sign-in", "/static/look.css", "/nothing", "/cases/none/at/all"])
def test_every_response_carries_the_headers(local, path):
    headers = local.client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_over_tls_browsers_are_told_to_stay_there(remote, local):
    assert remote.client.get("/sign-in").headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in local.client.get("/").headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", ""])
def test_another_name_for_this_machine_is_not_answered(local, host):
    answer = local.client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost:8600", "localhost", "[::1]:8600", "LOCALHOST:1"])
def test_its_own_names_are(local, host):
    assert local.client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://theatre-3", "https://theatre-3.evil.example", None])
def test_a_form_of_another_site_changes_nothing(remote, people, origin):
    headers = {} if origin is None else {"origin": origin}
    fields = {"name": "carl", "password": people.password, "csrf": remote.csrf()}
    answer = remote.client.post("/sign-in", data=fields, headers=headers)
    assert answer.status_code == 403
    assert "did not come from a page" in answer.text
    assert people.asked == 0


@pytest.mark.parametrize("token", ["", "guess", None])
def test_a_form_without_this_sessions_token_changes_nothing(remote, people, token):
    fields = {"name": "carl", "password": people.password} | ({} if token is None else {"csrf": token})
    remote.csrf()
    answer = remote.client.post("/sign-in", data=fields, headers=remote.origin)
    assert answer.status_code == 403
    assert people.asked == 0


def test_the_token_of_another_session_is_none(make_remote, people):
    mine, yours = make_remote(), make_remote()
    mine.csrf()
    fields = {"name": "carl", "password": people.password, "csrf": yours.csrf()}
    assert mine.client.post("/sign-in", data=fields, headers=mine.origin).status_code == 403


def test_a_body_that_is_too_large_is_not_taken(remote, people):
    fields = {"name": "carl", "password": "x" * 20_000, "csrf": remote.csrf()}
    assert remote.client.post("/sign-in", data=fields, headers=remote.origin).status_code == 413
    assert people.asked == 0


def test_a_body_that_grows_without_having_said_so_is_cut_off(remote_settings, people):
    """What a client with a content-length cannot do: chunks for ever."""
    app, sent, asked = make_app(remote_settings, people), [], [0]

    async def receive():
        asked[0] += 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/sign-in", "raw_path": b"/sign-in", "query_string": b"", "scheme": "https",
        "headers": [(b"host", b"theatre-3"), (b"origin", b"https://theatre-3")], "client": ("10.0.0.1", 1), "http_version": "1.1",
        "server": ("theatre-3", 443), "root_path": "",
    }  # fmt: skip
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 10))
    assert sent[0]["status"] == 413
    assert asked[0] <= 20  # 16 KiB are read, no more


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a" * 10, b"%ff=1&b", b"&".join(b"a=1" for _ in range(2000))])
def test_a_form_that_is_none_is_refused(remote, body):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    remote.csrf()
    assert remote.client.post("/sign-in", content=body, headers=remote.origin | kind).status_code in (400, 403)


def failing(monkeypatch, error: Exception) -> None:
    def no(*_: object) -> None:
        raise error

    monkeypatch.setattr("medgrpo.console.routes.cases.listed", no)


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_an_error_inside_is_told_and_logged_and_its_folders_stay_here(local, monkeypatch, caplog, language):
    failing(monkeypatch, RecordError("/srv/cases/one/record: cannot be read"))
    page = local.client.get(f"/?language={language}")
    assert page.status_code == 500
    assert "<h1>" in page.text
    (line,) = caplog.records
    assert (line.name, line.levelname) == ("medgrpo.console", "ERROR")
    number = re.match(r"fault ([0-9a-f]{8}): GET /: RecordError: /srv/cases/one/record: cannot be read", line.getMessage())[1]
    assert load_texts(language)("error.fault", number=number) in html.unescape(page.text)
    for secret in ("/srv", "Traceback", "Internal Server Error", "RecordError"):
        assert secret not in page.text
    answer = local.client.get("/", headers={"accept": "application/json"})
    assert (answer.status_code, set(answer.json())) == (500, {"error"})


def test_an_error_of_the_people_store_is_told_too(cases, caplog):
    class Broken(NoUsers):
        def any(self) -> bool:
            raise RecordError("/var/lib/cases.db: the store of cases: database is locked")

    app = make_app(Settings(cases), NoUsers())
    app.console.users = Broken()
    answer = TestClient(app, base_url="http://localhost:8600").get("/")
    assert answer.status_code == 500
    assert "cases.db" in caplog.text
    assert "cases.db" not in answer.text


def test_a_fault_of_ours_is_one_line_without_its_trace(cases, monkeypatch):
    failing(monkeypatch, ZeroDivisionError("secret"))
    client = TestClient(make_app(Settings(cases), NoUsers()), base_url="http://localhost:8600", raise_server_exceptions=False)
    answer = client.get("/")
    assert (answer.status_code, answer.text) == (500, "a fault of this console: its log says which\n")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_is_sent_without_being_signed_in_is_refused_and_not_led_elsewhere(remote, accept):
    """A redirect would turn it into a GET, and what was sent would be gone without a word."""
    remote.csrf()
    body = {"alert": "A0001", "action": "acknowledge"}
    answer = remote.client.post(
        "/cases/first/answers", json=body, headers=remote.origin | {"accept": accept}, follow_redirects=False
    )
    assert answer.status_code == 401
    assert "Please sign in." in answer.text
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith(accept)
    assert remote.client.head("/", follow_redirects=False).status_code == 303


def test_who_asks_too_often_is_told_to_wait(cases):
    app = make_app(Settings(cases), NoUsers())
    app.console.requests = Rates(burst=3, every_seconds=10.0, seconds=lambda: 0.0)
    client = TestClient(app, base_url="http://localhost:8600")
    client.get("/")
    answers = [client.get("/static/icon.svg") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "10"
    assert "Too many requests" in answers[-1].json()["error"]


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fpasswd", "..", "%2e%2e/look.css", "look.css%00", "../console.css", "base.html", "x"]
)
def test_no_path_leads_out_of_the_static_files(cases, name):
    app, sent = make_app(Settings(cases), NoUsers()), []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    path = f"/static/{unquote(name)}"  # as a server hands it on; a client would tidy it up first
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "scheme": "http",
        "headers": [(b"host", b"localhost")], "client": None, "http_version": "1.1", "server": None, "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 404


def test_static_files_are_packed_and_known_again(local):
    first = local.client.get("/static/look.css", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    again = local.client.get("/static/look.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = local.client.get("/static/look.css", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == first.text


def test_methods_that_no_route_names_are_refused(local):
    assert local.client.put("/").status_code == 405
    assert local.client.post("/", headers=local.origin).status_code == 405
