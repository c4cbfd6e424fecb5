"""The machine's draft of a case's report, with what people corrected: a starting point for the version that somebody signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from medgrpo.cases.folder import CaseFolder
from medgrpo.cases.values import Correction, Verdict
from medgrpo.core import clock
from medgrpo.knowledge import load_procedure
from medgrpo.reasoning import Timeline
from medgrpo.report import CaseInfo, Report, draft_report, report_text


def standing(corrections: Sequence[Correction]) -> dict[str, Correction]:
    """Id of a finding -> the last word on it."""
    return {one.finding_id: one for one in corrections}


def corrected(timeline: Timeline, corrections: Sequence[Correction]) -> Timeline:
    """The findings as people left them: reworded ones say so and by whom, rejected ones are gone."""
    last = standing(corrections)
    findings = [
        finding if (one := last.get(finding.id)) is None or one.text is None else replace(finding, text=_told(one))
        for finding in timeline.findings
        if finding.id not in last or last[finding.id].verdict is not Verdict.REJECTED
    ]
    return replace(timeline, findings=tuple(findings))


def drafted(folder: CaseFolder, name: str, corrections: Sequence[Correction]) -> Report:
    """The report of room `report`, over the corrected timeline. `name` stands as that of the video of a case watched live."""
    info = CaseInfo(
        file_name=name if folder.video_sha256 is None else folder.source,
        duration_seconds=folder.timeline.duration_seconds,
        sha256=folder.video_sha256 or "",
        analysed_at=datetime.fromisoformat(folder.opened),
        medgrpo_version=folder.medgrpo_version,
        looks_per_second=folder.looks_per_second,
    )
    return draft_report(corrected(folder.timeline, corrections), load_procedure(folder.procedure), info)


def draft_text(folder: CaseFolder, name: str, corrections: Sequence[Correction]) -> str:
    """Plain text, with a list of what people corrected at its end."""
    text = report_text(drafted(folder, name, corrections))
    if corrections:
        at = {finding.id: clock(finding.span.start_seconds) for finding in folder.timeline.findings}
        lines = [f"- [{at.get(one.finding_id, one.finding_id)}] {_history(one)}" for one in corrections]
        text += "\nCORRECTIONS\n" + "\n".join(lines) + "\n"
    return text


def _told(one: Correction) -> str:
    return f"{one.text} ({one.verdict.value} by {one.by_full_name})"


def _history(one: Correction) -> str:
    now = f' to "{one.text}"' if one.verdict is Verdict.REWORDED else ""
    return f'"{one.said}" {one.verdict.value}{now} by {one.by_full_name}, {one.at}: {one.reason}'
