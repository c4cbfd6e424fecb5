"""Passkeys: made by whoever has given the password in that moment, signed in with, signed reports with, revoked."""

from __future__ import annotations

import logging
import math
from typing import Any, cast

from anyio.to_thread import run_sync
from starlette.responses import JSONResponse, RedirectResponse, Response

from medgrpo.cases import Ceremony, Document, Party, Passkey, PasskeyError, PasskeyFault, Purpose
from medgrpo.cases import User as Account
from medgrpo.console.party import NoParty, party_of
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.routes.review import desk_of
from medgrpo.console.routes.sign_in import own_path
from medgrpo.console.unpathed import without_paths
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import AccessError, ConflictError, InputError, RecordError

_LOG = logging.getLogger("medgrpo.console")
_ANSWER_BYTES = 64 << 10
"""An attestation with its chain of certificates takes some kilobytes."""


async def _page(visit: Visit) -> Response:
    store, account = desk_of(visit).store, await _account(visit)
    keeps = account.role is Role.ADMINISTRATOR
    everybody = await run_sync(store.passkeys.all, None if keeps else account.name)
    party = party_of(visit.request.headers["host"], visit.console.settings)
    return visit.render(
        "passkeys.html",
        mine=[one for one in everybody if one.user == account.name],
        others=_by_user(await run_sync(store.users.all), everybody) if keeps else None,
        party=party if isinstance(party, Party) else None,
        no_party=_words(visit, party) if isinstance(party, NoParty) else None,
        done=visit.request.query_params.get("done") if visit.request.query_params.get("done") in ("added", "revoked") else None,
    )


async def _enrolment(visit: Visit) -> Response:
    """The password is asked for once more: a session that was left open makes no lasting way in."""
    store, account, fields = desk_of(visit).store, await _account(visit), visit.json()
    party = _party(visit)
    key = f"{visit.address} {account.name}"
    wait = visit.console.sign_ins.wait_seconds(key)
    if wait:
        raise Refused(429, "sign_in.wait", seconds=math.ceil(wait))
    try:
        await run_sync(store.users.proven, account.name, str(fields.get("password", "")))
    except AccessError as error:
        raise Refused(403, "passkeys.wrong_password") from error
    visit.console.sign_ins.forget(key)
    ceremony = Ceremony(Purpose.REGISTER, party, account.name)
    options = await run_sync(store.passkeys.enrolment, ceremony, account)
    visit.console.sessions.ask(visit.session, ceremony)
    return JSONResponse(options)


async def _add(visit: Visit) -> Response:
    store, account, fields = desk_of(visit).store, await _account(visit), visit.json()
    ceremony = _asked(visit, Purpose.REGISTER)
    if ceremony.user != account.name:
        raise _refused(PasskeyError(PasskeyFault.OTHER_USER))
    try:
        await run_sync(store.passkeys.add, ceremony, _answer(fields), str(fields.get("name", "")))
    except PasskeyError as error:
        raise _refused(error) from error
    except InputError as error:
        raise Refused(400, "review.refused", why=str(error)) from error
    return JSONResponse({"to": "/passkeys?done=added"}, 201)


async def _revoke(visit: Visit) -> Response:
    store, account = desk_of(visit).store, await _account(visit)
    try:
        await run_sync(store.passkeys.revoke, visit.form().get("credential_id", ""), account)
    except InputError as error:
        raise Refused(404, "passkeys.no_such") from error
    return RedirectResponse("/passkeys?done=revoked", 303)


async def _ask_who(visit: Visit) -> Response:
    store, party = desk_of(visit).store, _party(visit)
    ceremony = Ceremony(Purpose.SIGN_IN, party)
    visit.console.sessions.ask(visit.session, ceremony)
    return JSONResponse(await run_sync(store.passkeys.question, ceremony))


async def _sign_in(visit: Visit) -> Response:
    console, store, fields = visit.console, desk_of(visit).store, visit.json()
    wait = console.sign_ins_from.wait_seconds(visit.address)
    if wait:
        raise Refused(429, "sign_in.wait", seconds=math.ceil(wait))
    try:
        given = await run_sync(store.passkeys.proven, _asked(visit, Purpose.SIGN_IN), _answer(fields))
    except PasskeyError as error:
        raise _refused(error, visit.address) from error
    user = await run_sync(console.users.find, given.user.name)
    if user is None:
        raise _refused(PasskeyError(PasskeyFault.INACTIVE))
    console.sessions.end(visit.token)
    visit.token, visit.session = console.sessions.begin(user)
    return JSONResponse({"to": own_path(str(fields.get("to", "/")))})


async def _ask_to_sign(visit: Visit) -> Response:
    """Asked about the newest version, if it is the text that was on the page."""
    desk, fields, account = desk_of(visit), visit.json(), await _account(visit)
    case, party = await desk.case(visit), _party(visit)
    versions = await run_sync(desk.store.versions, case.id)
    newest = versions[-1] if versions else None
    if (
        newest is None
        or newest.signature is not None
        or (newest.number, newest.sha256) != (fields.get("number"), fields.get("sha256"))
    ):
        raise Refused(409, "review.conflict_sign")
    ceremony = Ceremony(Purpose.SIGN_REPORT, party, account.name, Document(case.id, newest.number, newest.sha256))
    try:
        options = await run_sync(desk.store.passkeys.question, ceremony)
    except AccessError as error:
        raise Refused(403, "passkeys.none_here") from error
    visit.console.sessions.ask(visit.session, ceremony)
    return JSONResponse(options)


async def _sign(visit: Visit) -> Response:
    desk, account = desk_of(visit), await _account(visit)
    case = await desk.case(visit)
    ceremony = _asked(visit, Purpose.SIGN_REPORT)
    if ceremony.user != account.name:
        raise _refused(PasskeyError(PasskeyFault.OTHER_USER))
    try:
        await run_sync(desk.store.sign_with_passkey, case.id, ceremony, _answer(visit.json()))
    except PasskeyError as error:
        raise _refused(error, visit.address) from error
    except ConflictError as error:
        raise Refused(409, "review.conflict_sign") from error
    except AccessError as error:
        raise Refused(403, "review.needs_clinician") from error
    except InputError as error:
        raise Refused(400, "review.refused", why=without_paths(error, visit.console.settings.cases)) from error
    except RecordError as error:
        raise Refused(500, "review.not_kept", why=without_paths(error, visit.console.settings.cases)) from error
    return JSONResponse({"to": f"/review/{case.id}?done=signed#report"})


async def _account(visit: Visit) -> Account:
    """Of whoever signed in. Refused 403 where nobody did: without an account there is nothing that a passkey would prove."""
    found = None
    if visit.user is not None and visit.session.user is not None:
        found = await run_sync(desk_of(visit).store.users.find, visit.user.name)
    if found is None:
        raise Refused(403, "passkeys.needs_account")
    return found


def _party(visit: Visit) -> Party:
    """Refused 409 where browsers keep no passkeys for this address."""
    party = party_of(visit.request.headers["host"], visit.console.settings)
    if isinstance(party, NoParty):
        raise Refused(409, party.key, address=party.address)
    return party


def _words(visit: Visit, one: NoParty) -> str:
    return visit.texts(one.key, address=one.address)


def _asked(visit: Visit, purpose: Purpose) -> Ceremony:
    """What this session was asked last, for this one answer. Refused 409 where it was answered already, or too long ago."""
    ceremony = visit.console.sessions.answered(visit.session, purpose)
    if ceremony is None:
        raise Refused(409, "passkeys.too_late")
    return ceremony


def _answer(fields: dict[str, Any]) -> dict[str, Any]:
    answer: object = fields.get("credential")
    if not isinstance(answer, dict):
        raise _refused(PasskeyError(PasskeyFault.UNREADABLE))
    return cast("dict[str, Any]", answer)


def _refused(error: PasskeyError, address: str = "") -> Refused:
    """A counter that goes back under a good signature is told to whoever runs the console, too: there may be a thief."""
    if error.fault is PasskeyFault.COUNTED_BACK and error.passkey is not None:
        key = error.passkey
        _LOG.warning("passkey %r of %s refused (asked from %s): %s; revoke it if so", key.name, key.user, address, error)
    return Refused(403, f"passkeys.fault_{error.fault.value}")


def _by_user(accounts: tuple[Account, ...], passkeys: tuple[Passkey, ...]) -> list[tuple[Account, list[Passkey]]]:
    return [(one, [key for key in passkeys if key.user == one.name]) for one in accounts]


ROUTES = (
    Route("GET", "/passkeys", _page, Role.VIEWER),
    Route("POST", "/passkeys/options", _enrolment, Role.VIEWER),
    Route("POST", "/passkeys", _add, Role.VIEWER, _ANSWER_BYTES),
    Route("POST", "/passkeys/revoke", _revoke, Role.VIEWER),
    Route("POST", "/sign-in/passkey/options", _ask_who, None),
    Route("POST", "/sign-in/passkey", _sign_in, None, _ANSWER_BYTES),
    Route("POST", "/review/{id}/sign/passkey/options", _ask_to_sign, Role.CLINICIAN),
    Route("POST", "/review/{id}/sign/passkey", _sign, Role.CLINICIAN, _ANSWER_BYTES),
)
