from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from medgrpo.core import InputError
from medgrpo.reward import Key, calibrate, measured_scores
from medgrpo.scoring import Ratings, Records, caption_pairs, record_from
from medgrpo.tasks import DIMENSIONS, Rating, RubricKind


class _Letters:
    """An embedder that needs no weights: the direction of a text is its count of the letters a and b."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[text.count("a"), text.count("b")] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _records() -> Records:
    spans = [{"spans": [{"start": 10.0, "end": 20.0}]}]
    rows = [
        {
            "qa_type": "tal",
            "data_source": "AVOS",
            "struc_info": spans,
            "gnd": "10.0-20.0 seconds.",
            "prediction": f"10-{end} seconds",
        }
        for end in (20, 15, 12)
    ]
    rows += [{**rows[0], "prediction": "cannot say"}]
    rows += [{"qa_type": "video_summary_gpt", "data_source": "CoPESD", "gnd": "a", "prediction": text} for text in ("a", "b", "ab")]
    rows += [{"qa_type": "poem", "data_source": "CoPESD", "gnd": "a", "prediction": "b"}]
    return Records(tuple(record_from(row, f"record {number}") for number, row in enumerate(rows)))


def test_scores_are_those_of_the_tasks_and_what_is_no_question_is_counted() -> None:
    measured = measured_scores(_records(), _Letters())
    assert measured.broken == 1
    assert measured.scores == {
        Key("AVOS", "temporal_grounding", "score"): (1.0, 0.5, 0.2, 0.0),
        Key("CoPESD", "video_summary", "similarity"): (pytest.approx(1.0), 0.0, pytest.approx(0.7071, abs=1e-4)),
    }


def test_statistics_of_a_file() -> None:
    measured = measured_scores(_records(), _Letters())
    calibration = calibrate(measured, "sha256:1", least=3)
    first, second = calibration.statistics
    assert (first.key, first.n, first.p50) == (Key("AVOS", "temporal_grounding", "score"), 4, pytest.approx(0.35))
    assert second.p50 == pytest.approx(0.7071, abs=1e-4)


def test_a_handful_of_answers_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"fewer than 8 scored answers for AVOS/temporal_grounding/score \(4 of 4\)"):
        calibrate(measured_scores(_records(), _Letters()), "sha256:1")
    with pytest.raises(InputError, match="no record holds"):
        calibrate(measured_scores(Records(()), None), "sha256:1")


def test_captions_without_a_sentence_model_have_no_scores() -> None:
    with pytest.raises(InputError, match="nothing measured the captions of CoPESD/video_summary"):
        calibrate(measured_scores(_records(), None), "sha256:1", least=3)


def test_a_judge_is_a_part_of_its_own() -> None:
    records = _records()
    pairs = caption_pairs(records, "strict")
    grades = [5, 3, None]
    by_pair = {
        pair: None if grade is None else Rating(dict.fromkeys(DIMENSIONS, grade)) for pair, grade in zip(pairs, grades, strict=True)
    }
    ratings = Ratings("by hand", RubricKind.COMPARATIVE, by_pair)
    both = measured_scores(records, _Letters(), ratings).scores
    assert both[Key("CoPESD", "video_summary", "judge")] == (1.0, 0.5, None)
    assert both[Key("CoPESD", "video_summary", "similarity")][1] == 0.0
    assert Key("CoPESD", "video_summary", "similarity") not in measured_scores(records, None, ratings).scores
