"""A site from its TOML file. Names of channels are held against those that there are: a misspelt one would change nothing, and the
channel that was meant would go on as if nobody had written of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from medgrpo.core import nearest, read_settings
from medgrpo.reasoning import RULES
from medgrpo.stream import technical
from medgrpo.stream.alerts import Site

CHANNEL_NAMES = tuple(sorted({rule.hazard for rule in RULES} | set(technical.CHANNELS)))
"""Every channel that can be alerted about: risks, and technical ones."""
_NAMING = ("grouped_under", "carries")
"""What of a channel's policy names other channels."""


def load_site(path: Path) -> Site:
    """SettingsError holds a line for everything in the file that cannot be."""
    return read_settings(path, Site, _unknown)


def _unknown(tables: Mapping[str, Any]) -> Iterator[str]:
    """Where a channel is named that is none. What is no table is told of by whoever reads the rest."""
    channels = tables.get("channels")
    if not isinstance(channels, dict):
        return
    for name, policy in cast("Mapping[str, Any]", channels).items():
        if name not in CHANNEL_NAMES:
            yield f"channels.{name}: no such channel: {_meant(name)}"
        if isinstance(policy, dict):
            for key in _NAMING:
                others: object = cast("Mapping[str, Any]", policy).get(key)
                for other in cast("list[object]", others) if isinstance(others, list) else []:
                    if isinstance(other, str) and other not in CHANNEL_NAMES:
                        yield f"channels.{name}.{key}: no such channel: {_meant(other)}"


def _meant(name: str) -> str:
    near = nearest(name, CHANNEL_NAMES)
    return f"{name!r}: did you mean {near}?" if near else f"{name!r}; there are {', '.join(CHANNEL_NAMES)}"
