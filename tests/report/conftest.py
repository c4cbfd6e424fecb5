# ruff: noqa: E501  (tables of made-up rows read better whole)
"""A ten-minute operation written by hand, and pictures drawn for it: nothing here comes from a patient."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pytest

from medgrpo.core import Box, Span
from medgrpo.knowledge import Procedure, load_procedure
from medgrpo.perception import Tip
from medgrpo.reasoning import (
    ActionSegment,
    Coverage,
    Event,
    EventKind,
    Evidence,
    Finding,
    Forecast,
    Option,
    PhaseSegment,
    RiskLevel,
    RiskState,
    Timeline,
)
from medgrpo.report import CaseInfo, Report, draft_report
from medgrpo.video import Image

MODEL = "specialist-1.0"
DURATION = 600.0


def evidence(key: float, confidence: float = 0.9, *tips: tuple[str, float, float]) -> Evidence:
    """Three looks around `key`; each tip is (instrument, x, y) of the centre of a box of a tenth of the picture."""
    boxes = tuple(
        Tip(name, Box.clipped(x - 0.06, y - 0.09, x + 0.06, y + 0.09), 0.91 - 0.1 * n) for n, (name, x, y) in enumerate(tips)
    )
    return Evidence((max(0.0, key - 0.4), key, key + 0.4) if key > 0 else (0.0,), key, MODEL, confidence, boxes)


def _phases() -> tuple[PhaseSegment, ...]:
    rows = [
        (0, 6, None, 0.0, "camera outside the body"),
        (6, 74, "preparation", 0.93, None),
        (74, 251, "carlot-triangle-dissection", 0.96, None),
        (251, 318, "clipping-and-cutting", 0.88, None),
        (318, 344, None, 0.0, "lens fouled or smoke: the view is obscured"),
        (344, 470, "gallbladder-dissection", 0.91, None),
        (470, 512, "gallbladder-packaging", 0.84, None),
        (512, 566, "cleaning-and-coagulation", 0.72, None),
        (566, 594, "gallbladder-extraction", 0.66, None),
        (594, 600, None, 0.0, "black picture"),
    ]
    return tuple(
        PhaseSegment(Span(a, b), phase, sure, evidence((a + b) / 2, sure, ("grasper", 0.35, 0.4), ("hook", 0.6, 0.5)), reason)
        for a, b, phase, sure, reason in rows
    )


def _actions() -> tuple[ActionSegment, ...]:
    rows = [
        (10 + n * 38, 36 + n * 38, "grasper,retract,gallbladder" if n % 3 else "grasper,grasp,gallbladder", 0.9) for n in range(14)
    ]
    rows += [
        (80 + n * 19, 92 + n * 19, "hook,dissect,cystic_pedicle" if n % 2 else "hook,dissect,gallbladder", 0.86) for n in range(9)
    ]
    single = (
        (40, 14, "hook,dissect,adhesion", 0.62), (238, 8, "bipolar,coagulate,blood_vessel", 0.71),
        (256, 7, "clipper,clip,cystic_duct", 0.94), (268, 6, "clipper,clip,cystic_duct", 0.92), (279, 8, "clipper,clip,cystic_artery", 0.83),
        (292, 6, "scissors,cut,cystic_duct", 0.9), (305, 7, "scissors,cut,cystic_artery", 0.81), (350, 30, "hook,dissect,cystic_plate", 0.77),
        (384, 40, "hook,dissect,gallbladder", 0.93), (428, 12, "bipolar,coagulate,liver", 0.8), (441, 22, "hook,dissect,gallbladder", 0.9),
        (474, 30, "grasper,pack,gallbladder", 0.87), (515, 20, "irrigator,irrigate,abdominal_wall_cavity", 0.76),
        (536, 18, "irrigator,aspirate,fluid", 0.82), (556, 8, "bipolar,coagulate,liver", 0.69), (570, 20, "grasper,grasp,specimen_bag", 0.88),
    )  # fmt: skip
    rows += [(start, start + length, triplet, sure) for start, length, triplet, sure in single]
    return tuple(
        ActionSegment(Span(a, b), name, sure, evidence((a + b) / 2, sure, (name.split(",")[0], 0.55, 0.45)))
        for a, b, name, sure in sorted(rows)
    )


def _events() -> tuple[Event, ...]:
    rows = (
        (EventKind.OUT_OF_BODY, 0, 6, None, 0.97), (EventKind.BLEEDING_SEEN, 233, 246, None, 0.74),
        (EventKind.CLIP_APPLIED, 256, 263, "cystic_duct", 0.94), (EventKind.CLIP_APPLIED, 268, 274, "cystic_duct", 0.92),
        (EventKind.CLIP_APPLIED, 279, 287, "cystic_artery", 0.83), (EventKind.STRUCTURE_DIVIDED, 292, 298, "cystic_duct", 0.9),
        (EventKind.STRUCTURE_DIVIDED, 305, 312, "cystic_artery", 0.81), (EventKind.VIEW_LOST, 318, 344, None, 0.95),
        (EventKind.BLEEDING_SEEN, 424, 436, "liver", 0.81), (EventKind.BAG_USED, 474, 504, None, 0.87), (EventKind.BAG_USED, 570, 590, None, 0.88),
    )  # fmt: skip
    return tuple(
        Event(kind, Span(a, b), target, evidence((a + b) / 2, sure, ("clipper", 0.5, 0.55), ("grasper", 0.3, 0.35)))
        for kind, a, b, target, sure in rows
    )


def _findings() -> tuple[Finding, ...]:
    rows: list[tuple[str, float, float, str, float, tuple[str, ...], str | None]] = [
        ("The camera is outside the body for the first 6 s.", 0, 6, "seen", 0.97, (), None),
        ("The gallbladder is grasped and lifted.", 10, 36, "seen", 0.9, ("nwoye-2022",), None),
        ("Adhesions are freed with the hook.", 40, 54, "seen", 0.62, (), None),
        ("Dissection of the hepatocystic triangle begins.", 74, 90, "inferred", 0.93, ("sages-critical-view",), "phase_change"),
        ("The hook dissects the gallbladder and the cystic pedicle in nine bouts over 2 min 57 s.", 80, 251, "seen", 0.86, (), None),
        ("Fresh blood covers up to a sixth of the picture.", 233, 246, "seen", 0.74, (), None),
        ("Bleeding is met with bipolar coagulation within 5 s.", 238, 246, "inferred", 0.66, ("tg18-wakabayashi",), "bleeding_control"),
        ("A clip is applied to the cystic duct.", 256, 263, "seen", 0.94, ("gupta-2019",), None),
        ("A second clip is applied to the cystic duct.", 268, 274, "seen", 0.92, (), None),
        (
            "Clipping began 3 min after the first dissection of the hepatocystic triangle; whether the critical view of safety was reached"
            " was not assessed.", 251, 263, "inferred", 0.88, ("sages-critical-view", "strasberg-2010", "brunt-2020"), "clip_before_dissection",
        ),
        ("A clip is applied to the cystic artery.", 279, 287, "seen", 0.83, (), None),
        ("The cystic duct is divided with scissors, after two clips were seen on it.", 292, 298, "inferred", 0.9, ("gupta-2019",), "division_after_clip"),
        ("The cystic artery is divided with scissors after one clip was seen on it.", 305, 312, "inferred", 0.81, ("brunt-2020",), "division_after_clip"),
        ("The view is obscured for 26 s.", 318, 344, "seen", 0.95, (), None),
        ("The gallbladder is separated from the cystic plate.", 350, 380, "seen", 0.77, ("openstax-anatomy",), None),
        ("The gallbladder is dissected off the liver bed with the hook.", 384, 463, "seen", 0.93, (), None),
        ("The liver bed bleeds.", 424, 436, "seen", 0.81, ("tg18-wakabayashi",), None),
        ("The liver bed is coagulated with the bipolar forceps.", 428, 440, "seen", 0.8, (), None),
        ("The specimen bag is opened and the gallbladder packed.", 474, 504, "seen", 0.87, (), None),
        ("The field is irrigated.", 515, 535, "seen", 0.76, (), None),
        ("Fluid is aspirated.", 536, 554, "seen", 0.82, (), None),
        ("The liver bed is coagulated once more.", 556, 564, "seen", 0.69, (), None),
        ("The bag is drawn towards a port.", 570, 590, "seen", 0.48, (), None),
        ("The operation went through its seven phases in the usual order.", 6, 594, "inferred", 0.66, ("medgrpo-design",), "phase_order"),
        ("The camera leaves the body or is switched off at the end.", 594, 600, "seen", 0.9, (), None),
    ]  # fmt: skip
    return tuple(
        Finding(
            f"F{n:03d}",
            text,
            Span(a, b),
            basis,
            evidence((a + b) / 2, sure, ("grasper", 0.32, 0.38), ("hook", 0.58, 0.52)),
            cites,
            rule,
        )  # type: ignore[arg-type]
        for n, (text, a, b, basis, sure, cites, rule) in enumerate(rows, 1)
    )


def _risks() -> tuple[RiskState, ...]:
    level = RiskLevel
    no_view = "the view is obscured"
    rows = (
        ("critical_view", level.NOT_ASSESSED, 0, 600, "this version has no model that scores the critical view of safety", "high", ("sages-critical-view",)),
        ("clip_before_dissection", level.MONITORING, 0, 256, "no clip seen yet", "high", ()),
        ("clip_before_dissection", level.CLEAR, 256, 600, "dissection of the triangle was seen for 2 min 40 s before the first clip", "high", ("gupta-2019",)),
        ("division_before_clip", level.MONITORING, 0, 305, "every division seen so far followed a clip on the same structure", "high", ()),
        (
            "division_before_clip", level.ALERT, 305, 318,
            "the cystic artery was divided after a single clip had been seen on it; a second may have been placed out of view", "high",
            ("gupta-2019", "brunt-2020"),
        ),
        ("division_before_clip", level.MONITORING, 318, 600, "no further division seen", "high", ()),
        ("bleeding", level.MONITORING, 6, 233, "no bleeding seen", "medium", ()),
        ("bleeding", level.ALERT, 233, 246, "fresh blood in 17% of the picture and rising over 4 s", "medium", ("tg18-wakabayashi",)),
        ("bleeding", level.CLEAR, 246, 318, "no fresh blood for 10 s after coagulation", "medium", ()),
        ("bleeding", level.NOT_ASSESSED, 318, 344, no_view, "medium", ()),
        ("bleeding", level.ALERT, 424, 436, "fresh blood on the liver bed in 11% of the picture", "medium", ("tg18-wakabayashi",)),
        ("bleeding", level.CLEAR, 436, 594, "no fresh blood for 10 s after coagulation", "medium", ()),
        ("dangerous_zone", level.NOT_ASSESSED, 0, 600, "needs the line from Rouviere's sulcus to segment 4, which this version cannot see", "medium", ("connor-2013",)),
        ("energy_without_view", level.NOT_ASSESSED, 0, 600, "no signal from the energy device", "medium", ()),
        ("view", level.MONITORING, 0, 318, "view is good", "low", ()),
        ("view", level.ALERT, 318, 344, "the picture was veiled for 26 s while the hook was in view", "low", ()),
        ("view", level.CLEAR, 344, 594, "view is good again", "low", ()),
    )  # fmt: skip
    shown = (level.ALERT, level.CLEAR)
    return tuple(
        RiskState(
            channel,
            state,
            Span(a, b),
            why,
            priority,
            evidence((a + b) / 2, 0.8, ("hook", 0.5, 0.5)) if state in shown else None,
            cites,
        )  # type: ignore[arg-type]
        for channel, state, a, b, why, priority, cites in rows
    )


def _forecasts() -> tuple[Forecast, ...]:
    rows = (
        (6, "preparation", (("phase", "carlot-triangle-dissection", 0.9, 70.0), ("step", "free_adhesions", 0.3, None))),
        (74, "triangle", (("phase", "clipping-and-cutting", 0.83, 160.0), ("step", "critical_view_cystic_plate", 0.41, 60.0))),
        (251, "clipping", (("step", "divide_structures", 0.88, 30.0), ("phase", "gallbladder-dissection", 0.8, 60.0))),
        (344, "bed", (("phase", "gallbladder-packaging", 0.77, 110.0), ("phase", "cleaning-and-coagulation", 0.2, None))),
        (470, "packaging", (("phase", "cleaning-and-coagulation", 0.58, 40.0), ("phase", "gallbladder-extraction", 0.37, 45.0))),
        (512, "cleaning", (("phase", "gallbladder-extraction", 0.81, 50.0),)),
    )
    return tuple(
        Forecast(
            seconds,
            tuple(Option(kind, id, p, soon) for kind, id, p, soon in options),  # type: ignore[arg-type]
            f"usual successors of this phase ({name}) and how long it has lasted",
            evidence(seconds + 1.0, 0.8),
            ("medgrpo-design", "twinanda-2017"),
        )
        for seconds, name, options in rows
    )


def made_timeline(domain: str = "laparoscopic cholecystectomy") -> Timeline:
    return Timeline(
        duration_seconds=DURATION,
        phases=_phases(),
        actions=_actions(),
        events=_events(),
        findings=_findings(),
        forecasts=_forecasts(),
        risks=_risks(),
        coverage=Coverage(
            562.0, {"camera outside the body": 6.0, "view obscured (smoke or a fouled lens)": 26.0, "black picture": 6.0}
        ),
        domain=domain,
        models=("specialist-1.0 (ONNX, sha256 5c2e…)", "view measures 1.0"),
    )


def made_case(file_name: str = "operation_17.mp4") -> CaseInfo:
    when = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    return CaseInfo(file_name, DURATION, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", when, "0.1.0", 5.0)


@cache
def drawn_frame(seconds: float) -> Image:
    """A dim red-brown scene in a circle, different at every second; (270, 480, 3)."""
    rows, columns = np.mgrid[0:270:3, 0:480:3].astype(np.float32)
    phase = seconds / 37
    lobes = np.sin(columns / 61 + phase) * np.cos(rows / 47 - phase * 0.7) + 0.5 * np.sin((rows + columns) / 90 + 2 * phase)
    away = (columns - 240) ** 2 + (rows - 135) ** 2
    light = np.clip(1.15 - away / 42000, 0, 1) * (away < 205**2)
    picture = np.stack([150 + 45 * lobes, 74 + 38 * lobes, 58 + 22 * np.cos(lobes * 3)], axis=-1) * light[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8).repeat(3, axis=0).repeat(3, axis=1)


@pytest.fixture(scope="session")
def procedure() -> Procedure:
    return load_procedure("cholecystectomy")


@pytest.fixture(scope="session")
def timeline() -> Timeline:
    return made_timeline()


@pytest.fixture(scope="session")
def report(timeline: Timeline, procedure: Procedure) -> Report:
    return draft_report(timeline, procedure, made_case())


@pytest.fixture(scope="session")
def make_timeline() -> Callable[..., Timeline]:
    return made_timeline


@pytest.fixture(scope="session")
def make_case() -> Callable[..., CaseInfo]:
    return made_case


@pytest.fixture(scope="session")
def draw_frame() -> Callable[[float], Image]:
    return drawn_frame


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., Evidence]:
    return evidence
