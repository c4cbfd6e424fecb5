"""The body of a request, never more of it than its route takes."""

from __future__ import annotations

from starlette.requests import Request


class BodyTooLarge(Exception):
    """The body is longer than its route takes; no more than that was read."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body. BodyTooLarge by what is announced, or by what comes, whichever is first."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > most_bytes:
        raise BodyTooLarge
    parts, size = list[bytes](), 0
    async for part in request.stream():
        size += len(part)
        if size > most_bytes:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)
