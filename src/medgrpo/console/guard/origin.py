"""Whether a request that changes something was sent by one of our own pages."""

from __future__ import annotations

from collections.abc import Mapping


def same_origin(headers: Mapping[str, str], scheme: str) -> bool:
    """By `Origin`, which every browser sends with a POST and no page can set. Without it the answer is no."""
    origin, host = headers.get("origin"), headers.get("host")
    return origin is not None and host is not None and origin.lower() == f"{scheme}://{host.lower()}"
