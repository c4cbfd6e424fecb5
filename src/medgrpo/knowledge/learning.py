"""Procedures learned from annotated recordings: which actions, in which order, how long. Counts are kept beside every figure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from statistics import fmean, quantiles

from pydantic import ValidationError

from medgrpo.core import Config, KnowledgeError, Span
from medgrpo.knowledge.citation import Citation

Quartiles = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Recording:
    """One annotated video: the concept of its procedure and its actions (concept id, when), in the order of their starts."""

    id: str
    procedure: str
    duration_seconds: float
    actions: tuple[tuple[str, Span], ...]


class LearnedAction(Config):
    """One action inside one procedure. `place` is its mean place in a recording, 0 first to 1 last; `followed_by` counts pairs."""

    action: str
    segments: int
    videos: int
    seconds: Quartiles
    place: float
    starts: int
    ends: int
    followed_by: dict[str, int]


class LearnedProcedure(Config):
    """What the recordings of one procedure show; `video_seconds` are quartiles of the videos' lengths."""

    procedure: str
    videos: int
    segments: int
    video_seconds: Quartiles
    actions: tuple[LearnedAction, ...]


class LearnedSet(Config):
    """All procedures learned from one data set, with its credit and the parts of it that were read."""

    system: str
    splits: tuple[str, ...]
    citation: Citation
    procedures: tuple[LearnedProcedure, ...]


def learn(recordings: Iterable[Recording]) -> tuple[LearnedProcedure, ...]:
    """Counts, pairs and quartiles per procedure, sorted by procedure; a recording without an action counts as a video."""
    by_procedure: dict[str, list[Recording]] = defaultdict(list)
    for recording in recordings:
        by_procedure[recording.procedure].append(recording)
    return tuple(_learn_one(name, by_procedure[name]) for name in sorted(by_procedure))


def _learn_one(name: str, recordings: Sequence[Recording]) -> LearnedProcedure:
    seconds: dict[str, list[float]] = defaultdict(list)
    places: dict[str, list[float]] = defaultdict(list)
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    videos: Counter[str] = Counter()
    starts: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for recording in recordings:
        names = [action for action, _ in recording.actions]
        videos.update(set(names))
        starts.update(names[:1])
        ends.update(names[-1:])
        for place, (action, span) in enumerate(recording.actions):
            seconds[action].append(span.duration_seconds)
            places[action].append(place / max(1, len(names) - 1))
        for before, after in pairwise(names):
            pairs[before][after] += 1
    actions = tuple(
        LearnedAction(
            action=action,
            segments=len(seconds[action]),
            videos=videos[action],
            seconds=quartiles(seconds[action]),
            place=round(fmean(places[action]), 3),
            starts=starts[action],
            ends=ends[action],
            followed_by=dict(pairs[action].most_common()),
        )
        for action in sorted(seconds, key=lambda one: (fmean(places[one]), one))
    )
    return LearnedProcedure(
        procedure=name,
        videos=len(recordings),
        segments=sum(one.segments for one in actions),
        video_seconds=quartiles([recording.duration_seconds for recording in recordings]),
        actions=actions,
    )


def quartiles(values: Sequence[float]) -> Quartiles:
    """Lower quartile, median, upper quartile, by linear interpolation between the values (type 7 of Hyndman and Fan, 1996)."""
    if len(values) == 1:
        only = round(values[0], 2)
        return only, only, only
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return round(low, 2), round(middle, 2), round(high, 2)


def learned_to_text(learned: LearnedSet) -> str:
    """JSON, one line per procedure."""
    values = learned.model_dump(mode="json")
    procedures = values.pop("procedures")
    head = json.dumps(values, ensure_ascii=False)[:-1]
    rows = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in procedures)
    return f'{head}, "procedures": [\n{rows}\n]}}\n'


def read_learned(path: Path) -> LearnedSet:
    """What `learned_to_text` wrote; KnowledgeError names the file and the entry."""
    try:
        return LearnedSet.model_validate_json(path.read_bytes())
    except OSError as error:
        raise KnowledgeError(path, "file", error.strerror or "cannot be read") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise KnowledgeError(path, ".".join(map(str, first["loc"])) or "file", first["msg"]) from error


@lru_cache(maxsize=1)
def load_learned() -> LearnedSet:
    """What NurViD's annotations show of its 51 procedures: written by `medgrpo knowledge learn nurvid`."""
    return LearnedSet.model_validate_json(files("medgrpo.knowledge").joinpath("data/nurvid_procedures.json").read_bytes())
