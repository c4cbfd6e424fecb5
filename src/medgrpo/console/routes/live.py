"""A case while it happens: the page, its events, its pictures, and people's answers."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import cast

from anyio.to_thread import run_sync
from starlette.responses import JSONResponse, Response, StreamingResponse

from medgrpo.audit import Attachment
from medgrpo.console.live.board import NOTHING_YET
from medgrpo.console.live.events import events
from medgrpo.console.live.picture import SIZES
from medgrpo.console.live.telling import tell, watched_case
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import VideoError
from medgrpo.stream import Answer

MOST_STREAMS = 100
_PICTURE_SECONDS = 4.0
_ALERT, _VERSION = re.compile(r"(R\d{1,9}-)?A\d{4,9}"), re.compile(r"\d{0,20}")


async def _page(visit: Visit) -> Response:
    folder = visit.case()
    visit.console.hub.feed(folder).pictures.want()  # by the time the page asks, there is one
    words = visit.texts.within(
        "live", "sound", "phase", "phase_short", "channel", "instrument", "goal", "state", "priority", "decision", "level"
    )
    return visit.render("live.html", case=folder.name, words=words, answers=visit.may(Role.CLINICIAN))


async def _events(visit: Visit) -> Response:
    console = visit.console
    feed = console.hub.feed(visit.case())
    if console.hub.viewers >= MOST_STREAMS:
        raise Refused(503, "error.full")
    last = visit.request.headers.get("last-event-id", "")
    since = int(last) if last.isdecimal() and len(last) < 16 else NOTHING_YET

    async def goes_on() -> bool:
        if console.closing or console.sessions.find(visit.token) is not visit.session:
            return False
        return await console.user_of(visit.session) is not None

    return StreamingResponse(events(feed, since, goes_on), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _picture(visit: Visit) -> Response:
    asked = visit.request.query_params
    version, width = asked.get("after", ""), asked.get("width", "")
    if not _VERSION.fullmatch(version) or not width.isdecimal() or int(width) not in SIZES:
        raise Refused(400, "error.form")
    feed = visit.console.hub.feed(visit.case())
    try:
        picture = await feed.pictures.after(version, int(width), _PICTURE_SECONDS)
    except (OSError, VideoError) as error:
        raise Refused(503, "error.picture") from error
    if picture is None:
        return Response(status_code=204)
    about = json.dumps({**picture.about, "version": picture.version}, separators=(",", ":"))
    return Response(picture.jpeg, media_type="image/jpeg", headers={"x-picture": about})


async def _answer(visit: Visit) -> Response:
    folder, given = await watched_case(visit), visit.json()
    action, why = given.get("action"), given.get("why", "")
    if action not in ("acknowledge", "dismiss") or not isinstance(why, str) or (action == "dismiss" and not why.strip()):
        raise Refused(400, "error.reason")

    def answer(number: str, by: str) -> Answer:
        because = why.strip() if action == "dismiss" else None
        return Answer(id=number, alert=cast("str", given.get("alert")), by=by, dismissed_because=because)

    return await tell(visit, folder, answer)


async def _thought(visit: Visit) -> Response:
    feed = visit.console.hub.feed(visit.case())
    await feed.caught_up()
    thought = feed.fold.thoughts.get(visit.request.path_params["number"])
    if thought is None:
        raise Refused(404, "error.no_page")
    return JSONResponse({**thought, "sources": {key: feed.fold.names.source(key) for key in thought["cited"]}})


async def _evidence(visit: Visit) -> Response:
    alert = visit.request.path_params["alert"]
    if not _ALERT.fullmatch(alert):
        raise Refused(404, "error.no_page")
    folder = visit.case()
    feed = visit.console.hub.feed(folder)
    await feed.caught_up()
    known = feed.fold.board.get("alerts", alert)
    if known is None or known["evidence"] is None:
        raise Refused(404, "error.no_page")
    if known["evidence"]["deleted"]:
        raise Refused(410, "error.evidence_deleted")
    picture = Attachment(known["evidence"]["file"], known["evidence"]["sha256"])
    return Response(await run_sync(_genuine, picture, folder), media_type="image/jpeg")


def _genuine(picture: Attachment, case: Path) -> bytes:
    """The file, if it is the one whose hash the record holds. Refused else, with the reason."""
    try:
        data = picture.place(case).read_bytes()
    except FileNotFoundError as error:
        raise Refused(410, "error.evidence_gone") from error
    except ValueError as error:  # the record names a file outside of the case
        raise Refused(409, "error.evidence_altered") from error
    except OSError as error:
        raise Refused(503, "error.picture") from error
    if picture.kind != "evidence" or hashlib.sha256(data).hexdigest() != picture.sha256:
        raise Refused(409, "error.evidence_altered")
    return data


ROUTES = (
    Route("GET", "/cases/{case}", _page, Role.VIEWER),
    Route("GET", "/cases/{case}/events", _events, Role.VIEWER),
    Route("GET", "/cases/{case}/picture", _picture, Role.VIEWER),
    Route("GET", "/cases/{case}/thoughts/{number}", _thought, Role.VIEWER),
    Route("GET", "/cases/{case}/evidence/{alert}", _evidence, Role.VIEWER),
    Route("POST", "/cases/{case}/answers", _answer, Role.CLINICIAN),
)
