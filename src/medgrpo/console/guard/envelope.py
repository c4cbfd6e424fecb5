"""What every response carries and every request must: security headers, and a Host that is ours."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from medgrpo.console.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not no-referrer: browsers would then send `Origin: null` with our own forms
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_STRICT_TRANSPORT = "max-age=31536000"


class Envelope:
    """ASGI middleware around everything, errors included. What does not say how it may be cached is not stored at all."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self._settings.tls:
                    headers["strict-transport-security"] = _STRICT_TRANSPORT
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if _host(Headers(scope=scope).get("host", "")) not in self._settings.called:
            await PlainTextResponse("this console is not called by that name\n", 421)(scope, receive, sent)
            return
        await self._app(scope, receive, sent)


def _host(header: str) -> str:
    """Without its port, in small letters; brackets of an IPv6 address stay."""
    host, colon, port = header.rpartition(":")
    return (host if colon and port.isdecimal() else header).lower()
