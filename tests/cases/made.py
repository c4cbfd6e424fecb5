"""Folders of cases written by hand: analysed ones in a millisecond, watched ones through the live path with a plot for a camera."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from medgrpo.analysis import AnalysisOptions, Header, Summary, VideoIdentity, identify, record_line, timeline_records
from medgrpo.audit import Journal, SigningKey
from medgrpo.core import Span
from medgrpo.knowledge import load_procedure
from medgrpo.perception import Domain, Observation
from medgrpo.reasoning import Coverage, Evidence, Finding, PhaseSegment, Timeline
from medgrpo.stream import FastLoop, LiveSession, ManualClock, Site, stamped
from medgrpo.video import Frame, ReadingReport, VideoWriter, open_video
from tests.stream import live

MODEL = "plot@1"
SENTENCES = ("The gallbladder is grasped and lifted.", "A clip is applied to the cystic duct.", "The liver bed bleeds.")


def evidence(seconds: float) -> Evidence:
    return Evidence((seconds,), seconds, MODEL, 0.9)


def analysed(
    folder: Path, sha256: str = "ab" * 32, sentences: tuple[str, ...] = SENTENCES, looks: int = 50, video: Path | None = None
) -> Path:
    """`medgrpo analyze`'s file: ten seconds a sentence, one phase, the camera inside from second 3 on."""
    length = 10.0 * len(sentences)
    findings = tuple(
        Finding(f"finding-{n:04d}", text, Span(10.0 * (n - 1), 10.0 * n), "seen", evidence(10.0 * n - 5))
        for n, text in enumerate(sentences, 1)
    )
    timeline = Timeline(
        duration_seconds=length,
        phases=(PhaseSegment(Span(0, length), "preparation", 0.9, evidence(length / 2)),),
        actions=(),
        events=(),
        findings=findings,
        forecasts=(),
        risks=(),
        coverage=Coverage(length, {}),
        domain=Domain.SIMULATED.value,
        models=(MODEL,),
    )
    identity = VideoIdentity(
        name=f"{folder.name}.mp4",
        sha256=sha256,
        size_bytes=1,
        width=96,
        height=64,
        duration_seconds=length,
        duration_is_estimate=False,
        frame_rate="10",
        codec="h264",
        rotation_degrees=0,
        tags={},
    )
    if video is not None:
        with open_video(video) as source:
            identity = identify(video, source.info)
    header = Header(medgrpo_version="0.1.0", models=(MODEL,), simulated=True, video=identity, options=AnalysisOptions())
    seen = [look(round(n * 0.2, 6)) for n in range(looks)]
    summary = Summary(looks, length, timeline.coverage, timeline.domain, ReadingReport(looks, 0, 0, False))
    folder.mkdir(parents=True)
    records = (header, *seen, *timeline_records(timeline), summary)
    (folder / "analysis.jsonl").write_bytes(b"".join(record_line(one) for one in records))
    (folder / "report.html").write_text("<p>DRAFT</p>")
    return folder


def look(seconds: float) -> Observation:
    return live.PlotPerceiver(ENTERED).look(Frame(0, seconds, live.GREY))


def filmed(path: Path, seconds: float = 30.0) -> Path:
    """Waves six pixels long that run to the right, gone where the picture is dimmed; too soft and too restless for letters. It
    grows brighter all the time."""
    with VideoWriter(path, 96, 64, 10) as writer:
        for n in range(int(seconds * 10)):
            waves = 22 * np.sin((np.arange(96) - n) * np.pi / 3) + 60 + 120 * n / (seconds * 10)
            image = np.broadcast_to(waves.astype(np.uint8)[None, :, None], (64, 96, 3))
            writer.write(image)
    return path


ENTERED = ((0.0, "outside", ""), (3.0, "preparation", "grasper,retract,gallbladder"))
CLIP_TOO_EARLY = (
    (0.0, "preparation", "grasper,retract,gallbladder"),
    (20.0, "carlot-triangle-dissection", "hook,dissect,gallbladder"),
    (26.0, "clipping-and-cutting", "clipper,clip,cystic_duct"),
    (32.0, "clipping-and-cutting", "grasper,retract,gallbladder"),
)


def watched(folder: Path, key: SigningKey, *, closed: bool = True, wall: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Timeline:
    """`medgrpo watch`'s folder of a case of 40 s; the timeline as it was when it was over."""
    clock = ManualClock(wall)
    site = Site()
    about = {"medgrpo": "0.1.0", "model": MODEL, "source": "plot", "site": site.model_dump(mode="json"), "looks_per_second": 5.0}
    journal = Journal(folder / "record", key, partial(stamped, clock), about)
    loop = FastLoop(live.PlotPerceiver(CLIP_TOO_EARLY), load_procedure(site.procedure), site, clock, live=False)
    source = live.PlotSource(clock, [n * 0.2 for n in range(200)])
    session = LiveSession(source, loop, clock, journal, folder)
    timeline = session.run(lambda: False)
    journal.append("summary", {"coverage": {}, "duration_seconds": timeline.duration_seconds})
    if closed:
        journal.close("done")
    else:
        journal.leave()
    return timeline
