"""How long something is, in words; a moment of a video is `core.clock`."""

from __future__ import annotations


def length(seconds: float) -> str:
    """`41 s`, `9 min 58 s`, `1 h 02 min`: a whole number of seconds, rounded."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min" if whole // 60 % 60 else f"{whole // 3600} h"
