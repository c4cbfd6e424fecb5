"""Agreement by hand-computed numbers."""

import asyncio

import numpy as np
import pytest

from medgrpo.judging import GradedPair, Judged, agreement, between, caption_parts, hybrid_reward, report_judge
from medgrpo.tasks import CaptionPair, Rating

PAIRS = [
    GradedPair(group, kind, grade, CaptionPair(f"{group} {kind}", group))
    for group in ("a", "b")
    for kind, grade in (("right", 5.0), ("vague", 2.0), ("negated", 1.0))
]


def test_correlation_kappa_and_order():
    same = agreement(PAIRS, [5, 2, 1, 5, 2, 1], [pair.grade for pair in PAIRS])
    assert (same.pearson, same.kappa, same.order, same.order_pairs) == (pytest.approx(1), 1, 1, 6)
    # one group turned round: sums of squared differences 0+1+1 | 16+0+16 over 6 pairs, by chance 2 * variance of the grades
    turned = agreement(PAIRS, [5, 2, 1, 1, 2, 5], [pair.grade for pair in PAIRS])
    assert turned.kappa == pytest.approx(1 - (32 / 6) / (2 * (30 / 3 - (8 / 3) ** 2)))
    assert turned.order == 0.5
    tied = agreement(PAIRS, [3, 3, 3, None, None, None], [pair.grade for pair in PAIRS])
    assert (tied.scored, tied.unscored, tied.pearson, tied.order) == (3, 3, None, 0.5)


def test_report_by_kind():
    report = report_judge(PAIRS, Judged("j", (5, 2, 5, 4, 4.5, None)))
    assert report.kinds == {"right": 4.5, "vague": 3.25, "negated": 5}
    assert report.below_right == {"vague": 0.5, "negated": 0.5}
    assert list(between(PAIRS, [Judged("a", (1,) * 6), Judged("b", (2,) * 6)])) == ["a | b"]
    assert agreement([], [], []).pearson is None


def test_hybrid_reward():
    assert hybrid_reward(0.5, 1.0) == 0.75
    assert hybrid_reward(None, 1.0) is None
    assert hybrid_reward(0.5, None) is None
    with pytest.raises(ValueError, match="is 0"):
        hybrid_reward(1.5, 0)


def test_parts_of_a_reward():
    class Fixed:
        name = "fixed"

        async def rate(self, pairs):
            return [Rating(dict.fromkeys(("R2", "R3", "R8", "R5", "R4"), 4)), None]

        def embed(self, texts):
            return np.eye(len(texts), dtype=np.float32) * -1

    pairs = [CaptionPair("a", "a"), CaptionPair("b", "c")]
    assert asyncio.run(caption_parts(pairs, Fixed(), Fixed())) == [
        {"similarity": 1, "judge": 0.75},
        {"similarity": 0, "judge": None},
    ]
