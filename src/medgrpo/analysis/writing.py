"""The report of one analysis: drafted from the timeline, with its key frames taken from the video."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from medgrpo.analysis.evidence import EvidencePictures
from medgrpo.analysis.help import Help
from medgrpo.analysis.records import Header
from medgrpo.core import Interrupted
from medgrpo.knowledge import Procedure
from medgrpo.reasoning import Timeline
from medgrpo.report import MAX_WIDTH, CaseInfo, draft_report, render_html, wanted_pictures
from medgrpo.video import FrameSource


def report_page(
    source: FrameSource,
    timeline: Timeline,
    procedure: Procedure,
    header: Header,
    analysed_at: datetime,
    stop: Callable[[], bool],
    out_dir: Path,
    help: Help,
) -> str:
    """The whole of `report.html`. Interrupted when `stop` says so between two of its pictures."""
    case = CaseInfo(
        file_name=header.video.name,
        duration_seconds=timeline.duration_seconds,
        sha256=header.video.sha256,
        analysed_at=analysed_at,
        medgrpo_version=header.medgrpo_version,
        looks_per_second=header.options.looks_per_second,
    )

    def check() -> None:
        if stop():
            raise Interrupted(
                f"{header.video.name}: stopped while writing the report; all looks are kept in {out_dir}: "
                "give the same command with --resume to go on"
            )

    report = draft_report(timeline, procedure, case, help.knowledge_base)
    return render_html(report, EvidencePictures(source, header.options.every_seconds, wanted_pictures(report), MAX_WIDTH, check))
