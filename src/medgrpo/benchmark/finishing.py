"""The end of a run: records, submission, both protocols' figures, counts and costs; made from the answers alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from medgrpo.benchmark.answers import Answer
from medgrpo.benchmark.outputs import (
    Answered,
    Tally,
    Unseen,
    Usage,
    answered_rows,
    scoring_records,
    tallies,
    unseen,
    usage,
    write_records,
    write_submission,
)
from medgrpo.benchmark.questions import Row, in_shard
from medgrpo.benchmark.settings import RunSettings, write_whole
from medgrpo.core import InputError
from medgrpo.scoring import Embedder, Ratings, Records, as_json, score_file

SUMMARY_NAME, USAGE_NAME = "summary.json", "usage.json"


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that has an answer or a named failure for each row. `scores` is empty where the data holds no reference."""

    settings: RunSettings
    answered: tuple[Answered, ...]
    tallies: tuple[Tally, ...]
    usage: Usage
    unseen: Unseen | None
    scores: Mapping[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """`summary.json`: the same bytes for the same answers, however often the run was interrupted."""
        scores = {protocol: values["summary"] for protocol, values in self.scores.items()}
        return {
            "format_version": 1,
            "fingerprint": self.settings.fingerprint,
            "settings": self.settings.model_dump(mode="json"),
            "rows": len(self.answered),
            "tallies": [asdict(tally) for tally in self.tallies],
            "scores": scores or None,
        }


def finish(
    folder: Path,
    rows: Sequence[Row],
    settings: RunSettings,
    by_asked: Mapping[str, Answer],
    torn_lines: int,
    labels: Embedder | None,
    sentences: Embedder | None,
    rate: Callable[[Records], Mapping[str, Ratings]] = lambda _: {},
) -> Finished:
    """Write records, the submission (of a whole run only), usage, and the summary. InputError when an answer is missing, or when
    no question had pictures: nothing was asked then, and nothing is written.

    `rate` asks a judge about the captions, by protocol.
    """
    own = in_shard(rows, settings.shard)
    answered = answered_rows(own, by_asked)
    lacking = unseen(own, by_asked)
    if lacking is not None and lacking.count == lacking.questions:
        raise InputError(f"{folder}: {lacking}. The same command with --videos or --frames put right goes on here")
    write_records(folder, answered)
    if settings.shard.whole:
        write_submission(folder, answered, settings.data.questions)
    used = usage(own, by_asked, torn_lines)
    write_whole(folder / USAGE_NAME, json.dumps(asdict(used), indent=1) + "\n")
    scores: Mapping[str, Any] = {}
    if any(row.record.answer is not None for row in own):
        records = Records(scoring_records(answered))
        scores = score_file(records, "both", labels, sentences, rate(records))
    finished = Finished(settings, answered, tallies(answered), used, lacking, scores)
    write_whole(folder / SUMMARY_NAME, as_json(finished.summary) + "\n")
    return finished
