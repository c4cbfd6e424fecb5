"""One request on its way to a handler: who asks, in which language, with what in its body. Handlers take it and give a response."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse

from medgrpo.console.guard.sessions import Session
from medgrpo.console.pages import rendered
from medgrpo.console.people import Role, User
from medgrpo.console.texts import Texts

if TYPE_CHECKING:
    from medgrpo.console.parts import Console


class Refused(Exception):
    """A handler cannot do what was asked: an HTTP status, and the key of the text that says why (`error.*`) with its values."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        self.status, self.key, self.values = status, key, values
        super().__init__(f"{status} {key}")


@dataclass(slots=True)
class Visit:
    """`user` None: not signed in (only routes that ask for no role see that). `body`: at most what the route takes."""

    request: Request
    console: Console
    session: Session
    token: str
    user: User | None
    texts: Texts
    body: bytes = b""

    def may(self, least: Role) -> bool:
        return self.user is not None and self.user.role.may(least)

    @property
    def address(self) -> str:
        """Where it comes from, for limits of rate; empty where the server does not say."""
        client = self.request.client
        return "" if client is None else client.host

    def form(self) -> dict[str, str]:
        """The fields of a form as browsers send it, the last of each name. Refused 400 when it is none."""
        try:
            text = self.body.decode("utf-8")
            return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=1000))
        except ValueError as error:
            raise Refused(400, "error.form") from error

    def json(self) -> dict[str, Any]:
        """The object in the body. Refused 400 when it is none."""
        try:
            found: object = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, "error.form") from error
        if not isinstance(found, dict):
            raise Refused(400, "error.form")
        return cast("dict[str, Any]", found)

    def case(self) -> Path:
        """The folder of the case that the path names. Refused 404 when there is none: no name leads out of the cases' folder."""
        folder = self.console.case(self.request.path_params["case"])
        if folder is None:
            raise Refused(404, "error.no_case")
        return folder

    def render(self, template: str, status: int = 200, **values: object) -> HTMLResponse:
        """A page from `templates/`; every template also knows `t` (texts), `user`, `csrf`, `languages`."""
        return HTMLResponse(
            rendered(
                template,
                t=self.texts,
                language=self.texts.language,
                user=self.user,
                signed_in=self.session.user is not None,
                csrf=self.session.csrf,
                has_store=self.console.desk is not None,
                **values,
            ),
            status,
        )
