"""An observation is valid from birth: what cannot be reasoned on is refused, and the look is named."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from medgrpo.core import Box
from medgrpo.perception import Domain, Observation, Seen, Tip, View, ViewState

VIEW = View(ViewState.INSIDE, 0.5, 0.5, 0.1, 0.02)
SEEN = Seen((0.1,) * 6, (0.1,) * 10, (0.1,) * 15, (0.1,) * 100, (1 / 7,) * 7, ())
LOOK = Observation(3.2, VIEW, Domain.SIMULATED, SEEN, None, "scripted")


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.1, math.inf])
def test_a_probability_that_is_none_is_refused(wrong: float):
    with pytest.raises(ValueError, match=r"lies in 0..1, got .* for clipper"):
        replace(SEEN, instruments=(0.1, 0.1, 0.1, 0.1, wrong, 0.1))
    with pytest.raises(ValueError, match=r"look at 3.2 s has a tip"):
        replace(LOOK, seen=replace(SEEN, tips=(Tip("hook", Box(0, 0, 1, 1), wrong),)))


@pytest.mark.parametrize("wrong", [math.nan, -0.2, math.inf])
def test_a_time_that_is_none_is_refused(wrong: float):
    with pytest.raises(ValueError, match="0 s or later"):
        replace(LOOK, seconds=wrong)


@pytest.mark.parametrize("measure", ["brightness", "sharpness", "haze", "blood_fraction"])
def test_an_image_measure_that_is_no_number_is_refused(measure: str):
    with pytest.raises(ValueError, match=r"look at 3.2 s has an image measure"):
        replace(LOOK, view=replace(VIEW, **{measure: math.nan}))


def test_too_few_probabilities_and_both_or_neither_are_refused():
    with pytest.raises(ValueError, match="expected 7 probabilities, got 3"):
        replace(SEEN, phases=(0.1, 0.2, 0.7))
    for seen, reason in ((None, None), (SEEN, "black")):
        with pytest.raises(ValueError, match=r"look at 3.2 s is either"):
            replace(LOOK, seen=seen, not_assessed=reason)
