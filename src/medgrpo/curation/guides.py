"""Boxes that a source's annotation has and its questions do not carry: one function per source, listed in GUIDES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from medgrpo.core import Box
from medgrpo.knowledge import INSTRUMENTS, TARGETS, VERBS, Instance
from medgrpo.sources import read_video

Boxes = Mapping[int, tuple[tuple[str, Box], ...]]
"""Frame number -> what is boxed in it, with its label."""


def _cholect50(folder: Path, video: str) -> Boxes:
    """The instruments' tips by second, each with its action."""
    return {
        frame.seconds: tuple(
            (_said(one), one.instrument_box)
            for one in frame.instances
            if one.instrument is not None and one.instrument_box is not None
        )
        for frame in read_video(folder, video).frames
    }


def _said(one: Instance) -> str:
    names = [
        names[index].replace("_", " ")
        for names, index in ((INSTRUMENTS, one.instrument), (VERBS, one.verb), (TARGETS, one.target))
        if index is not None and not names[index].startswith("null")
    ]
    return " ".join(names)


GUIDES: Mapping[str, Callable[[Path, str], Boxes]] = {"CholecT50": _cholect50}
