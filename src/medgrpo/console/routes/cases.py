"""The list of cases."""

from __future__ import annotations

from anyio.to_thread import run_sync
from starlette.responses import Response

from medgrpo.console.listing import listed
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.visit import Visit


async def _list(visit: Visit) -> Response:
    cases = await run_sync(listed, visit.console.settings.cases)
    return visit.render("cases.html", cases=cases)


ROUTES = (Route("GET", "/", _list, Role.VIEWER),)
