from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from medgrpo.core import DataError, InputError
from medgrpo.reward import Calibration, Key, Statistics, logistic, read_calibration, statistics_of

_STG = Key("CoPESD", "spatiotemporal_grounding", "score")


def _statistics(p25: float, p50: float, p75: float, key: Key = _STG) -> Statistics:
    return Statistics(source=key.source, task=key.task, part=key.part, n=40, p25=p25, p50=p50, p75=p75)


def _calibration(*entries: Statistics, floor: float = 0.02) -> Calibration:
    return Calibration(checkpoint="sha256:0", floor=floor, statistics=entries)


@pytest.mark.parametrize(("iqrs_above_median", "reward"), [(0, 0.5), (0.5, 0.8176), (-0.5, 0.1824), (1, 0.9526), (-1, 0.0474)])
def test_the_numbers_of_the_paper_at_k_3(iqrs_above_median: float, reward: float) -> None:
    calibration = _calibration(_statistics(0.3, 0.5, 0.7))
    assert calibration.reward(_STG, 0.5 + 0.4 * iqrs_above_median) == pytest.approx(reward, abs=5e-5)


def test_the_same_score_is_worth_what_it_is_against_its_own_data_set() -> None:
    ego = Key("EgoSurgery", "spatiotemporal_grounding", "score")
    calibration = _calibration(_statistics(0.4, 0.5, 0.6), _statistics(0.02, 0.12, 0.22, ego))
    assert calibration.reward(_STG, 0.3) == pytest.approx(1 / (1 + math.exp(3)))  # one IQR below its median
    assert calibration.reward(ego, 0.3) == pytest.approx(1 / (1 + math.exp(-2.7)))  # 0.9 IQR above


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1e-6, 1e3))
def test_rises_and_stays_finite(first: float, second: float, spread: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= logistic(low, 0.5, spread) <= logistic(high, 0.5, spread) <= 1


def test_no_spread_counts_as_the_stated_floor() -> None:
    calibration = _calibration(_statistics(0.5, 0.5, 0.5), floor=0.1)
    assert calibration.is_floored(_STG)
    assert calibration.reward(_STG, 0.6) == pytest.approx(1 / (1 + math.exp(-3)))
    assert not _calibration(_statistics(0.4, 0.5, 0.6)).is_floored(_STG)


def test_a_key_that_was_not_measured_is_an_error_that_names_it() -> None:
    with pytest.raises(InputError, match=r"no statistics for NurViD/temporal_grounding/score.*medgrpo train calibrate"):
        _calibration(_statistics(0.3, 0.5, 0.7)).reward(Key("NurViD", "temporal_grounding", "score"), 0.5)


def test_quartiles_lie_linearly_between_neighbours_and_the_unscored_are_left_out() -> None:
    entry = statistics_of(_STG, [0.0, None, 0.1, 0.2, 0.3, None])
    assert (entry.n, entry.unscored) == (4, 2)
    assert (entry.p25, entry.p50, entry.p75) == pytest.approx((0.075, 0.15, 0.225))
    with pytest.raises(InputError, match="none of its 2 answers"):
        statistics_of(_STG, [None, None])


@pytest.mark.parametrize(("p25", "p50", "p75"), [(0.6, 0.5, 0.7), (0.3, 0.8, 0.7), (0.3, float("nan"), 0.7)])
def test_statistics_are_valid_from_birth(p25: float, p50: float, p75: float) -> None:
    with pytest.raises(ValidationError):
        _statistics(p25, p50, p75)


def test_the_file_is_read_back_equal_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    calibration = _calibration(_statistics(0.3, 0.5, 0.7))
    path = tmp_path / "calibration.json"
    path.write_text(calibration.model_dump_json(), encoding="utf-8")
    assert read_calibration(path) == calibration
    assert read_calibration(path).digest == calibration.digest
    assert calibration.model_copy(update={"steepness": 4.0}).digest != calibration.digest
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**content, "smooth": 1}), encoding="utf-8")
    with pytest.raises(DataError, match="smooth: Extra inputs are not permitted"):
        read_calibration(path)
    path.write_text(json.dumps({**content, "statistics": content["statistics"] * 2}), encoding="utf-8")
    with pytest.raises(DataError, match="given twice: CoPESD/spatiotemporal_grounding/score"):
        read_calibration(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_calibration(tmp_path / "absent.json")


def test_a_key_whose_answers_all_scored_0_has_no_scale() -> None:
    nothing, some = statistics_of(_STG, [0.0] * 9), statistics_of(_STG, [0.0] * 9 + [0.2])
    assert (nothing.p75, nothing.above_zero, some.p75, some.above_zero) == (0, 0, 0, 1)
    with pytest.raises(InputError, match=r"no answer scored above 0 for CoPESD/spatiotemporal_grounding/score \(9 answers\)"):
        _calibration(nothing).reward(_STG, 0.5)
    assert _calibration(some).reward(_STG, 0.0) == 0.5 < 0.99 < _calibration(some).reward(_STG, 0.2)
    unsaid = _calibration(_statistics(0, 0, 0))  # of a file of before: nobody knows
    with pytest.raises(InputError, match="this file does not say how many"):
        unsaid.of(_STG)


def test_what_a_file_does_not_say_is_not_in_its_hash() -> None:
    before = _calibration(_statistics(0.3, 0.5, 0.7))
    assert "above_zero" not in json.dumps(before.model_dump(mode="json", exclude_none=True))
    assert before.digest == "0117055bef37b946932835cdf6c25de7e12491099706bcfae7efe015f6f78a03"
    assert before.digest != _calibration(statistics_of(_STG, [0.3, 0.5, 0.7])).digest
    with pytest.raises(ValidationError, match="41 of 40 scores cannot be above 0"):
        Statistics.model_validate({**_statistics(0.3, 0.5, 0.7).model_dump(), "above_zero": 41})
