"""What really happened in a simulated case, from its script or its folder, and which risk alerts would therefore be right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from medgrpo.core import DataError, Span
from medgrpo.simulation import Case, FrameTruth

Labelled = tuple[str, Span]
_LOOKS_PER_SECOND = 2.0  # of a folder's frames, so many are kept
_SATISFACTORY = 5  # of 6 points of the critical view (R1)
_DUCT_OR_ARTERY = ("cystic_duct", "cystic_artery", "cystic_pedicle")
_ENERGY = tuple(f"{instrument},{verb}," for instrument in ("hook", "bipolar") for verb in ("dissect", "coagulate", "cut"))
_GONE = frozenset({"outside", "black"})
_NOT_CLEAR = _GONE | {"blurred", "obscured"}
_ACTS = ("clip applied", "structure divided", "bleeding seen", "specimen bag used")


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """Something that happened; `kind` as the simulator and the reasoner name it."""

    kind: str
    span: Span
    target: str | None


@dataclass(frozen=True, slots=True)
class TrueLook:
    """One moment: the view, the actions to be seen, and the points of the critical view reached (0..6)."""

    seconds: float
    view: str
    triplets: tuple[str, ...]
    critical_view: int


@dataclass(frozen=True, slots=True)
class CaseTruth:
    """A whole case. Phases are gapless and in order; everything else is in order of time."""

    name: str
    duration_seconds: float
    deviations: tuple[str, ...]
    phases: tuple[Labelled, ...]
    events: tuple[TrueEvent, ...]
    looks: tuple[TrueLook, ...]

    def phase_at(self, seconds: float) -> str:
        return next((phase for phase, span in self.phases if seconds < span.end_seconds), self.phases[-1][0])


def truth_of(case: Case, truths: Iterable[FrameTruth]) -> CaseTruth:
    """The truth of a case that was simulated here; `truths` as `case_truths` gives them."""
    script = case.script
    return CaseTruth(
        case.name,
        script.duration_seconds,
        tuple(deviation.value for deviation in script.deviations),
        tuple((part.phase, part.span) for part in script.phases),
        tuple(TrueEvent(event.kind.value, event.span, event.target) for event in script.events),
        tuple(
            TrueLook(one.seconds, one.view.value, tuple(tip.triplet.name for tip in one.tips), sum(one.critical_view))
            for one in truths
        ),
    )


def read_case_truth(folder: Path) -> CaseTruth:
    """The truth that `medgrpo simulate` wrote into that folder. DataError names the file that is missing or wrong."""
    path = folder / "truth.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return CaseTruth(
            str(values["case"]),
            float(values["duration_seconds"]),
            tuple(values["deviations"]),
            tuple((str(part["phase"]), _span(part)) for part in values["phases"]),
            tuple(TrueEvent(str(one["kind"]), _span(one), one["target"]) for one in values["events"]),
            tuple(_looks(folder / "truth.jsonl")),
        )
    except OSError as error:
        raise DataError(path, f"cannot be read: {error.strerror}: is this the folder of a simulated case?") from error
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(path, f"is not the truth of a simulated case: {error!r}") from error


def conditions(truth: CaseTruth) -> dict[str, list[Span]]:
    """By risk channel, when its condition holds: an alert then is right, any other is false.

    R1 `clip_before_dissection`: clips on duct or artery before 5 of 6 points of the critical view. R2 `division_before_clip`:
    duct or artery cut before any clip. R5 `bleeding`. R7 `energy_without_view`: an energy device at work until the picture
    was black or from outside. `view`: not a clear view from inside. `phase_order` (R8) and `prolonged_dissection` (R6, beyond the
    high end of the typical length) never hold in a simulated case of an hour or less. Acts closer than a minute are one condition.
    """
    clips = [event for event in truth.events if event.kind == "clip applied" and event.target in _DUCT_OR_ARTERY]
    cuts = [event for event in truth.events if event.kind == "structure divided" and event.target in _DUCT_OR_ARTERY]
    early = [clip.span for clip in clips if _points(truth.looks, clip.span.start_seconds) < _SATISFACTORY]
    bare = [cut.span for cut in cuts if not any(clip.span.start_seconds < cut.span.start_seconds for clip in clips)]
    lost = list(_stretches(truth.looks, _NOT_CLEAR))
    gone = list(_stretches(truth.looks, _GONE))
    return {
        "clip_before_dissection": _joined(early, 60.0),
        "division_before_clip": _joined(bare, 60.0),
        "bleeding": [event.span for event in truth.events if event.kind == "bleeding seen"],
        "view": lost,
        "energy_without_view": [span for span in gone if _energy_before(truth.looks, span.start_seconds)],
        "phase_order": [],
        "prolonged_dissection": [],
    }


def _points(looks: Sequence[TrueLook], seconds: float) -> int:
    past = [look.critical_view for look in looks if look.seconds <= seconds]
    return past[-1] if past else 0


def seen_events(truth: CaseTruth) -> list[Labelled]:
    """What happened that can be seen, by the kinds that reasoning knows; losses of view by what the camera showed."""
    happened = [(one.kind, one.span) for one in truth.events if one.kind in _ACTS]
    lost = [("view lost", span) for span in _stretches(truth.looks, _NOT_CLEAR - _GONE | {"black"}) if span.duration_seconds >= 2]
    outside = [("camera outside the body", span) for span in _stretches(truth.looks, {"outside"}) if span.duration_seconds >= 1]
    return sorted([*happened, *lost, *outside], key=lambda one: one[1])


def _stretches(looks: Sequence[TrueLook], views: frozenset[str] | set[str]) -> Iterator[Span]:
    """When the camera showed one of these views."""
    since: float | None = None
    for look in looks:
        if look.view in views and since is None:
            since = look.seconds
        elif look.view not in views and since is not None:
            yield Span(since, look.seconds)
            since = None
    if since is not None:
        yield Span(since, looks[-1].seconds)


def _energy_before(looks: Sequence[TrueLook], seconds: float, within_seconds: float = 2.0) -> bool:
    before = [look for look in looks if seconds - within_seconds <= look.seconds <= seconds]
    return any(triplet.startswith(_ENERGY) for look in before for triplet in look.triplets)


def _joined(spans: Sequence[Span], gap_seconds: float) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start_seconds - joined[-1].end_seconds <= gap_seconds:
            joined[-1] = Span(joined[-1].start_seconds, max(joined[-1].end_seconds, span.end_seconds))
        else:
            joined.append(span)
    return joined


def _looks(path: Path) -> Iterator[TrueLook]:
    """The frames of a folder, thinned out while they are read."""
    following = 0.0
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            value = cast("dict[str, Any]", json.loads(line))
            if value["seconds"] < following:
                continue
            following = float(value["seconds"]) + 1 / _LOOKS_PER_SECOND - 1e-6
            triplets = tuple(str(tip["triplet"]) for tip in value["tips"])
            yield TrueLook(float(value["seconds"]), str(value["view"]), triplets, sum(value["critical_view"]))


def _span(values: dict[str, Any]) -> Span:
    return Span(float(values["start_seconds"]), float(values["end_seconds"]))
