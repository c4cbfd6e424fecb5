"""What somebody does on a live page, on its way to the process that watches the case (`medgrpo.stream.Inbox`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from anyio.to_thread import run_sync
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from medgrpo.console.listing import Standing
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import RecordError
from medgrpo.stream import Answer, SoundChange, leave_answer


async def watched_case(visit: Visit) -> Path:
    """Its folder. Refused where nobody is watching it: nobody would take what is left there."""
    folder = visit.case()
    feed = visit.console.hub.feed(folder)
    await feed.caught_up()
    if feed.standing is not Standing.LIVE:
        raise Refused(409, "error.not_live")
    return folder


async def tell(visit: Visit, folder: Path, make: Callable[[str, str], Answer | SoundChange]) -> Response:
    """Leave what `make` gives for a new id and the person's name; answer with the id. Refused where it cannot be, or be left."""
    assert visit.user is not None
    try:
        told = make(secrets.token_hex(16), visit.user.name)
    except ValidationError as error:
        raise Refused(400, "error.form") from error
    try:
        await run_sync(leave_answer, folder, told)
    except RecordError as error:
        raise Refused(503, "error.not_left") from error
    return JSONResponse({"request": told.id}, 202)
