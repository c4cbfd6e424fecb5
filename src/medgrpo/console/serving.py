"""Running the application until somebody stops it."""

from __future__ import annotations

import socket
from types import FrameType

from medgrpo.core import InputError, MissingExtra

try:
    import uvicorn
except ImportError as error:
    raise MissingExtra("the console", "serve", "uvicorn") from error

from medgrpo.console.app import App
from medgrpo.console.settings import Settings

_LEAVE_SECONDS = 2
"""Open pages hold their stream for ever: at the end they are cut off after so long."""
_MOST_CONNECTIONS = 512


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._app.console.closing = True
        super().handle_exit(sig, frame)


def serve(app: App, listener: socket.socket) -> None:
    """Answers what comes in at `listener`, which `listening` gave for the app's settings. Blocks until Ctrl-C or SIGTERM."""
    settings = app.console.settings
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        access_log=False,
        log_level="warning",
        proxy_headers=False,  # no header may say who somebody is
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LEAVE_SECONDS,
        h11_max_incomplete_event_size=16 << 10,
        ws="none",
    )
    _Server(config, app).run(sockets=[listener])


def listening(settings: Settings) -> socket.socket:
    """The address, had: who connects from now on waits until `serve` answers. InputError when it cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_MOST_CONNECTIONS)
    except OSError as error:
        why = f"{error.strerror or error}; give another --host or --port"
        raise InputError(f"{settings.address} cannot be listened at: {why}") from error
