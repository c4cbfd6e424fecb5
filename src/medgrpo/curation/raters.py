"""Do people agree? Percent, Cohen's kappa for two of them, Krippendorff's alpha for any number, with gaps.

Cohen, Educational and Psychological Measurement 20 (1960) 37; weights: Cohen, Psychological Bulletin 70 (1968) 213. Krippendorff,
"Computing Krippendorff's Alpha-Reliability" (2011). A statistic is None where it is not defined: nothing to
compare, or no variation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Literal

Unit = Sequence[int | None]
"""What each rater gave to one item; None where a rater gave nothing."""
Level = Literal["nominal", "ordinal"]


def percent(units: Sequence[Unit]) -> float | None:
    """Share of pairs of raters that gave the same, over the items that two or more rated; each item counts once."""
    shares = [
        fmean(float(one == two) for one, two in combinations(given, 2))
        for unit in units
        if len(given := [value for value in unit if value is not None]) > 1
    ]
    return fmean(shares) if shares else None


def kappa(pairs: Sequence[tuple[int, int]], categories: Sequence[int], level: Level) -> float | None:
    """Cohen's kappa of two raters; `ordinal` weighs a disagreement by the square of the distance between the categories' places."""
    if not pairs:
        return None
    place = {value: number for number, value in enumerate(categories)}

    def cost(one: int, two: int) -> float:
        return float((place[one] - place[two]) ** 2) if level == "ordinal" else float(one != two)

    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    expected = sum(cost(one, two) * first[one] * second[two] for one in first for two in second) / len(pairs) ** 2
    return None if expected == 0 else 1 - sum(cost(*pair) for pair in pairs) / len(pairs) / expected


def alpha(units: Sequence[Unit], level: Level) -> float | None:
    """Krippendorff's alpha, from the coincidences of all pairs of values within items that have two or more."""
    rated = [given for unit in units if len(given := [value for value in unit if value is not None]) > 1]
    totals = Counter(value for given in rated for value in given)
    count = sum(totals.values())
    distance = _ordinal(totals) if level == "ordinal" else _nominal
    observed = sum(2 * distance(one, two) / (len(given) - 1) for given in rated for one, two in combinations(given, 2))
    expected = sum(distance(one, two) * totals[one] * totals[two] for one in totals for two in totals)
    return None if expected == 0 else 1 - (count - 1) * observed / expected


def _nominal(one: int, two: int) -> float:
    return float(one != two)


def _ordinal(totals: Mapping[int, int]) -> Callable[[int, int], float]:
    def distance(one: int, two: int) -> float:
        low, high = min(one, two), max(one, two)
        between = sum(number for value, number in totals.items() if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    return distance
