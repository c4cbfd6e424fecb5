"""A case that was gone on with: each process that watched it counted seconds from 0; here they stand on the line of the case."""

from __future__ import annotations

from datetime import datetime

_LEAST_AWAY_SECONDS = 1.0


def gone_on_at(opened: str, resumed: str, last_seconds: float) -> float:
    """The second of the case at which the process that wrote `resumed` begins to count, of the wall times of both entries.

    At least a second after the last that is known: the wall clock may have been set back, and a file that is watched as fast as it
    can be is ahead of it. ValueError where a time is none, TypeError where one lacks its zone.
    """
    away = (datetime.fromisoformat(resumed) - datetime.fromisoformat(opened)).total_seconds()
    return max(away, last_seconds + _LEAST_AWAY_SECONDS)
