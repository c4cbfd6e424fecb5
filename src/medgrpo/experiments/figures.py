"""What became of the runs of a grid: held-out scores at the start, in the middle and at the end, against rules fixed beforehand.

    decline    of a source and task: the 95 % interval of the change of its mean score, on the same questions, lies below 0
    collapse   of a run: in some source and task the mean fell below half of its start, with a decline; or more than half of its
               answers cannot be read and that share grew by 0.25 or more; or the entropy of the last 10 steps is below 0.05 nats
               per token

Intervals of one run are bootstraps over its questions; those of a cell are Student's over its seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, cast

from medgrpo.evaluation import ratio_interval
from medgrpo.experiments.grid import Run, is_finished
from medgrpo.policy import GrpoRecipe, run_lines

RESAMPLES = 2000
LEFT_OF_START, MOST_UNREADABLE, MORE_UNREADABLE, LEAST_ENTROPY, LAST_STEPS = 0.5, 0.5, 0.25, 0.05, 10
_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5 % quantiles for 1 to 9 degrees of freedom."""
Interval = tuple[float, float]


def changed(before: Sequence[float], after: Sequence[float], resamples: int = RESAMPLES) -> Interval:
    """95 % percentile interval of the mean change over paired questions; the same draw of questions every time. Of one question the
    change itself: it has no interval."""
    changes = [new - old for old, new in zip(before, after, strict=True)]
    mean, low, high = ratio_interval([(change, 1.0) for change in changes], resamples)
    if mean is None:
        raise ValueError("a change needs a question")
    return (mean, mean) if low is None or high is None else (low, high)


def over_seeds(values: Sequence[float]) -> tuple[float, Interval | None]:
    """Mean and its 95 % interval by Student's t; no interval for one value. ValueError for none, or for more than ten."""
    if not 1 <= len(values) <= len(_STUDENT) + 1:
        raise ValueError(f"1 to {len(_STUDENT) + 1} seeds, got {len(values)}")
    mean = fmean(values)
    if len(values) == 1:
        return mean, None
    half = _STUDENT[len(values) - 2] * stdev(values) / len(values) ** 0.5
    return mean, (mean - half, mean + half)


def run_figures(base: GrpoRecipe, out: Path, run: Run) -> dict[str, Any]:
    """One finished run. Per source and task: scores at each moment, interval of the change, whether it declined."""
    asked = run_lines(out / run.name, "held_out.jsonl")
    steps = run_lines(out / run.name, "metrics.jsonl")
    last = steps[-LAST_STEPS:]
    keys: dict[str, Any] = {}
    for key, start in asked[0]["keys"].items():
        end = asked[-1]["keys"][key]
        low, high = changed(start["each"], end["each"])
        keys[key] = {
            "raw": [round(line["keys"][key]["raw"], 4) for line in asked],
            "change": [round(low, 4), round(high, 4)],
            "declined": high < 0,
            "unreadable": [round(line["keys"][key]["unreadable"], 4) for line in asked],
            "collapsed": _collapsed(start, end, high),
            "advantage": _rounded([line["keys"][key]["advantage"] for line in steps if key in line["keys"]]),
        }
    entropies = [row["entropy"] for line in last for row in line["keys"].values() if row["entropy"] is not None]
    entropy = fmean(entropies) if entropies else None
    reasons = [f"{key}: {row['collapsed']}" for key, row in keys.items() if row["collapsed"]]
    if entropy is not None and entropy < LEAST_ENTROPY:
        reasons.append(f"entropy {entropy:.3f}")
    return {
        "normaliser": run.normaliser,
        "scale": run.scale,
        "seed": run.seed,
        "moments": [line["step"] for line in asked],
        "keys": keys,
        "mean": [round(fmean(row["raw"] for row in line["keys"].values()), 4) for line in asked],
        "worst_change": round(min(row["raw"][-1] - row["raw"][0] for row in keys.values()), 4),
        "entropy": None if entropy is None else round(entropy, 4),
        "train_raw": [_train_raw(line) for line in steps],
        "collapse": reasons,
        "seconds": round(sum(sum(line["seconds"].values()) for line in steps), 1),
        "base_steps": base.run.steps,
    }


def _collapsed(start: Mapping[str, Any], end: Mapping[str, Any], high: float) -> str:
    if end["unreadable"] > MOST_UNREADABLE and end["unreadable"] - start["unreadable"] >= MORE_UNREADABLE:
        return f"{end['unreadable']:.2f} unreadable"
    if high < 0 and end["raw"] < LEFT_OF_START * start["raw"]:
        return f"{start['raw']:.3f} -> {end['raw']:.3f}"
    return ""


def _train_raw(line: Mapping[str, Any]) -> float | None:
    known = [row["raw"] for row in line["keys"].values() if row["raw"] is not None]
    return round(fmean(known), 4) if known else None


def _rounded(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 4) if known else None


def study_figures(base: GrpoRecipe, out: Path, runs: Sequence[Run]) -> dict[str, Any]:
    """All finished runs, and per cell the means over its seeds with their intervals; `missing` names runs that are not there."""
    made = [run_figures(base, out, run) for run in runs if is_finished(base, out / run.name, run)]
    cells: list[dict[str, Any]] = []
    for normaliser, scale in dict.fromkeys((run.normaliser, run.scale) for run in runs):
        own = [one for one in made if (one["normaliser"], one["scale"]) == (normaliser, scale)]
        if own:
            cells.append({"normaliser": normaliser, "scale": scale, **_cell(own)})
    missing = [run.name for run in runs if not is_finished(base, out / run.name, run)]
    return {"cells": cells, "runs": made, "missing": missing}


def _cell(own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    def spread(values: Sequence[float]) -> dict[str, Any]:
        mean, interval = over_seeds(values)
        return {"mean": round(mean, 4), "interval": None if interval is None else [round(one, 4) for one in interval]}

    keys = cast("Mapping[str, Any]", own[0]["keys"])
    return {
        "seeds": len(own),
        "mean": spread([one["mean"][-1] for one in own]),
        "gain": spread([one["mean"][-1] - one["mean"][0] for one in own]),
        "worst_change": spread([one["worst_change"] for one in own]),
        "entropy": spread([one["entropy"] for one in own if one["entropy"] is not None]),
        "declines": sum(row["declined"] for one in own for row in one["keys"].values()),
        "collapses": sum(bool(one["collapse"]) for one in own),
        "keys": {key: spread([one["keys"][key]["raw"][-1] for one in own]) for key in keys},
        "key_gains": {key: spread([one["keys"][key]["raw"][-1] - one["keys"][key]["raw"][0] for one in own]) for key in keys},
    }
