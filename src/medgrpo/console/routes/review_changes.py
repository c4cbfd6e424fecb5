"""What a clinician does to a case: correct a finding, write the report, sign it. Nothing is overwritten; who is late is told."""

from __future__ import annotations

import math
from collections.abc import Callable

from anyio.to_thread import run_sync
from starlette.responses import Response

from medgrpo.cases import Verdict
from medgrpo.console.people import Role
from medgrpo.console.route import Route
from medgrpo.console.routes.review import back, case_page, desk_of
from medgrpo.console.unpathed import without_paths
from medgrpo.console.visit import Refused, Visit
from medgrpo.core import AccessError, ConflictError, InputError, RecordError

_REPORT_BYTES = 2 << 20


async def _correct(visit: Visit) -> Response:
    desk, fields = desk_of(visit), visit.form()
    case = await desk.case(visit)
    finding = str(visit.request.path_params["finding"])
    try:
        verdict, seen = Verdict(fields.get("verdict", "")), int(fields.get("seen", ""))
    except ValueError as error:
        raise Refused(400, "error.form") from error
    paper_said = await run_sync(lambda: desk.said(case, finding))
    if paper_said is None:
        raise Refused(404, "error.no_page")

    def change() -> None:
        text = fields.get("text") if verdict is Verdict.REWORDED else None
        desk.store.correct(case.id, finding, verdict, text, fields.get("reason", ""), _name(visit), seen=seen, said=paper_said)

    return await _done(visit, change, "corrected", finding, {**fields, "finding": finding})


async def _write(visit: Visit) -> Response:
    desk, fields = desk_of(visit), visit.form()
    case = await desk.case(visit)
    try:
        parent = int(fields.get("parent", ""))
    except ValueError as error:
        raise Refused(400, "error.form") from error

    def change() -> None:
        desk.store.write(case.id, fields.get("text", ""), _name(visit), parent=parent, note=fields.get("note", ""))

    return await _done(visit, change, "written", "report", fields)


async def _sign(visit: Visit) -> Response:
    desk, fields = desk_of(visit), visit.form()
    case = await desk.case(visit)
    name = _name(visit)
    key = f"{visit.address} {name}"
    wait = visit.console.sign_ins.wait_seconds(key)
    if wait:
        page = await case_page(visit, 429, why=visit.texts("sign_in.wait", seconds=math.ceil(wait)))
        page.headers["retry-after"] = str(math.ceil(wait))
        return page
    try:
        number = int(fields.get("number", ""))
    except ValueError as error:
        raise Refused(400, "error.form") from error

    def change() -> None:
        desk.store.sign(case.id, number, fields.get("sha256", ""), name, fields.get("password", ""))
        visit.console.sign_ins.forget(key)

    return await _done(visit, change, "signed", "report", {})


async def _done(visit: Visit, change: Callable[[], None], done: str, place: str, fields: dict[str, str]) -> Response:
    """Make the change in a thread; what does not work is told on the page, with what had been typed."""
    id, cases = str(visit.request.path_params["id"]), visit.console.settings.cases
    try:
        await run_sync(change)
    except ConflictError:
        return await case_page(
            visit, 409, why=visit.texts("review.conflict" if fields else "review.conflict_sign"), kept=fields, late=True
        )
    except AccessError:
        return await case_page(visit, 403, why=visit.texts(f"review.not_{done}"), kept=fields)
    except InputError as error:
        return await case_page(visit, 400, why=visit.texts("review.refused", why=without_paths(error, cases)), kept=fields)
    except RecordError as error:
        return await case_page(visit, 500, why=visit.texts("review.not_kept", why=without_paths(error, cases)), kept=fields)
    return back(id, done, place)


def _name(visit: Visit) -> str:
    """Of whoever signed in: without an account nobody puts a name under anything."""
    if visit.user is None or visit.session.user is None:
        raise Refused(403, "review.needs_account")
    return visit.user.name


ROUTES = (
    Route("POST", "/review/{id}/findings/{finding}", _correct, Role.CLINICIAN, 64 << 10),
    Route("POST", "/review/{id}/report", _write, Role.CLINICIAN, _REPORT_BYTES),
    Route("POST", "/review/{id}/sign", _sign, Role.CLINICIAN),
)
