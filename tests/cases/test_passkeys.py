"""Passkeys in the store, on both databases: what counts as their owner's signature, and everything that does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="needs the extra `serve`")
pytest.importorskip("webauthn", reason="needs the extra `serve`")

import webauthn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgrpo.audit import digest_of, read_entries, verify
from medgrpo.cases import Case, CaseStore, Ceremony, Document, Method, Party, PasskeyError, PasskeyFault, Purpose, ReportState
from medgrpo.cases.schema import sa
from medgrpo.core import AccessError, ConflictError, InputError
from tests.cases.authenticator import Authenticator, decoded, encoded

HERE = Party("localhost", "http://localhost:8600")


def made(store: CaseStore, user: str, device: Authenticator, party: Party = HERE) -> None:
    ceremony = Ceremony(Purpose.REGISTER, party, user)
    account = store.users.find(user)
    assert account is not None
    store.passkeys.add(ceremony, device.make(store.passkeys.enrolment(ceremony, account)), f"{user}'s key")


@pytest.fixture
def device(store: CaseStore) -> Authenticator:
    """ada's."""
    device = Authenticator()
    made(store, "ada", device)
    return device


@pytest.fixture
def case(store: CaseStore, made: ModuleType, tmp_path: Path) -> Case:
    """With one version of its report."""
    case = store.add(made.analysed(tmp_path / "one"))
    store.write(case.id, "It went well.", "ada", parent=0)
    return case


@pytest.fixture(name="made")
def made_module() -> ModuleType:
    from tests.cases import made

    return made


def asked(store: CaseStore, case: Case, user: str = "ada", party: Party = HERE) -> Ceremony:
    newest = store.versions(case.id)[-1]
    return Ceremony(Purpose.SIGN_REPORT, party, user, Document(case.id, newest.number, newest.sha256))


def refused(fault: PasskeyFault, act: Callable[[], Any]) -> None:
    with pytest.raises(PasskeyError) as caught:
        act()
    assert caught.value.fault is fault, caught.value
    assert len(str(caught.value).splitlines()) == 1


def test_a_report_is_signed_and_the_signature_can_be_checked_without_the_store(store, case, device):
    ceremony = asked(store, case)
    signed = store.sign_with_passkey(case.id, ceremony, device.answer(store.passkeys.question(ceremony)))
    assert signed.signature is not None
    assert (signed.signature.method, signed.signature.credential_id, signed.signature.by) == (Method.PASSKEY, device.id, "ada")
    assert store.find(case.id).report is ReportState.SIGNED
    folder = Path(case.folder) / "review"
    assert verify(folder).genuine
    body = next(entry.body for _, _, entry, _ in read_entries(folder) if getattr(entry, "kind", "") == "signature")
    assertion = json.loads(json.dumps(body["assertion"]))
    assert assertion["asked"]["sha256"] == hashlib.sha256(b"It went well.\n").hexdigest()
    response = {name: assertion[name] for name in ("clientDataJSON", "authenticatorData", "signature")}
    found = webauthn.verify_authentication_response(
        credential={"id": device.id, "rawId": device.id, "type": "public-key", "response": response},
        expected_challenge=bytes.fromhex(digest_of(assertion["asked"])),
        expected_rp_id=assertion["asked"]["party"],
        expected_origin="http://localhost:8600",
        credential_public_key=decoded(assertion["public_key"]),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    assert found.user_verified
    (key,) = store.passkeys.all("ada")
    assert key.used is not None


def test_a_password_s_signature_says_so_and_so_does_one_from_before(store, case, opened):
    version = store.versions(case.id)[-1]
    signed = store.sign(case.id, 1, version.sha256, "ada", "four words are enough")
    assert signed.signature is not None
    assert (signed.signature.method, signed.signature.credential_id) == (Method.PASSWORD, None)
    from medgrpo.cases.rows import _signature

    assert _signature({"number": 1, "sha256": "x", "by": "ada", "by_full_name": "Ada"})["method"] == "password"


def test_made_again_from_its_folder_a_store_knows_how_it_was_signed(store, case, device, opening, tmp_path: Path):
    ceremony = asked(store, case)
    store.sign_with_passkey(case.id, ceremony, device.answer(store.passkeys.question(ceremony)))
    again = opening(tmp_path / "new" / "cases.db")
    again.add(Path(case.folder))
    assert again.versions(case.id) == store.versions(case.id)


def test_a_replayed_answer_has_no_question(store, case, device):
    """The console asks each question once; the same answer does not fit the next one, nor the same one again."""
    ceremony = asked(store, case)
    answer = device.answer(store.passkeys.question(ceremony))
    store.passkeys.proven(ceremony, answer)
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.sign_with_passkey(case.id, asked(store, case), answer))
    refused(PasskeyFault.COUNTED_BACK, lambda: store.sign_with_passkey(case.id, ceremony, answer))
    assert store.find(case.id).report is ReportState.DRAFT


def test_another_version_of_the_document(store, case, device):
    first = asked(store, case)
    answer = device.answer(store.passkeys.question(first))
    store.write(case.id, "It went badly.", "ben", parent=1)
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.sign_with_passkey(case.id, asked(store, case), answer))
    with pytest.raises(ConflictError, match="version 1 is not the newest"):
        store.sign_with_passkey(case.id, first, answer)
    second = asked(store, case)
    other_text = replace(second, document=Document(case.id, 2, "0" * 64))
    with pytest.raises(ConflictError, match="not the text that was read"):
        store.sign_with_passkey(case.id, other_text, device.answer(store.passkeys.question(other_text)))
    assert all(one.signature is None for one in store.versions(case.id))


def test_another_case_or_another_purpose(store, case, device, made, tmp_path: Path):
    other = store.add(made.analysed(tmp_path / "two", "cd" * 32))
    ceremony = asked(store, case)
    answer = device.answer(store.passkeys.question(ceremony))
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.sign_with_passkey(other.id, ceremony, answer))
    signing_in = Ceremony(Purpose.SIGN_IN, HERE)
    answer = device.answer(store.passkeys.question(signing_in))
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.sign_with_passkey(case.id, signing_in, answer))
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.sign_with_passkey(case.id, ceremony, answer))
    refused(PasskeyFault.OTHER_QUESTION, lambda: store.passkeys.add(ceremony, answer, "x"))


@pytest.mark.parametrize(
    "origin", ["http://localhost:8601", "https://localhost:8600", "http://evil.example", "http://127.0.0.1:8600"]
)
def test_another_origin(store, case, device, origin: str):
    device.origin = origin
    ceremony = asked(store, case)
    refused(
        PasskeyFault.OTHER_ORIGIN,
        lambda: store.sign_with_passkey(case.id, ceremony, device.answer(store.passkeys.question(ceremony))),
    )
    making = Ceremony(Purpose.REGISTER, HERE, "ben")
    options = store.passkeys.enrolment(making, store.users.find("ben"))
    refused(PasskeyFault.OTHER_ORIGIN, lambda: store.passkeys.add(making, Authenticator(origin).make(options), "x"))


def test_another_name_of_the_console(store, case, device):
    elsewhere = Party("theatre-3", "https://theatre-3")
    with pytest.raises(AccessError, match="no passkey for theatre-3"):
        store.passkeys.question(asked(store, case, party=elsewhere))
    ceremony = Ceremony(Purpose.SIGN_IN, elsewhere)
    device.origin = "https://theatre-3"
    refused(PasskeyFault.OTHER_PARTY, lambda: store.passkeys.proven(ceremony, device.answer(store.passkeys.question(ceremony))))
    device.origin = HERE.origin
    ceremony = asked(store, case)
    options = store.passkeys.question(ceremony) | {"rpId": "elsewhere"}
    refused(PasskeyFault.OTHER_PARTY, lambda: store.passkeys.proven(ceremony, device.answer(options)))


def test_another_user_s_passkey(store, case, device):
    bens = Authenticator()
    made(store, "ben", bens)
    ceremony = asked(store, case, "ada")
    options = store.passkeys.question(ceremony)
    assert [one["id"] for one in options["allowCredentials"]] == [device.id]
    refused(PasskeyFault.OTHER_USER, lambda: store.sign_with_passkey(case.id, ceremony, bens.answer(options)))
    forged = bens.answer(options) | {"id": device.id, "rawId": device.id}
    forged["response"]["userHandle"] = device.handle
    refused(PasskeyFault.WRONG, lambda: store.sign_with_passkey(case.id, ceremony, forged))
    mixed = device.answer(options)
    mixed["response"]["userHandle"] = bens.handle
    refused(PasskeyFault.OTHER_USER, lambda: store.sign_with_passkey(case.id, ceremony, mixed))


def test_a_revoked_passkey_and_a_disabled_user(store, case, device):
    ceremony = asked(store, case)
    options = store.passkeys.question(ceremony)
    ada, ben, root = (store.users.find(name) for name in ("ada", "ben", "root"))
    with pytest.raises(InputError, match="no such passkey of yours"):
        store.passkeys.revoke(device.id, ben)
    store.users.change("ada", disabled=True)
    refused(PasskeyFault.INACTIVE, lambda: store.sign_with_passkey(case.id, ceremony, device.answer(options)))
    store.users.change("ada", disabled=False)
    revoked = store.passkeys.revoke(device.id, root)
    assert revoked.revoked_by == "root"
    assert store.passkeys.revoke(device.id, ada) == revoked, "once is enough"
    refused(PasskeyFault.REVOKED, lambda: store.sign_with_passkey(case.id, ceremony, device.answer(options)))
    with pytest.raises(AccessError, match="no passkey"):
        store.passkeys.question(ceremony)
    making = Ceremony(Purpose.REGISTER, HERE, "ada")
    options = store.passkeys.enrolment(making, ada)
    assert options["excludeCredentials"] == []
    refused(PasskeyFault.TAKEN, lambda: store.passkeys.add(making, device.make(options), "again"))


def test_a_copy_is_noticed_by_its_counter(store, case, device):
    copy = device.copy()
    signing_in = Ceremony(Purpose.SIGN_IN, HERE)
    for _ in range(3):
        store.passkeys.proven(signing_in, device.answer(store.passkeys.question(signing_in)))
    ceremony = asked(store, case)
    options = store.passkeys.question(ceremony)
    answer = copy.answer(options)
    refused(PasskeyFault.COUNTED_BACK, lambda: store.sign_with_passkey(case.id, ceremony, answer))
    forged = copy.copy()
    forged.key = Authenticator().key
    refused(PasskeyFault.WRONG, lambda: store.sign_with_passkey(case.id, ceremony, forged.answer(options)))
    with pytest.raises(PasskeyError) as caught:
        store.sign_with_passkey(case.id, ceremony, answer)
    assert caught.value.passkey is not None
    assert (caught.value.passkey.name, caught.value.passkey.user) == ("ada's key", "ada")
    signed = store.sign_with_passkey(case.id, ceremony, device.answer(options))
    assert signed.signature is not None, "nobody can shut the owner out by a wrong answer"


def test_a_large_counter_and_none_at_all(store, case, device):
    device.count = 2**32 - 3
    signing_in = Ceremony(Purpose.SIGN_IN, HERE)
    store.passkeys.proven(signing_in, device.answer(store.passkeys.question(signing_in)))
    phone = Authenticator(count=None)
    made(store, "ben", phone)
    for _ in range(2):
        assert store.passkeys.proven(signing_in, phone.answer(store.passkeys.question(signing_in))).user.name == "ben"


def test_a_device_that_does_not_verify_its_owner(store, case, device):
    device.verifies = False
    ceremony = asked(store, case)
    refused(
        PasskeyFault.NOT_VERIFIED,
        lambda: store.sign_with_passkey(case.id, ceremony, device.answer(store.passkeys.question(ceremony))),
    )
    making = Ceremony(Purpose.REGISTER, HERE, "ben")
    options = store.passkeys.enrolment(making, store.users.find("ben"))
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    refused(PasskeyFault.NOT_VERIFIED, lambda: store.passkeys.add(making, Authenticator(verifies=False).make(options), "x"))


@pytest.mark.parametrize("user", ["vera", "root"])
def test_only_clinicians_sign(store, case, user: str):
    device = Authenticator()
    made(store, user, device)
    ceremony = asked(store, case, user)
    with pytest.raises(AccessError, match="only a clinician"):
        store.sign_with_passkey(case.id, ceremony, device.answer(store.passkeys.question(ceremony)))


def test_a_passkey_has_a_name_and_a_user_not_too_many(store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("medgrpo.cases.passkeys.MOST_PASSKEYS", 2)
    making = Ceremony(Purpose.REGISTER, HERE, "ada")
    options = store.passkeys.enrolment(making, store.users.find("ada"))
    for name in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(InputError, match="name"):
            store.passkeys.add(making, Authenticator().make(options), name)
    for _ in range(2):
        made(store, "ada", Authenticator())
    with pytest.raises(InputError, match="2 passkeys"):
        made(store, "ada", Authenticator())
    assert [one.transports for one in store.passkeys.all()] == [("usb",)] * 2, "nothing that we do not know"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.data())
def test_whatever_else_is_sent_is_refused_in_one_line(store, device, data: st.DataObject):
    ceremony = Ceremony(Purpose.SIGN_IN, HERE)
    answer = device.answer(store.passkeys.question(ceremony))
    device.count = 0
    nonsense = st.one_of(
        st.none(),
        st.integers(),
        st.text(max_size=20),
        st.lists(st.integers(), max_size=2),
        st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )
    name = data.draw(st.sampled_from(["rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature", "cut"]))
    if name == "cut":
        field = data.draw(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]))
        place = data.draw(st.integers(0, 30))
        answer["response"][field] = encoded(decoded(answer["response"][field])[:place] + data.draw(st.binary(max_size=2)))
    elif name in answer:
        answer[name] = data.draw(nonsense)
    else:
        answer["response"][name] = data.draw(nonsense)
    with pytest.raises(PasskeyError):
        store.passkeys.proven(ceremony, answer)


def test_a_question_that_makes_no_sense_cannot_be_made():
    with pytest.raises(ValueError, match="document"):
        Ceremony(Purpose.SIGN_REPORT, HERE, "ada")
    with pytest.raises(ValueError, match="who signs in"):
        Ceremony(Purpose.SIGN_IN, HERE, "ada")
    one, two = Ceremony(Purpose.SIGN_IN, HERE), Ceremony(Purpose.SIGN_IN, HERE)
    assert one.challenge != two.challenge
    assert len(one.challenge) == 32


def test_a_store_from_before_keeps_its_signatures(store, case, address: str, opening, monkeypatch: pytest.MonkeyPatch):
    """Step 0003 over tables of step 0002 with a signature in them."""
    version = store.versions(case.id)[-1]
    store.sign(case.id, 1, version.sha256, "ada", "four words are enough")
    with store._database.writing() as connection:
        connection.execute(sa.text("DROP TABLE passkeys"))
        for column in ("method", "credential_id"):
            connection.execute(sa.text(f"ALTER TABLE signatures DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0002'"))
    store.close()
    again = opening(address)
    (kept,) = again.versions(case.id)
    assert kept.signature is not None
    assert kept.signature.method is Method.PASSWORD
    made(again, "ada", Authenticator())
    with pytest.raises(Exception, match="never"), again._database.writing() as connection:
        connection.execute(sa.text("UPDATE signatures SET method = 'passkey'"))
