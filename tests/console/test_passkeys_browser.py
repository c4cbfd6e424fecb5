"""Passkeys in a real Chromium with its virtual authenticator (CDP): made, signed in with, signed with; refusals read aloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `serve` is not installed")
pytest.importorskip("webauthn", reason="the extra `serve` is not installed")

from medgrpo.cases import Method
from medgrpo.cases.schema import passkeys
from tests.console import reviewing
from tests.console.test_review_browser import UNNAMED, browser, pytestmark  # noqa: F401 - a fixture

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture
def page(browser, office):  # noqa: F811
    """At localhost; the console's refusals are told by the browser too, and nothing else is."""
    with reviewing.running(office) as address:
        context = browser.new_context(base_url=address.replace("127.0.0.1", "localhost"), viewport={"width": 1366, "height": 900})
        complaints: list[str] = []
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on(
            "console", lambda one: complaints.append(one.text) if one.type == "error" and "status of 4" not in one.text else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        context.close()
    assert complaints == []


class Device:
    """Chromium's virtual authenticator: built in, keeps passkeys, asks its owner."""

    def __init__(self, page: Any) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        return self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]

    def verifies(self, value: bool) -> None:
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": value})

    def set_count(self, count: int) -> None:
        """As a copy of it would have that was made earlier."""
        (one,) = self.credentials()
        self.cdp.send("WebAuthn.removeCredential", {"authenticatorId": self.id, "credentialId": one["credentialId"]})
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": one | {"signCount": count}})


def signed_in(page: Any, name: str = "ada") -> None:
    page.goto("/sign-in")
    page.fill("#name", name)
    page.fill("#password", reviewing.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def made(page: Any, name: str = "laptop") -> None:
    page.goto("/passkeys")
    page.get_by_label("Name by which you know it again").fill(name)
    page.get_by_label("Your password, once more").fill(reviewing.PASSWORD)
    page.keyboard.press("Enter")
    sync_api.expect(page.get_by_role("status")).to_contain_text("The passkey is made.")


@pytest.fixture
def device(page) -> Device:
    """With a passkey of ada's, who is signed in."""
    device = Device(page)
    signed_in(page)
    made(page)
    return device


@pytest.fixture
def case(office, page, device) -> str:
    office.store.write(office.analysed.id, "It went well.", "ada", parent=0)
    page.goto(f"/review/{office.analysed.id}")
    return f"/review/{office.analysed.id}"


def told(page: Any) -> Any:
    return page.locator("#passkey-told")


def test_made_and_signed_in_with_by_keyboard(page, device, office, tmp_path: Path) -> None:
    (one,) = device.credentials()
    assert (one["rpId"], one["isResidentCredential"]) == ("localhost", True)
    assert page.evaluate(UNNAMED) == []
    page.screenshot(path=tmp_path / "passkeys.png")
    made_again = page.get_by_role("button", name="Make the passkey")
    page.get_by_label("Name by which you know it again").fill("again")
    page.get_by_label("Your password, once more").fill(reviewing.PASSWORD)
    made_again.click()
    sync_api.expect(told(page)).to_have_text("This device has a passkey of yours already.")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in**")
    assert page.evaluate(UNNAMED) == []
    page.get_by_role("button", name="Sign in with a passkey").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    sync_api.expect(page.locator(".who")).to_have_text("ada, clinician")
    assert office.store.passkeys.all("ada")[0].used is not None


def test_a_report_is_signed_with_it(page, case: str, device, office) -> None:
    sync_api.expect(page.locator("#sign")).to_contain_text("Sign version 1")
    assert page.evaluate(UNNAMED) == []
    page.locator("#text").press_sequentially("x")
    button = page.get_by_role("button", name="Sign with a passkey")
    sync_api.expect(button).to_be_disabled()  # what is not kept is not signed
    page.locator("#text").press("Backspace")
    button.focus()
    page.keyboard.press("Enter")
    sync_api.expect(page.get_by_role("status").filter(has_text="The report is signed.")).to_be_visible()
    sync_api.expect(page.locator(".worth").first).to_contain_text("Version 1, signed by Dr Ada Stein (ada)")
    sync_api.expect(page.locator(".worth").first).to_contain_text("with the passkey ")
    (version,) = office.store.versions(office.analysed.id)
    assert version.signature is not None
    assert version.signature.method is Method.PASSKEY
    assert version.signature.credential_id == office.store.passkeys.all("ada")[0].credential_id


def test_refusals_are_one_line_each_that_is_read_aloud(page, case: str, device, office) -> None:
    button = page.get_by_role("button", name="Sign with a passkey")
    device.verifies(False)
    button.click()
    sync_api.expect(told(page)).to_contain_text("Nothing was done: the device was not confirmed")
    assert told(page).get_attribute("role") == "alert"
    device.verifies(True)
    device.set_count(0)
    with office.store._database.writing() as connection:
        connection.execute(passkeys.update().values(sign_count=40))
    button.click()
    sync_api.expect(told(page)).to_contain_text("There may be a copy of it")
    device.set_count(50)
    office.store.write(office.analysed.id, "Somebody else's text.", "ben", parent=1)
    button.click()
    sync_api.expect(told(page)).to_contain_text("Nothing was signed: a newer version has been kept meanwhile")
    page.goto(case)
    office.store.passkeys.revoke(office.store.passkeys.all("ada")[0].credential_id, office.store.users.find("rob"))
    button.click()
    sync_api.expect(told(page)).to_contain_text("You have no passkey for this address.")
    assert all(one.signature is None for one in office.store.versions(office.analysed.id))
    page.goto("/passkeys")
    sync_api.expect(page.locator("table")).to_contain_text("by rob")


def test_the_device_s_answer_for_an_older_text_signs_no_newer_one(page, case: str, device, office) -> None:
    """The page's own script is made to ask for version 1, and its answer is sent for the question about version 2."""
    page.evaluate(
        """() => { const get = navigator.credentials.get.bind(navigator.credentials); let first;
        navigator.credentials.get = async (options) => (first ??= await get(options)); }"""
    )
    office.store.write(office.analysed.id, "Version two.", "ben", parent=1)
    page.evaluate("() => { document.querySelector('#sign [name=number]').value = '1'; }")
    button = page.get_by_role("button", name="Sign with a passkey")
    button.click()
    sync_api.expect(told(page)).to_contain_text("Nothing was signed")
    newest = office.store.versions(office.analysed.id)[-1]
    first = page.evaluate(
        """async () => { const key = await navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32),
        rpId: 'localhost', userVerification: 'required' } }); return key.id; }"""
    )
    assert first == office.store.passkeys.all("ada")[0].credential_id
    page.evaluate(
        """([number, sha256]) => { const form = document.querySelector('#sign');
        form.elements.number.value = number; form.elements.sha256.value = sha256; }""",
        [str(newest.number), newest.sha256],
    )
    button.click()
    sync_api.expect(told(page)).to_contain_text("the passkey answered another question than this one")
    assert office.store.versions(office.analysed.id)[-1].signature is None


@pytest.mark.parametrize("language", ["de", "zh"])
def test_in_other_languages(page, device, language: str) -> None:
    page.goto(f"/passkeys?language={language}")
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    device.verifies(False)
    page.locator("#sign-out button").click()
    page.wait_for_url("**/sign-in**")
    page.locator("#with-passkey").click()
    sync_api.expect(told(page)).to_contain_text({"de": "Es ist nichts geschehen", "zh": "未执行任何操作"}[language])


def test_at_an_address_of_numbers_the_page_names_the_one_to_use(page, office) -> None:
    signed_in(page)
    host = page.url.split("/")[2]
    page.goto(f"http://{host.replace('localhost', '127.0.0.1')}/sign-in")
    sync_api.expect(page.get_by_text(f"open this console as http://{host}/ to use them")).to_be_visible()
    assert page.locator("#with-passkey").count() == 0
