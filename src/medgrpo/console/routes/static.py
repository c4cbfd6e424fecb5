"""The files of pages, without signing in: there is nothing in them but code and style."""

from __future__ import annotations

from starlette.responses import Response

from medgrpo.console.assets import assets
from medgrpo.console.route import Route
from medgrpo.console.visit import Refused, Visit


async def _file(visit: Visit) -> Response:
    asset = assets().get(visit.request.path_params["name"])
    if asset is None:
        raise Refused(404, "error.no_page")
    headers = {"cache-control": "no-cache", "etag": asset.tag, "vary": "accept-encoding"}
    if visit.request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in visit.request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.kind)
    return Response(asset.plain, headers=headers, media_type=asset.kind)


ROUTES = (Route("GET", "/static/{name}", _file, None),)
