from __future__ import annotations

import pytest

from medgrpo.core import InputError, Unparsed
from medgrpo.reward import CAPTION_WEIGHTS, Calibration, Parts, Statistics, format_factor, group_rewards
from medgrpo.tasks import TASKS


def _calibration() -> Calibration:
    rows = [
        ("AVOS", "temporal_grounding", "score", 0.1, 0.2, 0.3),
        ("CoPESD", "video_summary", "similarity", 0.6, 0.7, 0.8),
        ("CoPESD", "video_summary", "judge", 0.25, 0.5, 0.75),
    ]
    return Calibration(
        checkpoint="x",
        statistics=tuple(Statistics(source=s, task=t, part=p, n=9, p25=a, p50=b, p75=c) for s, t, p, a, b, c in rows),
    )


def _caption(similarity: float, judge: float | None) -> Parts:
    return Parts({"similarity": similarity, "judge": judge})


def test_a_reward_is_the_score_through_the_calibration() -> None:
    group = [Parts({"score": 0.2}), Parts({"score": 0.4}), Parts({"score": 0.4}, 0.5), Parts({"score": None})]
    given = group_rewards("AVOS", "temporal_grounding", group, calibration=_calibration())
    assert given == [0.5, pytest.approx(0.952574), pytest.approx(0.476287), None]
    assert group_rewards("AVOS", "temporal_grounding", group, normaliser="none") == [0.2, 0.4, 0.2, None]


def test_captions_are_half_similarity_half_judge_each_on_its_own_scale() -> None:
    group = [_caption(0.7, 0.5), _caption(0.8, 0.0), _caption(0.9, None)]
    given = group_rewards("CoPESD", "video_summary", group, CAPTION_WEIGHTS, calibration=_calibration())
    assert given == [pytest.approx(0.5), pytest.approx((0.817574 + 0.047426) / 2), None]


def test_an_unreadable_answer_is_worth_less_than_a_wrong_one_that_can_be_read() -> None:
    wrong, unreadable = group_rewards(
        "AVOS", "temporal_grounding", [Parts({"score": 0.0}), Parts({"score": 0.0}, 0.0)], calibration=_calibration()
    )
    assert unreadable == 0.0
    assert wrong is not None
    assert wrong > 0


def test_an_unreadable_caption_needs_no_judge() -> None:
    group = [Parts({"similarity": 0.0, "judge": None}, 0.0)]
    assert group_rewards("CoPESD", "video_summary", group, CAPTION_WEIGHTS, calibration=_calibration()) == [0.0]


def test_zscore_standardises_each_part_in_its_group() -> None:
    group = [_caption(0.2, 0.0), _caption(0.4, 0.0), _caption(0.3, None)]
    assert group_rewards("CoPESD", "video_summary", group, CAPTION_WEIGHTS, "zscore") == [
        pytest.approx(-0.612372),
        pytest.approx(0.612372),
        None,
    ]
    readable = group_rewards("AVOS", "temporal_grounding", [Parts({"score": 0.5}), Parts({"score": 0.0}, 0.0)], normaliser="zscore")
    assert readable == [1.0, -1.0]


def test_a_missing_key_is_found_even_when_nothing_was_scored() -> None:
    with pytest.raises(InputError, match="no statistics for NurViD/temporal_grounding/score"):
        group_rewards("NurViD", "temporal_grounding", [Parts({"score": None})], calibration=_calibration())


def test_more_spans_than_there_are_do_not_pay() -> None:
    task = TASKS["temporal_grounding"]
    gold = task.parse("10-20 seconds.")
    right, padded = (task.score(task.parse(reply), gold).value for reply in ("10-20 seconds.", "10-20, 30-40, 50-60 seconds."))
    assert right is not None
    assert padded is not None
    assert padded < right


@pytest.mark.parametrize(
    ("reply", "factor"),
    [
        ("22.0-78.0, 89.0-94.0 seconds.", 1.0),
        (" 22.0-78.0,  89.0-94.0 seconds.\n", 1.0),
        ("from 22 to 78 seconds", 0.8),
        ("early on", 0.0),
    ],
)
def test_format_factor(reply: str, factor: float) -> None:
    task = TASKS["temporal_grounding"]
    assert format_factor(task, reply, task.parse(reply), 0.8) == factor
    assert format_factor(task, reply, Unparsed.of(reply, "said so"), 0.8) == 0.0
