"""From scores to figures: pooled mean, macro mean, and 95 % intervals by bootstrap over videos (not over records).

Records of one video resemble one another; resampling records would pretend to more evidence than there is. Percentile bootstrap
(Efron 1979) with whole videos as units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

VARIANTS = ("score", "majority", "random")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cell:
    """One class decision of a record: the class `name` in `group`, and who got it right (1.0 or 0.0 by variant)."""

    group: tuple[str, ...]
    name: str
    hits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One scored record: its video, source, value by variant (the model, and the baselines where there are any), its classes."""

    video: str
    source: str
    values: Mapping[str, float]
    cells: tuple[Cell, ...]


def figures(rows: Sequence[Row], macro_over: Literal["source", "video"], resamples: int, seed: int) -> dict[str, Any]:
    """`pooled` and `macro`, each {value, ci95, majority, random}; empty where no record is scored.

    pooled: mean over records. macro: where there are classes, per source (and aspect) the mean over classes of the share that is
    right, then the mean of these; where there are none, the mean over sources, or over videos within one source.
    """
    if not rows:
        return {"videos": 0, "pooled": None, "macro": None}
    videos = {name: number for number, name in enumerate(dict.fromkeys(row.video for row in rows))}
    weights = _resampled(len(videos), resamples, seed)
    pooled: dict[str, Any] = {}
    macro: dict[str, Any] = {}
    for variant in VARIANTS:
        if variant not in rows[0].values:
            pooled[variant] = macro[variant] = None
            continue
        once = [Cell(("",), "", {variant: row.values[variant]}) for row in rows]
        classes = [row.cells or (_whole(row, macro_over, variant),) for row in rows]
        for target, cells in ((pooled, [(cell,) for cell in once]), (macro, classes)):
            hits, totals, groups = _tables(rows, cells, videos, variant)
            target[variant] = float(_macro(hits.sum(0)[None], totals.sum(0)[None], groups)[0])
            if variant == "score":
                drawn = _macro(weights @ hits, weights @ totals, groups) if weights is not None else None
                target["ci95"] = None if drawn is None else [float(value) for value in np.percentile(drawn, (2.5, 97.5))]
    return {
        "videos": len(videos),
        **{
            name: {"value": values["score"], "ci95": values["ci95"], "majority": values["majority"], "random": values["random"]}
            for name, values in (("pooled", pooled), ("macro", macro))
        },
    }


def _whole(row: Row, macro_over: str, variant: str) -> Cell:
    return Cell((macro_over,), row.source if macro_over == "source" else row.video, {variant: row.values[variant]})


def _resampled(videos: int, resamples: int, seed: int) -> Floats | None:
    """(resamples, videos): how often each video is drawn. None for a single video, of which nothing can be said."""
    if videos < 2:
        return None
    drawn = np.random.default_rng(seed).integers(0, videos, (resamples, videos))
    flat = drawn + np.arange(resamples)[:, None] * videos
    return np.bincount(flat.ravel(), minlength=resamples * videos).reshape(resamples, videos).astype(np.float64)


def _tables(
    rows: Sequence[Row], cells: Sequence[Sequence[Cell]], videos: Mapping[str, int], variant: str
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """(videos, classes) sums of hits and of decisions, and the group number of each class."""
    columns: dict[tuple[tuple[str, ...], str], int] = {}
    groups: dict[tuple[str, ...], int] = {}
    entries: list[tuple[int, int, float]] = []
    for row, own in zip(rows, cells, strict=True):
        for cell in own:
            groups.setdefault(cell.group, len(groups))
            column = columns.setdefault((cell.group, cell.name), len(columns))
            entries.append((videos[row.video], column, cell.hits[variant]))
    hits, totals = np.zeros((len(videos), len(columns))), np.zeros((len(videos), len(columns)))
    places = np.array([entry[:2] for entry in entries])
    np.add.at(hits, (places[:, 0], places[:, 1]), np.array([entry[2] for entry in entries]))
    np.add.at(totals, (places[:, 0], places[:, 1]), 1.0)
    return hits, totals, np.array([groups[group] for group, _ in columns], np.intp)


def _macro(hits: Floats, totals: Floats, groups: NDArray[np.intp]) -> Floats:
    """(samples,): mean over groups of the mean over classes of hits per decision; a class that was not drawn stays out."""
    present = totals > 0
    shares = np.divide(hits, totals, out=np.zeros_like(hits), where=present)
    members = np.eye(int(groups.max()) + 1)[groups]
    counts = present @ members
    means = np.divide(shares @ members, counts, out=np.zeros_like(counts), where=counts > 0)
    return means.sum(1) / np.maximum((counts > 0).sum(1), 1)
