"""`medgrpo bench score`: scoring as many records as the benchmark's test set has, beside the official method written plainly."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from medgrpo import __version__
from medgrpo.bench.plain_scoring import plain_metrics
from medgrpo.bench.score_records import make_rows
from medgrpo.core import Config, InputError, MissingExtra
from medgrpo.scoring import Embedder, Records, as_json, load_minilm, read_records, record_from, score_file, score_leaderboard

_FREE_RECORDS = 600
"""The comparison that needs the sentence model is made on fewer records: the plain method embeds each answer's labels again."""


class ScoreBench(Config):
    """Seconds of processor time on one machine, each the least of the rounds.

    `ours` and `plain` start from records in memory and end with the seven figures; `ours` also makes a verdict per record. The
    `free_` pair is the same with `free_share` of the next actions answered in a sentence, so that the sentence model is needed
    (None where it is not installed). `file_` reads a file, scores it and makes the JSON of every record.
    """

    medgrpo_version: str
    records: int
    rounds: int
    ours_seconds: float
    plain_seconds: float
    times_faster: float
    free_share: float
    free_ours_seconds: float | None
    free_plain_seconds: float | None
    free_times_faster: float | None
    file_leaderboard_seconds: float
    file_both_seconds: float
    metrics: dict[str, float]
    processors: int
    python: str
    system: str


def bench_score(records: int, rounds: int, seed: int, free_share: float = 0.2) -> ScoreBench:
    """Measure on generated records; InputError when the two methods do not agree to the sixth decimal."""
    rows = make_rows(records, seed)
    plain_seconds, ours_seconds, metrics = _compare(rows, rounds, None)
    free: tuple[float, float] | None = None
    with suppress(MissingExtra):
        free = _compare(make_rows(min(records, _FREE_RECORDS), seed, free_share), 1, load_minilm())[:2]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        one, _ = _fastest(rounds, lambda: as_json(score_file(read_records(path), "leaderboard", None, None)))
        both, _ = _fastest(rounds, lambda: as_json(score_file(read_records(path), "both", None, None)))
    return ScoreBench(
        medgrpo_version=__version__,
        records=len(rows),
        rounds=rounds,
        ours_seconds=ours_seconds,
        plain_seconds=plain_seconds,
        times_faster=plain_seconds / ours_seconds,
        free_share=free_share,
        free_ours_seconds=free[1] if free else None,
        free_plain_seconds=free[0] if free else None,
        free_times_faster=free[0] / free[1] if free else None,
        file_leaderboard_seconds=one,
        file_both_seconds=both,
        metrics=metrics,
        processors=os.cpu_count() or 1,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


def _compare(rows: list[dict[str, Any]], rounds: int, embedder: Embedder | None) -> tuple[float, float, dict[str, float]]:
    """Seconds of the plain method and of ours, and the figures that both give."""
    held = Records(tuple(record_from(row, f"record {number}") for number, row in enumerate(rows, 1)))
    plain_seconds, plain = _fastest(rounds, lambda: plain_metrics(rows, embedder))
    ours_seconds, ours = _fastest(rounds, lambda: score_leaderboard(held, embedder).metrics)
    different = {key: (value, ours.get(key)) for key, value in plain.items() if abs(value - ours.get(key, -1.0)) > 1e-6}
    if different:
        raise InputError(f"the two methods do not agree: {different}")
    return plain_seconds, ours_seconds, plain


def _fastest(rounds: int, work: Callable[[], Any]) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result
