"""What somebody did with the sound of one browser, told to the record. The sound itself is the browser's: nothing here makes it."""

from __future__ import annotations

from starlette.responses import Response

from medgrpo.console.live.telling import tell, watched_case
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.visit import Visit
from medgrpo.stream import SoundChange

_FIELDS = ("sound", "pause_seconds", "ago_seconds")


async def _sound(visit: Visit) -> Response:
    folder, given = await watched_case(visit), visit.json()
    known = {key: given[key] for key in _FIELDS if key in given}
    return await tell(visit, folder, lambda number, by: SoundChange.model_validate({**known, "id": number, "by": by}))


ROUTES = (Route("POST", "/cases/{case}/sound", _sound, Role.CLINICIAN),)
