"""What somebody did with the sound of one browser, told to the record. The sound itself is the browser's: nothing here makes it."""

from __future__ import annotations

import secrets

from anyio.to_thread import run_sync
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from medgrpo.console.listing import Standing
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import RecordError
from medgrpo.stream import SoundChange, leave_answer

_FIELDS = ("sound", "pause_seconds", "ago_seconds")


async def _sound(visit: Visit) -> Response:
    folder, given = visit.case(), visit.json()
    feed = visit.console.hub.feed(folder)
    await feed.caught_up()
    if feed.standing is not Standing.LIVE:
        raise Refused(409, "error.not_live")
    assert visit.user is not None
    known = {key: given[key] for key in _FIELDS if key in given}
    try:
        change = SoundChange.model_validate({**known, "id": secrets.token_hex(16), "by": visit.user.name})
    except ValidationError as error:
        raise Refused(400, "error.form") from error
    try:
        await run_sync(leave_answer, folder, change)
    except RecordError as error:
        raise Refused(503, "error.not_left") from error
    return JSONResponse({"request": change.id}, 202)


ROUTES = (Route("POST", "/cases/{case}/sound", _sound, Role.CLINICIAN),)
