"""What a built set looks like in numbers: tasks, sources, lengths, rates, answers; beside what is published of MedVidBench."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from medgrpo.core import Config
from medgrpo.curation.questions import case_of
from medgrpo.sources import BenchmarkRecord
from medgrpo.tasks import task_of

LENGTH_EDGES = (20, 40, 60, 90, 120, 180, 240, 370, 600, 1200, 1800)
"""Seconds; published: 20 to 1800 s, most under 370 s."""
WORD_EDGES = (1, 2, 3, 6, 11, 21, 51, 101, 201, 501, 1171)
"""Words of an answer; published: 1 to 1170, 28.1 % at most 5, 51.8 % more than 20."""


class SetFigures(Config):
    """Counts by name, histograms in the order of their edges, shares of the questions (lengths: of those with clips in seconds)."""

    file: str
    sha256: str
    questions: int
    recordings: int
    clips: int
    tasks: dict[str, int]
    sources: dict[str, int]
    source_tasks: dict[str, int]
    cases: dict[str, int]
    rates: dict[str, int]
    lengths: dict[str, int]
    words: dict[str, int]
    share_under_370_seconds: float | None
    share_at_most_5_words: float | None
    share_more_than_20_words: float | None
    clips_in_frame_numbers: int


class Figures:
    """Counts of one set, question by question."""

    def __init__(self) -> None:
        self.questions = 0
        self._tasks: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._cells: Counter[tuple[str, str]] = Counter()
        self._cases: Counter[str] = Counter()
        self._rates: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._words: Counter[int] = Counter()
        self._videos: set[tuple[str, str]] = set()
        self._clips: set[tuple[str, str, str]] = set()
        self._untimed = self._few = self._many = self._under = 0

    def see(self, record: BenchmarkRecord) -> None:
        task = task_of(record.qa_type)
        name = task.card.name if task else record.qa_type
        self.questions += 1
        self._tasks[name] += 1
        self._sources[record.source] += 1
        self._cells[record.source, name] += 1
        self._cases[case_of(record)] += 1
        self._rates[f"{float(record.frames_per_second):g}"] += 1
        self._videos.add((record.source, record.video))
        self._clips.add((record.source, record.video, f"{record.clip.start}-{record.clip.end}"))
        words = len((record.answer or "").split())
        self._words[bin_of(words, WORD_EDGES)] += 1
        self._few, self._many = self._few + (words <= 5), self._many + (words > 20)
        if record.clip.form == "input_video_time":
            seconds = float(record.clip.end) - float(record.clip.start)
            self._lengths[bin_of(seconds, LENGTH_EDGES)] += 1
            self._under += seconds < 370
        else:
            self._untimed += 1

    def summary(self, file: str, sha256: str) -> SetFigures:
        """With the name and the hash of the file that holds the set."""
        timed = self.questions - self._untimed
        return SetFigures(
            file=file,
            sha256=sha256,
            questions=self.questions,
            recordings=len(self._videos),
            clips=len(self._clips),
            tasks=dict(sorted(self._tasks.items())),
            sources=dict(sorted(self._sources.items())),
            source_tasks={f"{source}/{task}": count for (source, task), count in sorted(self._cells.items())},
            cases=dict(sorted(self._cases.items())),
            rates=dict(sorted(self._rates.items(), key=lambda entry: float(entry[0]))),
            lengths=_histogram(self._lengths, LENGTH_EDGES),
            words=_histogram(self._words, WORD_EDGES),
            share_under_370_seconds=_share(self._under, timed),
            share_at_most_5_words=_share(self._few, self.questions),
            share_more_than_20_words=_share(self._many, self.questions),
            clips_in_frame_numbers=self._untimed,
        )


def bin_of(value: float, edges: Sequence[float]) -> int:
    """The number of the bin [edge, next edge) that holds the value; -1 below the first edge, the last bin from the last edge on."""
    return bisect_right(edges, value) - 1


def _histogram(counts: Mapping[int, int], edges: Sequence[float]) -> dict[str, int]:
    names = [f"under {edges[0]:g}", *(f"{low:g} to under {high:g}" for low, high in pairwise(edges))]
    names.append(f"from {edges[-1]:g}")
    return {name: counts.get(number, 0) for number, name in enumerate(names, start=-1)}


def _share(part: int, all_: int) -> float | None:
    return round(part / all_, 4) if all_ else None
