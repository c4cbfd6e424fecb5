"""Signing in and out."""

from __future__ import annotations

import math
import re

from anyio.to_thread import run_sync
from starlette.responses import RedirectResponse, Response

from medgrpo.console.route import Route
from medgrpo.console.visit import Visit

_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""A path of this console: never another host, which `//host` and `/\\host` would be."""


async def _form(visit: Visit) -> Response:
    return visit.render("sign_in.html", to=_own(visit.request.query_params.get("to", "/")), why=None, name="")


async def _sign_in(visit: Visit) -> Response:
    fields = visit.form()
    name, to = fields.get("name", "").strip(), _own(fields.get("to", "/"))
    client = visit.request.client
    address = client.host if client is not None else ""
    console, key = visit.console, f"{address} {name}"
    wait = max(console.sign_ins_from.wait_seconds(address), console.sign_ins.wait_seconds(key))
    if wait:
        page = visit.render("sign_in.html", 429, to=to, name=name, why=visit.texts("sign_in.wait", seconds=math.ceil(wait)))
        page.headers["retry-after"] = str(math.ceil(wait))
        return page
    user = await run_sync(console.users.verify, name, fields.get("password", ""))
    if user is None:
        return visit.render("sign_in.html", 403, to=to, name=name, why=visit.texts("sign_in.wrong"))
    console.sign_ins.forget(key)
    console.sessions.end(visit.token)
    visit.token, visit.session = console.sessions.begin(user)
    return RedirectResponse(to, 303)


async def _sign_out(visit: Visit) -> Response:
    visit.console.sessions.end(visit.token)
    visit.token, visit.session = visit.console.sessions.begin(None)
    return RedirectResponse("/", 303)


def _own(to: str) -> str:
    return to if _OWN_PATH.fullmatch(to) else "/"


ROUTES = (
    Route("GET", "/sign-in", _form, None),
    Route("POST", "/sign-in", _sign_in, None),
    Route("POST", "/sign-out", _sign_out, None),
)
