"""What is printed at the end, by hand: every part of a timeline is there, and a file name is never taken for markup."""

from __future__ import annotations

from pathlib import Path

from medgrpo.analysis import AnalysisOptions, AnalysisResult, Header, Outcome, Summary, VideoIdentity
from medgrpo.cli.summary import print_outcomes
from medgrpo.core import Span, VideoError
from medgrpo.knowledge import load_procedure
from medgrpo.reasoning import Coverage, Event, EventKind, Evidence, PhaseSegment, RiskLevel, RiskState, Timeline
from medgrpo.video import ReadingReport

SEEN = Evidence((1.0,), 1.0, "m@1", 0.9)
HAZARD = load_procedure("cholecystectomy").hazards[0]
COVERAGE = Coverage(58.5, {"the picture is black": 1.0, "the lens is fouled": 0.5})
TIMELINE = Timeline(
    duration_seconds=60.0,
    phases=(
        PhaseSegment(Span(0, 59), "clipping-and-cutting", 0.87, SEEN),
        PhaseSegment(Span(59, 60), None, 0.0, SEEN, "the picture is black"),
    ),
    actions=(),
    events=tuple(Event(EventKind.CLIP_APPLIED, Span(second, second + 1), "cystic_duct", SEEN) for second in range(20)),
    findings=(),
    forecasts=(),
    risks=(
        RiskState(HAZARD.id, RiskLevel.ALERT, Span(10, 20), "something was seen", "high", SEEN, ()),
        RiskState("never", RiskLevel.NOT_ASSESSED, Span(0, 15), "no model for it", "high", None, ()),
        RiskState("never", RiskLevel.NOT_ASSESSED, Span(15, 35), "the picture is black", "high", None, ()),
        RiskState("never", RiskLevel.NOT_ASSESSED, Span(35, 60), "no model for it", "high", None, ()),
        RiskState("critical_view", RiskLevel.NOT_ASSESSED, Span(0, 60), "no model scores it", "high", None, ()),
    ),
    coverage=COVERAGE,
    domain="simulated laparoscopic cholecystectomy",
    models=("m@1",),
)
VIDEO = VideoIdentity(
    name="[red]case.mp4", sha256="0" * 64, size_bytes=1, width=2, height=2, duration_seconds=60.0, duration_is_estimate=False,
    frame_rate="25", codec="h264", rotation_degrees=0, tags={},
)  # fmt: skip
RESULT = AnalysisResult(
    Path("out/analysis.jsonl"),
    Path("out/report.html"),
    Header(medgrpo_version="1", models=("m@1",), simulated=True, video=VIDEO, options=AnalysisOptions()),
    TIMELINE,
    Summary(300, 60.0, COVERAGE, TIMELINE.domain, ReadingReport(1500, 0, 0, False)),
    0,
    {},
)


def test_the_summary_tells_every_part(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    print_outcomes([Outcome(Path("[red]case.mp4"), Path("out"), RESULT, None)])
    told = capsys.readouterr().out
    for words in (
        "[red]case.mp4  1 min  SIMULATED, not real surgery",
        "00:00-00:59  Clipping and division (87%)",
        "00:00-00:01  clip applied: cystic duct",
        "... and 8 more, in the report",
        f"00:10-00:20  {HAZARD.name}: something was seen",
        "Assessed 58 s of 1 min",
        "NOT ASSESSED 1 s: the picture is black",
        "NOT ASSESSED under 1 s: the lens is fouled",
        "NOT ASSESSED never for 40 s: no model for it. For 20 s: the picture is black",
        "NOT ASSESSED critical view of safety for 1 min: no model scores it",
        "out/report.html",
        "out/analysis.jsonl",
        "DRAFT, research software, not for clinical use",
    ):
        assert words in told, words


def test_a_batch_ends_with_a_table_of_all(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    failed = Outcome(Path("bad.mp4"), Path("bad"), None, VideoError("bad.mp4", "is not a video"))
    print_outcomes([failed, Outcome(Path("[red]case.mp4"), Path("out"), RESULT, None)])
    told = capsys.readouterr().out
    assert "failed: bad.mp4: is not a video" in told
    assert "1 analysed, 1 failed" in told
