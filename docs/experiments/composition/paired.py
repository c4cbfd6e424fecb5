"""The scores of one run minus those of another over the same questions, with 95 % bootstrap intervals over videos (paired draws).

medgrpo evaluate score RUN/records.jsonl --protocol strict --judge offline --json FILE      for each of the two runs
python paired.py RUN_A/records.jsonl FILE_A RUN_B/records.jsonl FILE_B                      B minus A, per task and their mean
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 10_000


def scores_of(records: str, scored: str) -> dict[str, list[tuple[str, float]]]:
    """By task, (video, score) of each record in the file's order. SystemExit for a record without a score."""
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    lines = [json.loads(line) for line in Path(records).read_text(encoding="utf-8").splitlines()]
    told = json.loads(Path(scored).read_text(encoding="utf-8"))["records"]
    for record, verdict in zip(lines, told, strict=True):
        if record["id"] != verdict["id"] or verdict["score"] is None:
            raise SystemExit(f"{scored}: {verdict['id']} has no score")
        found[record["qa_type"]].append((record["metadata"]["video_id"], verdict["score"]))
    return found


def main(first: list[str], second: list[str]) -> None:
    before, after = scores_of(*first), scores_of(*second)
    videos = sorted({video for own in before.values() for video, _ in own})
    numbers = {video: number for number, video in enumerate(videos)}
    drawn = np.random.default_rng(0).multinomial(len(videos), [1 / len(videos)] * len(videos), size=_RESAMPLES)
    means: list[NDArray[np.float64]] = []
    pooled: list[float] = []
    for task, own in sorted(before.items()):
        if [video for video, _ in own] != [video for video, _ in after[task]]:
            raise SystemExit(f"{task}: not the same questions")
        apart = np.array([other - one for (_, one), (_, other) in zip(own, after[task], strict=True)])
        places = np.array([numbers[video] for video, _ in own])
        weights = drawn[:, places]
        means.append((weights * apart).sum(1) / np.maximum(1, weights.sum(1)))
        pooled.append(float(apart.mean()))
        low, high = np.percentile(means[-1], [2.5, 97.5])
        sys.stdout.write(f"{task:24s} {len(own):4d} {pooled[-1]:+.3f} ({low:+.3f} to {high:+.3f})\n")
    low, high = np.percentile(np.mean(means, axis=0), [2.5, 97.5])
    sys.stdout.write(f"{'mean of tasks':24s}      {np.mean(pooled):+.3f} ({low:+.3f} to {high:+.3f})\n")


if __name__ == "__main__":
    main(sys.argv[1:3], sys.argv[3:5])
