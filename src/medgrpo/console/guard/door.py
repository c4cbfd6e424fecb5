"""From a line of the table of routes to an endpoint: rate, session, role, origin, body, CSRF, and only then the handler."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from medgrpo.console.guard.bodies import BodyTooLarge, read_body
from medgrpo.console.guard.origin import same_origin
from medgrpo.console.guard.sessions import LIFE_SECONDS
from medgrpo.console.parts import Console
from medgrpo.console.route import Route
from medgrpo.console.texts import LANGUAGES, chosen
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import MedgrpoError

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
_LANGUAGE_COOKIE = "medgrpo-language"
_YEAR_SECONDS = 365 * 24 * 3600
_LOG = logging.getLogger("medgrpo.console")


def session_cookie(console: Console) -> str:
    """With TLS the browser itself then insists on Secure, this host and no other path."""
    return "__Host-medgrpo" if console.settings.tls else "medgrpo-session"


def guarded(route: Route, console: Console) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a route."""

    async def endpoint(request: Request) -> Response:
        token = request.cookies.get(session_cookie(console))
        session = console.sessions.find(token)
        made = session is None
        if session is None or token is None:
            token, session = console.sessions.begin(None)
        asked = request.query_params.get("language")
        known = asked if asked in LANGUAGES else None
        texts = chosen(known or request.cookies.get(_LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
        visit = Visit(request, console, session, token, None, texts)
        try:
            visit.user = await console.user_of(session)
            response = await _let_in(route, visit)
        except Refused as refused:
            response = _told(visit, refused)
        except MedgrpoError as error:
            response = _told(visit, _logged(request, error))
        if visit.token != token or made:
            set_session(response, console, visit.token)
        if known is not None:
            response.set_cookie(_LANGUAGE_COOKIE, known, max_age=_YEAR_SECONDS, samesite="lax", secure=console.settings.tls)
        return response

    return endpoint


def set_session(response: Response, console: Console, token: str) -> None:
    response.set_cookie(
        session_cookie(console),
        token,
        max_age=int(LIFE_SECONDS),
        httponly=True,
        samesite="strict",
        secure=console.settings.tls,
    )


async def _let_in(route: Route, visit: Visit) -> Response:
    request, console = visit.request, visit.console
    wait = console.requests.wait_seconds(visit.token if visit.user is not None else visit.address)
    if wait:
        response = _told(visit, Refused(429, "error.too_often"))
        response.headers["retry-after"] = str(math.ceil(wait))
        return response
    if route.least is not None and visit.user is None:
        if request.method in ("GET", "HEAD") and _wants_page(request):
            return RedirectResponse(f"/sign-in?to={quote(request.url.path)}", 303)
        raise Refused(401, "error.sign_in")
    if route.least is not None and not visit.may(route.least):
        raise Refused(403, "error.role")
    if route.method == "POST":
        await _take_body(route, visit)
    return await route.handler(visit)


async def _take_body(route: Route, visit: Visit) -> None:
    headers = visit.request.headers
    if not same_origin(headers, "https" if visit.console.settings.tls else "http"):
        raise Refused(403, "error.origin")
    try:
        visit.body = await read_body(visit.request, route.body_bytes)
    except BodyTooLarge as error:
        raise Refused(413, "error.too_large") from error
    given = headers.get(CSRF_HEADER)
    if given is None and headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        given = visit.form().get(CSRF_FIELD)
    if given is None or not visit.session.csrf_matches(given):
        raise Refused(403, "error.csrf")


def _logged(request: Request, error: MedgrpoError) -> Refused:
    """What a visitor is told of an error that no handler expects: a number by which the log's line is found. The error's own words
    may name folders of this machine, and stay there."""
    number = secrets.token_hex(4)
    _LOG.error("fault %s: %s %s: %s: %s", number, request.method, request.url.path, type(error).__name__, error, exc_info=error)
    return Refused(500, "error.fault", number=number)


def _told(visit: Visit, refused: Refused) -> Response:
    why = visit.texts(refused.key, **refused.values)
    if _wants_page(visit.request):
        return visit.render("error.html", refused.status, why=why)
    return JSONResponse({"error": why}, refused.status)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
