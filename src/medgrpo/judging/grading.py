"""From a comparison to five grades: shares per dimension, lowered by what is contradicted and by what is made up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medgrpo.judging.comparison import Comparison, Kept
from medgrpo.tasks import DIMENSIONS, Rating

FACTORS: Mapping[str, Mapping[str, float]] = {
    "instrument": {"R2": 0.60, "R3": 0.20, "R8": 0.60, "R5": 0.60, "R4": 0.65},
    "anatomy": {"R2": 0.55, "R3": 0.25, "R8": 0.60, "R5": 0.50, "R4": 0.65},
    "material": {"R2": 0.70, "R3": 0.55, "R8": 0.70, "R5": 0.75, "R4": 0.75},
    "action": {"R2": 0.60, "R3": 0.75, "R8": 0.60, "R5": 0.45, "R4": 0.10},
    "state": {"R2": 0.70, "R3": 0.80, "R8": 0.70, "R5": 0.55, "R4": 0.45},
    "context": {"R2": 0.75, "R3": 0.85, "R8": 0.75, "R5": 0.25, "R4": 0.85},
    "side": {"R2": 0.65, "R3": 0.25, "R8": 0.40, "R5": 0.50, "R4": 0.60},
    "number": {"R2": 0.80, "R3": 0.60, "R8": 0.40, "R5": 0.65, "R4": 0.45},
    "denial": {"R2": 0.45, "R3": 0.40, "R8": 0.35, "R5": 0.10, "R4": 0.00},
    "roles": {"R2": 0.65, "R3": 0.45, "R8": 0.55, "R5": 0.40, "R4": 0.25},
}
"""What is left of a dimension where something of that kind is contradicted outright. An error of fact lowers every dimension, its
own most: a sentence that is wrong is of little use however well it is worded. Our choice, tuned on half of the committed pairs."""

_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    "R2": {"instrument": 1, "anatomy": 1, "material": 1, "action": 1, "state": 1, "context": 0.5, "words": 0.5},
    "R3": {"instrument": 1, "anatomy": 1, "material": 0.7, "places": 0.5},
    "R8": {"instrument": 1, "anatomy": 1, "material": 0.8, "action": 0.8, "state": 0.8, "context": 0.5, "places": 1, "words": 1},
    "R5": {"instrument": 0.5, "anatomy": 1, "material": 0.5, "action": 1, "state": 1, "context": 1.5, "words": 0.5},
    "R4": {"action": 1.5, "state": 0.8, "places": 0.3},
}
_SIMILARITY_SHARE: Mapping[str, float] = {"R2": 0.10, "R3": 0.10, "R8": 0.15, "R5": 0.30, "R4": 0.15}
_LOW, _HIGH = 0.30, 0.85
"""Cosines of all-MiniLM-L6-v2 that count as nothing in common and as the same."""

_FREE = 0.75
"""Unsupported facts that cost nothing: no two people choose the same words."""

_VAGUE: Mapping[str, float] = {"R2": 0.15, "R5": 0.15, "R4": 0.15}
"""The least for a caption that is about the right kinds of thing and contradicts nothing: vague, which is better than wrong."""


def grade(comparison: Comparison, cosine: float) -> Rating:
    """Whole grades, 1 to 5. `cosine` is that of the captions' sentence embeddings."""
    if comparison.nothing:
        return Rating(dict.fromkeys(DIMENSIONS, 1))
    return Rating({code: 1 + round(4 * share) for code, share in shares(comparison, cosine).items()})


def shares(comparison: Comparison, cosine: float) -> dict[str, float]:
    """The same on 0..1 before rounding."""
    alike = min(1.0, max(0.0, (cosine - _LOW) / (_HIGH - _LOW)))
    return {code: _share(code, comparison, alike) for code in DIMENSIONS}


def _share(code: str, comparison: Comparison, alike: float) -> float:
    parts: list[tuple[Kept, float]] = [
        (_part(comparison, name), weight) for name, weight in _WEIGHTS[code].items() if _part(comparison, name).weight > 0
    ]
    total = sum(kept.weight * weight for kept, weight in parts)
    everything = [*comparison.kinds.values(), comparison.words]
    if total:
        known = sum(kept.weight * weight * (_recall(kept, code) or 0.0) for kept, weight in parts) / total
    else:  # the reference says nothing of this dimension: what it says of the others speaks for it
        known = _mean(everything)
    own = _SIMILARITY_SHARE[code]
    value = (1 - own) * known + own * alike * (0.4 + 0.6 * known)
    weight = sum(kept.weight for kept in everything)
    added = max(0.0, sum(kept.added for kept in everything) - _FREE)
    value *= 1 - min(0.9, 1.4 * added / (added + weight)) if added else 1.0
    for one in comparison.contradictions:
        value *= 1 - one.severity * (1 - FACTORS[one.kind][code])
    if comparison.about and not comparison.contradictions and added < 1:
        value = max(value, _VAGUE.get(code, 0.0))
    return min(1.0, max(0.0, value))


def _part(comparison: Comparison, name: str) -> Kept:
    return comparison.words if name == "words" else comparison.places if name == "places" else comparison.kinds[name]


def _recall(kept: Kept, code: str) -> float | None:
    return kept.technical if code == "R2" else kept.recall


def _mean(parts: Iterable[Kept]) -> float:
    held = [kept for kept in parts if kept.weight > 0]
    total = sum(kept.weight for kept in held)
    return sum((kept.recall or 0.0) * kept.weight for kept in held) / total if total else 0.0
