"""One video through the whole path: looks -> perception -> stored look -> reasoning -> timeline -> report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Literal

import medgrpo
from medgrpo.analysis.help import NO_HELP, Help
from medgrpo.analysis.progress import Progress, ProgressListener, StageClock, silent
from medgrpo.analysis.records import Header, Summary, read_analysis, record_line, rounded, timeline_records
from medgrpo.analysis.settings import AnalysisOptions, Existing, VideoIdentity, identify
from medgrpo.analysis.state import (
    ANALYSIS_NAME,
    REPORT_NAME,
    State,
    StateHeader,
    StoredLook,
    clear,
    clear_partial,
    refuse_existing,
    stored_header,
)
from medgrpo.analysis.stop import never
from medgrpo.analysis.writing import report_page
from medgrpo.core import InputError, Interrupted, VideoError, clock
from medgrpo.knowledge import Procedure, load_procedure
from medgrpo.perception import Domain, Perceiver
from medgrpo.reasoning import Reasoner, Timeline, rephrase_thoughts
from medgrpo.video import Frame, FrameSource, ReadingReport, open_video


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """A finished analysis and where it lies.

    `looks_taken_over` came from an earlier run; `stage_seconds` is this run's wall-clock time, empty where nothing was left to do.
    """

    analysis_path: Path
    report_path: Path
    header: Header
    timeline: Timeline
    summary: Summary
    looks_taken_over: int
    stage_seconds: dict[str, float]


def analyze(
    path: Path,
    out_dir: Path,
    options: AnalysisOptions,
    perceiver: Perceiver,
    progress: ProgressListener = silent,
    *,
    existing: Existing = Existing.REFUSE,
    stop: Callable[[], bool] = never,
    help: Help = NO_HELP,
) -> AnalysisResult:
    """Analyse one video and write `analysis.jsonl` and `report.html` to `out_dir`; both appear whole or not at all.

    `stop` is asked after every look. Raises Interrupted when it says so (the state is kept), VideoError when the video cannot be
    read, InputError when `out_dir` holds something that `existing` forbids or cannot be written.
    """
    refuse_existing(out_dir, existing)
    with open_video(path) as source:
        return analyze_source(
            source, identify(path, source.info), out_dir, options, perceiver, progress, existing=existing, stop=stop, help=help
        )


def analyze_source(
    source: FrameSource,
    video: VideoIdentity,
    out_dir: Path,
    options: AnalysisOptions,
    perceiver: Perceiver,
    progress: ProgressListener = silent,
    *,
    existing: Existing = Existing.REFUSE,
    stop: Callable[[], bool] = never,
    help: Help = NO_HELP,
) -> AnalysisResult:
    """`analyze` for frames that are already open, whatever they come from."""
    refuse_existing(out_dir, existing)
    procedure = load_procedure(options.procedure)
    header = StateHeader(medgrpo_version=medgrpo.__version__, model=perceiver.model, video=video, options=options)
    if existing is Existing.RESTART:
        clear(out_dir)
    if existing is Existing.RESUME:
        if (out_dir / ANALYSIS_NAME).exists():
            return _finished(out_dir, header)
        _check_same(out_dir, stored_header(out_dir), header)
    with State(out_dir, header) as state:
        run = _Run(source, state, options, procedure, perceiver, progress, stop, help)
        try:
            return run.result()
        except VideoError:
            if not run.looks:
                state.discard()
            raise


def _check_same(out_dir: Path, stored: StateHeader | None, header: StateHeader) -> None:
    difference = None if stored is None else stored.difference(header)
    if difference is not None:
        raise InputError(f"{out_dir}: cannot be resumed: {difference}: use --force to start again")


def _finished(out_dir: Path, header: StateHeader) -> AnalysisResult:
    analysis = read_analysis(out_dir / ANALYSIS_NAME, observations=False)
    stored = StateHeader(
        medgrpo_version=analysis.header.medgrpo_version,
        model=header.model,
        video=analysis.header.video,
        options=analysis.header.options,
    )
    _check_same(out_dir, stored, header)
    clear_partial(out_dir)
    return AnalysisResult(
        out_dir / ANALYSIS_NAME,
        out_dir / REPORT_NAME,
        analysis.header,
        analysis.timeline,
        analysis.summary,
        looks_taken_over=analysis.summary.looks,
        stage_seconds={},
    )


class _Run:
    """The loop over one video; holds what its steps share."""

    def __init__(
        self,
        source: FrameSource,
        state: State,
        options: AnalysisOptions,
        procedure: Procedure,
        perceiver: Perceiver,
        progress: ProgressListener,
        stop: Callable[[], bool],
        help: Help,
    ) -> None:
        self.source, self.state, self.options, self.procedure = source, state, options, procedure
        self.perceiver, self.progress, self.stop, self.help = perceiver, progress, stop, help
        self.reasoner = Reasoner(procedure)
        self.time = StageClock()
        self.looks = 0
        self.reading = ReadingReport(0, 0, 0, False)
        self.video = state.header.video

    def result(self) -> AnalysisResult:
        last = self._take_over()
        taken_over = self.looks
        self._look_on(last)
        with self.time.timed("reasoning"):
            timeline = self.reasoner.revised(self.reasoner.finish())
            language = None
            if self.help.rephraser is not None:
                thoughts, language = rephrase_thoughts(timeline.thoughts, self.help.rephraser)
                timeline = replace(timeline, thoughts=thoughts)
        self._report("reporting", timeline.duration_seconds)
        header = Header(
            medgrpo_version=self.state.header.medgrpo_version,
            models=timeline.models,
            simulated=timeline.domain == Domain.SIMULATED,
            video=self.video,
            options=self.options,
        )
        refused = dict(sorted(Counter(one.decision for one in timeline.refused_thoughts).items()))
        summary = Summary(
            self.looks,
            timeline.duration_seconds,
            timeline.coverage,
            timeline.domain,
            self.reading,
            len(timeline.thoughts),
            refused,
            language,
        )
        with self.time.timed("report"):
            page = report_page(
                self.source, timeline, self.procedure, header, datetime.now(UTC), self.stop, self.state.out_dir, self.help
            )

        def lines() -> Iterator[bytes]:
            records = chain(timeline_records(timeline), [summary])
            return chain([record_line(header)], self.state.observation_lines(), map(record_line, records))

        with self.time.timed("write"):
            analysis_path, report_path = self.state.finish(lines, page)
        return AnalysisResult(
            analysis_path, report_path, header, timeline, summary, taken_over, {str(k): v for k, v in self.time.seconds.items()}
        )

    def _take_over(self) -> StoredLook | None:
        """Feed the stored looks to reasoning; the last of them."""
        last = None
        for last in self.state.stored():
            self.reasoner.step(last.observation)
            self.looks += 1
        return last

    def _look_on(self, last: StoredLook | None) -> None:
        """Look at the whole video, or at what comes after `last`."""
        self.perceiver.reset()
        frames = self._frames(0.0 if last is None else last.observation.seconds)
        before = start = ReadingReport(0, 0, 0, False)
        if last is not None:
            self.perceiver.restore(last.perceiver_memory)
            again = next(frames, None)  # the last look itself: where the counters go on from
            if again is None or again.seconds != last.observation.seconds:
                reason = "the frame of the last stored look is not there any more: use --force to start again"
                raise VideoError(self.source.info.path, reason, last.observation.seconds)
            before, start = last.reading, self.source.report
        for frame in frames:
            with self.time.timed("perception"):
                observation = rounded(self.perceiver.look(frame))
            reading = _continued(before, start, self.source.report)
            with self.time.timed("write"):
                self.state.append(StoredLook(observation, reading, self.perceiver.memory()))
            with self.time.timed("reasoning"):
                self.reasoner.step(observation)
            self.looks += 1
            self._report("looking", frame.seconds)
            if self.stop():
                raise self._interrupted(frame.seconds)
        if not self.looks:
            raise VideoError(self.source.info.path, "holds no frame that can be decoded")
        self.reading = _continued(before, start, self.source.report)

    def _frames(self, start_seconds: float) -> Iterator[Frame]:
        frames = self.source.looks(self.options.every_seconds, start_seconds)
        while True:
            with self.time.timed("decode"):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def _report(self, stage: Literal["looking", "reporting"], seconds: float) -> None:
        self.progress(Progress(self.video.name, stage, seconds, self.video.duration_seconds))

    def _interrupted(self, seconds: float) -> Interrupted:
        whole = "" if self.video.duration_seconds is None else f" of {clock(self.video.duration_seconds)}"
        return Interrupted(
            f"{self.video.name}: stopped at {clock(seconds)}{whole}; the {self.looks} looks so far are kept in "
            f"{self.state.out_dir}: give the same command with --resume to go on"
        )


def _continued(before: ReadingReport, start: ReadingReport, now: ReadingReport) -> ReadingReport:
    """The counters of an uninterrupted run: those at the last stored look and what this run read past it."""
    counts: dict[str, int] = {
        each.name: getattr(before, each.name) + getattr(now, each.name) - getattr(start, each.name)
        for each in fields(ReadingReport)
        if each.name != "truncated"
    }
    return ReadingReport(truncated=before.truncated or now.truncated, **counts)
