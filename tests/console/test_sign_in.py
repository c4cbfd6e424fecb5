"""Who gets in, and how often one may try."""

from medgrpo.console import Role


def test_on_loopback_without_accounts_whoever_sits_there_is_let_in_and_named(local):
    page = local.client.get("/")
    assert page.status_code == 200
    assert "(not signed in), clinician" in page.text
    assert "first" in page.text


def test_nothing_is_shown_before_signing_in(remote):
    page = remote.client.get("/", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?to=/")
    answer = remote.client.get("/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"error": "Please sign in."})


def test_signing_in_and_out(remote):
    before = dict(remote.client.cookies)
    remote.client.get("/sign-in")
    visiting = remote.client.cookies["__Host-medgrpo"]
    answer = remote.sign_in("carl", to="/?language=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?language=en")
    assert before == {}
    assert remote.client.cookies["__Host-medgrpo"] != visiting  # no session that somebody else may know is taken over
    assert "carl, clinician" in remote.client.get("/").text
    token = remote.client.cookies["__Host-medgrpo"]
    remote.client.post("/sign-out", data={"csrf": remote.csrf("/")}, headers=remote.origin)
    remote.client.cookies.clear()
    remote.client.cookies.set("__Host-medgrpo", token)
    assert remote.client.get("/", follow_redirects=False).status_code == 303  # the old cookie opens nothing


def test_the_cookie_is_for_this_host_over_tls_and_not_for_scripts(remote, local):
    flags = remote.client.get("/sign-in").headers["set-cookie"]
    assert flags.startswith("__Host-medgrpo=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in flags.split(";")}
    plain = local.client.get("/").headers["set-cookie"]
    assert "HttpOnly" in plain
    assert "Secure" not in plain


def test_a_wrong_password_and_an_unknown_name_look_the_same(remote):
    wrong, unknown = remote.sign_in("carl", "guess"), remote.sign_in("nobody", "guess")
    assert wrong.status_code == unknown.status_code == 403
    assert "do not belong together" in wrong.text
    assert wrong.text.split("<form method")[0].split("<main")[1] == unknown.text.split("<form method")[0].split("<main")[1]


def test_guessing_is_slowed_down_before_the_password_is_looked_at(remote, people):
    answers = [remote.sign_in("carl", f"guess {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) in range(1, 21)
    assert people.asked == 5
    assert remote.sign_in("carl").status_code == 429  # the right one has to wait as well
    assert remote.sign_in("vera").status_code == 303  # others do not


def test_one_password_for_many_names_is_slowed_down_too(remote, people):
    answers = [remote.sign_in(f"name{number}", "spring2026") for number in range(21)]
    assert answers[-1].status_code == 429
    assert people.asked == 20


def test_nobody_is_led_to_another_host_after_signing_in(make_remote):
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/a\r\nset-cookie: x=1"):
        assert make_remote().sign_in("carl", to=to).headers["location"] == "/"


def test_a_closed_account_and_a_lower_role_count_at_once(remote, people, monkeypatch):
    monkeypatch.setattr("medgrpo.console.parts._ASK_AGAIN_SECONDS", -1.0)
    remote.sign_in("carl")
    assert "carl, clinician" in remote.client.get("/").text
    people.roles["carl"] = Role.VIEWER
    assert "carl, viewer" in remote.client.get("/").text
    del people.roles["carl"]
    assert remote.client.get("/", follow_redirects=False).status_code == 303


def test_a_session_ends_after_twelve_hours():
    from medgrpo.console.guard.sessions import Sessions

    now = [0.0]
    sessions = Sessions(lambda: now[0])
    token, session = sessions.begin(None)
    now[0] = 12 * 3600 - 1
    assert sessions.find(token) is session
    now[0] = 12 * 3600
    assert sessions.find(token) is None
    assert sessions.find(None) is None
    assert sessions.find("guess") is None


def test_visitors_make_room_before_people_do():
    from medgrpo.console import User
    from medgrpo.console.guard import sessions as module

    sessions = module.Sessions(lambda: 0.0)
    kept, _ = sessions.begin(User("carl", Role.CLINICIAN))
    for _ in range(module._MOST + 5):
        sessions.begin(None)
    assert sessions.find(kept) is not None
    assert len(sessions._sessions) == module._MOST


def test_tokens_come_back_one_by_one():
    from medgrpo.console.guard.rates import Rates

    now = [0.0]
    rates = Rates(burst=2, every_seconds=10.0, seconds=lambda: now[0])
    assert [rates.wait_seconds("a"), rates.wait_seconds("a"), rates.wait_seconds("a")] == [0.0, 0.0, 10.0]
    assert rates.wait_seconds("b") == 0.0
    now[0] = 5.0
    assert rates.wait_seconds("a") == 5.0
    now[0] = 10.0
    assert rates.wait_seconds("a") == 0.0
    rates.forget("a")
    assert rates.wait_seconds("a") == 0.0
