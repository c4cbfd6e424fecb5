"""From misses in whole operations to a threshold that may be relied on: Learn then Test with exact bounds.

Angelopoulos, Bates, Candes, Jordan and Lei 2021, "Learn then Test: calibrating predictive algorithms to achieve risk control"
(arXiv 2110.01052): each threshold is a null hypothesis, "its risk is above `miss`"; fixed sequence testing walks from the safest
threshold on and stops at the first that cannot be refused, so that all that were passed hold together with the stated confidence.
Units are operations, which are exchangeable; looks of one operation are not.

p-values: where every operation either misses or does not, the binomial's own (Clopper and Pearson 1934); where an operation has
several events and its loss is the share missed, Hoeffding and Bentkus as in section 3 of that paper. Both written from general
knowledge of these inequalities: confirm. MAPIE has the same procedures, around a fitted scikit-learn classifier that is asked for
scores; what is calibrated here is a whole alert path, and the arithmetic is what stands below.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, e, exp, lgamma, log, log1p

from medgrpo.core import InputError

_ROUNDING = 1e-9
_HALVINGS = 50


def p_value(losses: Sequence[float], miss: float) -> float:
    """How probable losses as small as these are when the true risk is `miss` or more; super-uniform, so small refuses that.

    `losses`: one per operation, each 0..1. InputError without operations, or for a value out of range.
    """
    if not losses:
        raise InputError("no operation has an event of this kind: nothing can be calibrated on none")
    if not 0 < miss < 1:
        raise InputError(f"the share that may be missed lies between 0 and 1, not at {miss:g}")
    if any(not 0 <= loss <= 1 for loss in losses):
        raise InputError("an operation's loss is the share of its events that were missed, 0 to 1")
    count, total = len(losses), float(sum(losses))
    if all(loss in (0.0, 1.0) for loss in losses):
        return binomial_below(round(total), count, miss)
    hoeffding = exp(-count * _divergence(min(total / count, miss), miss))
    bentkus = e * binomial_below(ceil(total - _ROUNDING), count, miss)
    return min(1.0, hoeffding, bentkus)


def binomial_below(successes: int, trials: int, share: float) -> float:
    """P(X <= successes) of X ~ Binomial(trials, share), 0 < share < 1; by logarithms, so that trials may be many."""
    ways = lgamma(trials + 1)
    logs = (
        ways - lgamma(k + 1) - lgamma(trials - k + 1) + k * log(share) + (trials - k) * log1p(-share) for k in range(successes + 1)
    )
    return min(1.0, sum(map(exp, logs)))


def upper_bound(losses: Sequence[float], confidence: float) -> float:
    """The smallest risk that these losses refuse with that confidence: the true risk is at most this. 1 where none is refused."""
    checked_confidence(confidence)
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if p_value(losses, middle) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high


def learn_then_test(losses_by_threshold: Sequence[Sequence[float]], miss: float, confidence: float) -> int | None:
    """The place of the last threshold, from the safest on, up to which all keep the risk at `miss`; None where not one does.

    P(the risk of the chosen one is above `miss`) <= 1 - confidence, over draws of the operations.
    """
    checked_confidence(confidence)
    chosen: int | None = None
    for place, losses in enumerate(losses_by_threshold):
        if p_value(losses, miss) > 1 - confidence:
            break
        chosen = place
    return chosen


def operations_needed(miss: float, confidence: float) -> int:
    """With fewer operations than this no threshold can pass, even where nothing is missed: (1 - miss) ** n <= 1 - confidence."""
    checked_confidence(confidence)
    return ceil(log(1 - confidence) / log(1 - miss) - _ROUNDING)


def checked_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"a confidence lies between 0 and 1, not at {confidence:g}")


def _divergence(a: float, b: float) -> float:
    """Kullback-Leibler, between two coins."""
    first = a * log(a / b) if a else 0.0
    return first + ((1 - a) * log((1 - a) / (1 - b)) if a < 1 else 0.0)
