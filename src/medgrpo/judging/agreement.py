"""How far two judges agree, or a judge with expected grades: correlation, weighted kappa, order within a reference. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from medgrpo.core import Config
from medgrpo.judging.pairs import GradedPair

LEVELS = 5


class Agreement(Config):
    """Over the pairs that both sides scored. None where it is not defined (fewer than two pairs, no spread).

    `pearson` of means on 1..5; `kappa` with quadratic weights (Cohen 1968) of means rounded to whole grades; `order` the share of
    pairs of candidates of one reference, with different expected grades, that stand in the expected order (a tie counts half).
    """

    scored: int
    unscored: int
    pearson: float | None
    kappa: float | None
    order: float | None
    order_pairs: int


class JudgeReport(Config):
    """One judge on a set of pairs: against the expected grades, its mean per kind, per kind how often it stands below `right`."""

    judge: str
    expected: Agreement
    kinds: dict[str, float | None]
    below_right: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A judge's name and its value (1..5, None: unscored) per pair, in their order."""

    name: str
    values: tuple[float | None, ...]


def report_judge(pairs: Sequence[GradedPair], judged: Judged) -> JudgeReport:
    """One judge against the expected grades."""
    rows: dict[str, list[float]] = {}
    below: dict[str, list[float]] = {}
    best = {
        pair.group: value for pair, value in zip(pairs, judged.values, strict=True) if pair.kind == "right" and value is not None
    }
    for pair, value in zip(pairs, judged.values, strict=True):
        held = rows.setdefault(pair.kind, [])
        if value is not None:
            held.append(value)
            if pair.kind != "right" and pair.group in best:
                below.setdefault(pair.kind, []).append(
                    1.0 if value < best[pair.group] else 0.5 if value == best[pair.group] else 0.0
                )
    return JudgeReport(
        judge=judged.name,
        expected=agreement(pairs, judged.values, [pair.grade for pair in pairs]),
        kinds={kind: fmean(held) if held else None for kind, held in rows.items()},
        below_right={kind: fmean(held) if held else None for kind, held in below.items()},
    )


def agreement(pairs: Sequence[GradedPair], ours: Sequence[float | None], theirs: Sequence[float | None]) -> Agreement:
    """`theirs` is the side whose order counts."""
    rows = zip(pairs, ours, theirs, strict=True)
    kept = [(pair.group, one, other) for pair, one, other in rows if one is not None and other is not None]
    groups: dict[str, list[tuple[float, float]]] = {}
    for group, one, other in kept:
        groups.setdefault(group, []).append((one, other))
    ordered = [
        0.5 if a[0] == b[0] else float((a[0] > b[0]) == (a[1] > b[1]))
        for members in groups.values()
        for a, b in combinations(members, 2)
        if a[1] != b[1]
    ]
    first, second = [one for _, one, _ in kept], [other for _, _, other in kept]
    return Agreement(
        scored=len(kept),
        unscored=len(pairs) - len(kept),
        pearson=pearson(first, second),
        kappa=weighted_kappa([whole(value) for value in first], [whole(value) for value in second]),
        order=fmean(ordered) if ordered else None,
        order_pairs=len(ordered),
    )


def whole(value: float) -> int:
    """A mean as a whole grade; halves go up."""
    return min(LEVELS, max(1, int(value + 0.5)))


def pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Product-moment correlation; None without spread on either side."""
    if len(first) < 2:
        return None
    mean_first, mean_second = fmean(first), fmean(second)
    shared = sum((a - mean_first) * (b - mean_second) for a, b in zip(first, second, strict=True))
    spread = sum((a - mean_first) ** 2 for a in first) * sum((b - mean_second) ** 2 for b in second)
    return float(shared / spread**0.5) if spread > 0 else None


def weighted_kappa(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Cohen's kappa with quadratic weights on grades 1..5; None where chance alone leaves nothing to disagree on."""
    if not first:
        return None
    observed = fmean([(a - b) ** 2 for a, b in zip(first, second, strict=True)])
    expected = fmean([(a - b) ** 2 for a in first for b in second])
    return 1 - observed / expected if expected > 0 else None


def between(pairs: Sequence[GradedPair], judges: Sequence[Judged]) -> Mapping[str, Agreement]:
    """Each two judges against one another."""
    return {f"{a.name} | {b.name}": agreement(pairs, a.values, b.values) for a, b in combinations(judges, 2)}
