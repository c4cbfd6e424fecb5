"""The console as an ASGI application."""

from __future__ import annotations

from medgrpo.core import MissingExtra

try:
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route as StarletteRoute
    from starlette.types import Receive, Scope, Send
except ImportError as error:
    raise MissingExtra("the console", "serve", "starlette") from error

from medgrpo.cases import CaseStore
from medgrpo.console.guard.door import guarded
from medgrpo.console.guard.envelope import Envelope
from medgrpo.console.parts import Console
from medgrpo.console.people import Users
from medgrpo.console.review.desk import Desk
from medgrpo.console.routes import ROUTES
from medgrpo.console.settings import Settings


class App:
    """ASGI. `console` is what its handlers share."""

    def __init__(self, console: Console) -> None:
        self.console = console
        routes = [StarletteRoute(route.path, guarded(route, console), methods=[route.method]) for route in ROUTES]
        self._guarded = Envelope(
            Starlette(routes=routes, exception_handlers={HTTPException: _no_page, Exception: _no_page}), console.settings
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guarded(scope, receive, send)


def make_app(settings: Settings, users: Users, store: CaseStore | None = None) -> App:
    """`store`: where cases are reviewed. InputError when it may not be started like this (see Settings.check)."""
    settings.check(users=users.any())
    return App(Console(settings, users, None if store is None else Desk(store, settings.cases)))


def _no_page(request: Request, error: Exception) -> Response:  # noqa: ARG001 - starlette's signature
    status = error.status_code if isinstance(error, HTTPException) else 500
    told = {404: "there is no such page here", 500: "a fault of this console: its log says which"}
    return PlainTextResponse(f"{told.get(status, status)}\n", status)
