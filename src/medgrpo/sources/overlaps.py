"""The same operation under several names: which videos of which data sets are one recording, for splits that must not leak.

CAMMA's cholecystectomy sets (Cholec80, CholecT50, CholecTrack20, and Cholec80-CVS on top) share one numbering; Endoscapes has
another, of which nine videos are known to be recordings of the first. AVOS and NurViD name videos by their YouTube id. Each
statement is in `data/recordings.json` beside its citation, and says whether it was read at its source or in a transcription. What
is not listed was not compared by anybody: a key of its own is no proof that the recording is another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, Self

from pydantic import model_validator

from medgrpo.core import Config

_NUMBER = re.compile(r"(?:VID|video)?0*(\d{1,4})", re.IGNORECASE)
_ON_YOUTUBE = frozenset({"AVOS", "NurViD"})
_WHOLE = {"EgoSurgery": re.compile(r"(\d+)_\d+"), "CoPESD": re.compile(r"(.+)_part\w*"), "JIGSAWS": re.compile(r"(.+)_capture[12]")}
"""Sources whose ids name a part or a view of a recording: the first group is the recording."""


class Citation(Config):
    """`seen`: was the source itself read, or a transcription of it by others?"""

    what: str
    seen: Literal["read", "transcribed"]
    note: str


class Numbered(Config):
    """Videos that bear the shared number themselves. `doubtful`: those whose identity is disputed by a citation."""

    source: str
    videos: tuple[int, ...]
    cites: tuple[str, ...]
    doubtful: tuple[int, ...]


class Renumbered(Config):
    """Videos with ids of their own -> the shared number."""

    source: str
    to_number: Mapping[int, int]
    cites: tuple[str, ...]
    doubtful: tuple[int, ...]


class Recordings(Config):
    """The table. Every citation named exists, every source occurs once, and no number occurs twice in a source."""

    citations: Mapping[str, Citation]
    numbered: tuple[Numbered, ...]
    renumbered: tuple[Renumbered, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        sources = [entry.source for entry in (*self.numbered, *self.renumbered)]
        if len(set(sources)) != len(sources):
            raise ValueError("a source occurs twice")
        for entry in (*self.numbered, *self.renumbered):
            unknown = set(entry.cites) - self.citations.keys()
            if unknown or not entry.cites:
                raise ValueError(f"{entry.source}: cites {sorted(unknown) or 'nothing'}")
        if any(
            len(set(entry.videos)) != len(entry.videos) or not set(entry.doubtful) <= set(entry.videos) for entry in self.numbered
        ):
            raise ValueError("a number occurs twice, or a doubtful one is none of the source's")
        return self


@cache
def recordings() -> Recordings:
    """The table as it lies beside this file."""
    return Recordings.model_validate_json((files("medgrpo.sources") / "data" / "recordings.json").read_text(encoding="utf-8"))


def same_recording(source: str, video: str) -> str:
    """A key that two videos share when they are known to be one recording, and that no other video has.

    `video` is the data set's own id: `VID25`, `video25` or `25` in the numbered sets, a YouTube id, `01_1` in EgoSurgery.
    """
    number = _shared_number(source, video)
    if number is not None:
        return f"cholecystectomy:{number}"
    if source in _ON_YOUTUBE:
        return f"youtube:{video}"
    whole = _WHOLE[source].fullmatch(video) if source in _WHOLE else None
    return f"{source}:{whole[1] if whole else video}"


def is_doubtful(source: str, video: str) -> bool:
    """Is it disputed what recording this is? Such a video is best kept out of the tested part."""
    found = _NUMBER.fullmatch(video)
    return found is not None and any(
        entry.source == source and int(found[1]) in entry.doubtful for entry in (*recordings().numbered, *recordings().renumbered)
    )


def _shared_number(source: str, video: str) -> int | None:
    found = _NUMBER.fullmatch(video)
    if found is None:
        return None
    number = int(found[1])
    for entry in recordings().numbered:
        if entry.source == source and number in entry.videos:
            return number
    for entry in recordings().renumbered:
        if entry.source == source:
            return entry.to_number.get(number)
    return None
