"""Reviewing: the list of cases with search, one case with its pictures, findings and report, and what can be taken away of it."""

from __future__ import annotations

import json
import math
import re
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.responses import JSONResponse, RedirectResponse, Response

from medgrpo.cases import Party, as_kept, draft_text, drafted, notice, report_page, report_values, standing_version
from medgrpo.console.party import party_of
from medgrpo.console.people import Role
from medgrpo.console.review.desk import Desk
from medgrpo.console.review.paper import paper_of
from medgrpo.console.review.pictures import LARGE_WIDTH, SMALL_WIDTH
from medgrpo.console.route import Route
from medgrpo.console.visit import Refused, Visit

PAGE = 50
_WIDTHS = {"large": LARGE_WIDTH, "small": SMALL_WIDTH}


async def _list(visit: Visit) -> Response:
    desk = desk_of(visit)
    query = visit.request.query_params.get("q", "")[:200]
    page = _number(visit.request.query_params.get("page"), 1)
    state = await run_sync(desk.intake.look)
    found, count = await run_sync(lambda: desk.store.search(query, limit=PAGE, offset=(page - 1) * PAGE))
    pages = max(1, math.ceil(count / PAGE))
    return visit.render("review_list.html", found=found, count=count, query=query, page=page, pages=pages, intake=state)


async def _case(visit: Visit) -> Response:
    return await case_page(visit, 200)


async def case_page(
    visit: Visit, status: int, *, why: str | None = None, kept: dict[str, str] | None = None, late: bool = False
) -> Response:
    """The page of a case. `why`: what did not work; `kept`: what had been typed then, so that nobody types it again.
    `late`: because somebody else was faster, whose words are shown beside it."""
    desk = desk_of(visit)
    given = kept or {}
    parameters = visit.request.query_params
    case = await desk.case(visit)
    paper = await run_sync(lambda: paper_of(desk, case, redraft="redraft" in parameters and not given))
    theirs = paper.newest.text if paper.newest is not None and "parent" in given else ""
    name = visit.user.name if visit.user is not None and visit.session.user is not None else None
    at = _seconds(parameters.get("at"))
    party = party_of(visit.request.headers["host"], visit.console.settings)
    return await in_thread(
        visit,
        "review.html",
        status,
        paper=paper,
        at=paper.first_seconds if at is None else min(at, case.duration_seconds),
        why=why,
        kept=given,
        clash=await desk.compared(theirs, as_kept(given.get("text", ""))) if late else None,
        done=parameters.get("done") if parameters.get("done") in ("corrected", "written", "signed") else None,
        may_review=name is not None and visit.user is not None and visit.user.role is Role.CLINICIAN,
        name=name,
        has_passkey=isinstance(party, Party) and name is not None and bool(await run_sync(desk.store.passkeys.usable, name, party)),
    )


async def _version(visit: Visit) -> Response:
    desk = desk_of(visit)
    case = await desk.case(visit)
    versions = await run_sync(desk.store.versions, case.id)
    number = _number(visit.request.path_params["number"], 0)
    if not 1 <= number <= len(versions):
        raise Refused(404, "error.no_page")
    version = versions[number - 1]
    before = versions[version.parent - 1].text if version.parent else ""
    return await in_thread(
        visit,
        "review_version.html",
        200,
        case=case,
        version=version,
        versions=versions,
        compared=await desk.compared(before, version.text),
        notice=notice(version, versions),
    )


async def _picture(visit: Visit) -> Response:
    desk = desk_of(visit)
    case = await desk.case(visit)
    seconds = _seconds(visit.request.query_params.get("at"))
    width = _WIDTHS.get(visit.request.query_params.get("size", "large"))
    if seconds is None or width is None:
        raise Refused(400, "error.form")
    shown = await run_sync(lambda: desk.dossiers.of(case).pictures.at(seconds, width))
    if shown is None:
        return JSONResponse({"error": visit.texts("review.no_picture")}, 404)
    headers = {"x-medgrpo-seconds": f"{shown.seconds:.3f}", "x-medgrpo-dimmed": "yes" if shown.dimmed else "no"}
    return Response(shown.jpeg, media_type="image/jpeg", headers=headers)


async def _report_html(visit: Visit) -> Response:
    desk = desk_of(visit)
    case = await desk.case(visit)

    def page() -> str:
        versions, corrections = desk.store.versions(case.id), desk.store.corrections(case.id)
        draft = draft_text(desk.dossiers.of(case).folder, case.name, corrections)
        return report_page(case, standing_version(versions), versions, corrections, draft)

    return _file(await run_sync(page), f"{case.name}.html", "text/html; charset=utf-8")


async def _report_json(visit: Visit) -> Response:
    desk = desk_of(visit)
    case = await desk.case(visit)

    def values() -> str:
        versions, corrections = desk.store.versions(case.id), desk.store.corrections(case.id)
        folder = desk.dossiers.of(case).folder
        report, draft = drafted(folder, case.name, corrections), draft_text(folder, case.name, corrections)
        return json.dumps(
            report_values(case, standing_version(versions), versions, corrections, report, draft), ensure_ascii=False, indent=1
        )

    return _file(await run_sync(values), f"{case.name}.json", "application/json")


def desk_of(visit: Visit) -> Desk:
    """Refused 404 where this console has no store of cases."""
    if visit.console.desk is None:
        raise Refused(404, "error.no_store")
    return visit.console.desk


async def in_thread(visit: Visit, template: str, status: int, **values: object) -> Response:
    """A page that may be long (a report has 200,000 characters): other requests go on meanwhile."""
    return await run_sync(lambda: visit.render(template, status, **values))


def back(id: str, done: str, place: str) -> Response:
    """To the page of the case, after something was done there."""
    return RedirectResponse(f"/review/{id}?done={done}#{place}", 303)


def _file(content: str, name: str, kind: str) -> Response:
    """To be kept, not shown: a page of its own has a style of its own, which this console's policy does not let in."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return Response(
        content,
        media_type=kind,
        headers={"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"},
    )


def _seconds(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else -1.0
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() and 0 < len(text) < 7 and int(text) > 0 else otherwise


ROUTES = (
    Route("GET", "/review", _list, Role.VIEWER),
    Route("GET", "/review/{id}", _case, Role.VIEWER),
    Route("GET", "/review/{id}/picture.jpg", _picture, Role.VIEWER),
    Route("GET", "/review/{id}/versions/{number}", _version, Role.VIEWER),
    Route("GET", "/review/{id}/report.html", _report_html, Role.VIEWER),
    Route("GET", "/review/{id}/report.json", _report_json, Role.VIEWER),
)
