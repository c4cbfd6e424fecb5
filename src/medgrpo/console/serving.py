"""Running the application until somebody stops it."""

from __future__ import annotations

import logging

from medgrpo.core import InputError, MissingExtra

try:
    import uvicorn
    from starlette.types import ASGIApp
except ImportError as error:
    raise MissingExtra("the console", "serve", "uvicorn") from error

from medgrpo.console.settings import Settings

_LEAVE_SECONDS = 2
"""Open pages hold their stream for ever: at the end they are cut off after so long."""
_MOST_CONNECTIONS = 512


def serve(app: ASGIApp, settings: Settings) -> None:
    """Blocks until Ctrl-C or SIGTERM. InputError when the address cannot be had."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        access_log=False,
        proxy_headers=False,  # no header may say who somebody is
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LEAVE_SECONDS,
        h11_max_incomplete_event_size=16 << 10,
        ws="none",
    )
    try:
        uvicorn.Server(config).run()
    except SystemExit as error:
        why = "another program may be there already; give another --port"
        raise InputError(f"{settings.address} cannot be listened at: {why}") from error
