"""One line of the table of routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

from medgrpo.console.people import Role
from medgrpo.console.visit import Visit

Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """`least`: the role that is needed, None for anybody at all. `body_bytes`: how much a POST may bring."""

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    least: Role | None
    body_bytes: int = 16 << 10
