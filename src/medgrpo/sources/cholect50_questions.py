"""CholecT50 -> questions about phases and action triplets. A label holds for the second that begins with its frame.

Seconds without labels say nothing, so that a clip is an unbroken stretch of labelled seconds: the whole
video where none is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError, Span
from medgrpo.knowledge import PHASES, TRIPLETS, Instance
from medgrpo.sources.card import Source, SourceCard
from medgrpo.sources.grounding import TimedVideo, grounding, next_actions
from medgrpo.sources.medvidbench import BenchmarkRecord
from medgrpo.sources.problem import Problem

SHORTEST_CLIP_SECONDS = 20
"""MedVidBench's shortest clip."""


def _records(folder: Path) -> Iterator[BenchmarkRecord | Problem]:
    paths = sorted(folder.glob("labels/*.json"))
    if not paths:
        raise DataError(folder, "holds no CholecT50 labels: expected labels/VIDxx.json")
    index = 0
    for path in paths:
        seconds: dict[int, tuple[set[str], set[str]]] = {}
        for second, found in _labels(path):
            if isinstance(found, Problem):
                yield found
            else:
                seconds[second] = found
        for first, last in _stretches(sorted(seconds)):
            if last - first < SHORTEST_CLIP_SECONDS:
                continue
            phases = _timed(path.stem, first, last, {second: seconds[second][0] for second in range(first, last)}, PHASES)
            actions = _timed(path.stem, first, last, {second: seconds[second][1] for second in range(first, last)}, ())
            for make, video in ((grounding, phases), (grounding, actions), (next_actions, phases)):
                for record in make(video, index):
                    yield record
                    index += 1


def _labels(path: Path) -> Iterator[tuple[int, tuple[set[str], set[str]] | Problem]]:
    """Per second its phases and its triplets in words."""
    try:
        annotations = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8"))["annotations"])
        entries = list(annotations.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        yield -1, Problem(path, "the file", f"not a CholecT50 label file ({error})")
        return
    for key, rows in entries:
        try:
            second = int(key)
            held = [Instance.from_vector(row) for row in rows]
        except (ValueError, TypeError) as error:
            yield -1, Problem(path, f"second {key}", str(error))
            continue
        acts = [TRIPLETS[one.triplet] for one in held if one.triplet is not None]
        words = {f"{act.instrument} {act.verb} {act.target}".replace("_", " ") for act in acts if act.verb != "null_verb"}
        yield second, ({PHASES[one.phase] for one in held if one.phase is not None}, words)


def _stretches(seconds: list[int]) -> list[tuple[int, int]]:
    """Unbroken runs as (first, one past the last)."""
    runs: list[tuple[int, int]] = []
    for second in seconds:
        if runs and runs[-1][1] == second:
            runs[-1] = (runs[-1][0], second + 1)
        else:
            runs.append((second, second + 1))
    return runs


def _timed(video: str, first: int, last: int, labels: Mapping[int, set[str]], listed: tuple[str, ...]) -> TimedVideo:
    segments: list[tuple[Span, str]] = []
    for label in sorted(set[str]().union(*labels.values())):
        runs = _stretches([second for second in sorted(labels) if label in labels[second]])
        segments += [(Span(float(start), float(end)), label) for start, end in runs]
    return TimedVideo("CholecT50", video, False, float(last), tuple(sorted(segments)), listed, float(first))


CHOLECT50 = Source(
    SourceCard(
        name="CholecT50",
        licence="CC BY-NC-SA 4.0",
        where="CAMMA, University of Strasbourg, by request form (labels/VIDxx.json)",
        tasks=("temporal_grounding", "next_action"),
        left_out="dense captioning and video summary: language models write their texts; no split is given: `train` is false",
        on_real_files=True,
    ),
    _records,
)
