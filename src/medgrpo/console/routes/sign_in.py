"""Signing in and out."""

from __future__ import annotations

import math
import re

from anyio.to_thread import run_sync
from starlette.responses import RedirectResponse, Response

from medgrpo.console.party import NoParty, party_of
from medgrpo.console.route import Route
from medgrpo.console.visit import Visit

_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path of this console: never another host, which `//host` and `/\\host` would be."""


async def _form(visit: Visit) -> Response:
    return _page(visit, to=own_path(visit.request.query_params.get("to", "/")))


async def _sign_in(visit: Visit) -> Response:
    fields = visit.form()
    name, to = fields.get("name", "").strip(), own_path(fields.get("to", "/"))
    console, key = visit.console, f"{visit.address} {name}"
    wait = max(console.sign_ins_from.wait_seconds(visit.address), console.sign_ins.wait_seconds(key))
    if wait:
        page = _page(visit, 429, to=to, name=name, why=visit.texts("sign_in.wait", seconds=math.ceil(wait)))
        page.headers["retry-after"] = str(math.ceil(wait))
        return page
    user = await run_sync(console.users.verify, name, fields.get("password", ""))
    if user is None:
        return _page(visit, 403, to=to, name=name, why=visit.texts("sign_in.wrong"))
    console.sign_ins.forget(key)
    console.sessions.end(visit.token)
    visit.token, visit.session = console.sessions.begin(user)
    return RedirectResponse(to, 303)


async def _sign_out(visit: Visit) -> Response:
    visit.console.sessions.end(visit.token)
    visit.token, visit.session = visit.console.sessions.begin(None)
    return RedirectResponse("/", 303)


def _page(visit: Visit, status: int = 200, *, to: str, name: str = "", why: str | None = None) -> Response:
    party = party_of(visit.request.headers["host"], visit.console.settings) if visit.console.desk is not None else None
    no_party = visit.texts(party.key, address=party.address) if isinstance(party, NoParty) else None
    return visit.render("sign_in.html", status, to=to, name=name, why=why, party=party, no_party=no_party)


def own_path(to: str) -> str:
    """Where to go after signing in: the first page where that is none of ours."""
    return to if _OWN_PATH.fullmatch(to) else "/"


ROUTES = (
    Route("GET", "/sign-in", _form, None),
    Route("POST", "/sign-in", _sign_in, None),
    Route("POST", "/sign-out", _sign_out, None),
)
