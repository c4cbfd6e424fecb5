"""Everything that the page of one case says, gathered in one go."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.cases import Case, Correction, ReportState, Version, corrected_since, draft_text, standing_version
from medgrpo.console.review.desk import Desk
from medgrpo.console.review.lanes import Lane, Tick, lanes_of, ticks_of
from medgrpo.core import clock
from medgrpo.reasoning import Finding, Timeline


@dataclass(frozen=True, slots=True)
class Statement:
    """A finding, when it begins, what people said about it, and what stands there now (None where it was rejected)."""

    finding: Finding
    when: str
    history: tuple[Correction, ...]
    stands: str | None


@dataclass(frozen=True, slots=True)
class Paper:
    """`moments`: seconds of the pictures there are, None where every look has one, empty where there is none.

    `text` is what the editor begins with, `parent` the version it comes from (0: the machine's draft). `shown` is what stands as
    the report (None: the machine's draft), `corrected_since` how many findings it does not know as corrected.
    `filmed`: it comes of a video file, which may be named.
    """

    case: Case
    statements: tuple[Statement, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    moments: tuple[float, ...] | None
    step_seconds: float
    first_seconds: float
    versions: tuple[Version, ...]
    shown: Version | None
    shown_text: str
    newest: Version | None
    text: str
    parent: int
    redrafted: bool
    filmed: bool
    corrected_since: int

    @property
    def amending(self) -> bool:
        return self.case.report is ReportState.AMENDING


def paper_of(desk: Desk, case: Case, *, redraft: bool) -> Paper:
    """`redraft`: the editor begins with the machine's draft, with all corrections in it, instead of the newest version."""
    dossier = desk.dossiers.of(case)
    folder, timeline = dossier.folder, dossier.folder.timeline
    corrections, versions = desk.store.corrections(case.id), desk.store.versions(case.id)
    machine = draft_text(folder, case.name, corrections)
    shown, newest = standing_version(versions), versions[-1] if versions else None
    findings = sorted(timeline.findings, key=lambda one: one.span.start_seconds)
    statements = tuple(_statement(finding, corrections) for finding in findings)
    moments = dossier.pictures.moments
    return Paper(
        case=case,
        statements=statements,
        lanes=lanes_of(timeline, folder.procedure, corrections),
        ticks=ticks_of(timeline.duration_seconds),
        moments=moments,
        step_seconds=1 / folder.looks_per_second,
        first_seconds=_first(timeline, moments),
        versions=versions,
        shown=shown,
        shown_text=machine if shown is None else shown.text,
        newest=newest,
        text=machine if newest is None or redraft else newest.text,
        parent=len(versions),
        redrafted=redraft,
        filmed=folder.video_sha256 is not None,
        corrected_since=corrected_since(shown, corrections),
    )


def _first(timeline: Timeline, moments: tuple[float, ...] | None) -> float:
    """What the page opens with: the first phase that was recognised, else the first statement, else the first picture."""
    phases = [one.evidence.key_seconds for one in timeline.phases if one.phase is not None]
    findings = [one.evidence.key_seconds for one in timeline.findings]
    return (phases or sorted(findings) or list(moments or ()) or [0.0])[0]


def _statement(finding: Finding, corrections: tuple[Correction, ...]) -> Statement:
    history = tuple(one for one in corrections if one.finding_id == finding.id)
    return Statement(finding, clock(finding.span.start_seconds), history, history[-1].text if history else finding.text)
