import numpy as np
import pytest

from medgrpo.knowledge import load_procedure
from medgrpo.reasoning import ComingTime, EventKind, Evidence, Forecast, Option, ReasonerConfig
from medgrpo.reasoning.outlook import outlook_of
from medgrpo.reasoning.prediction import remaining, time_to_state
from medgrpo.reasoning.tracking import procedure_model

PROCEDURE = load_procedure("laparoscopic_cholecystectomy")
CONFIG = ReasonerConfig()
MODEL = procedure_model(PROCEDURE, CONFIG.phase, CONFIG.step)
OUTLOOK = outlook_of(PROCEDURE, CONFIG.phase, CONFIG.forecast)
CALOT, CLIPPING, PACKAGING = "carlot-triangle-dissection", "clipping-and-cutting", "gallbladder-packaging"


def staged(phase: str, spent: float = 0.0) -> np.ndarray:
    return OUTLOOK.staged(MODEL, MODEL.known(phase, spent))


def test_leaving_the_steps_out_changes_no_time():
    belief = MODEL.known(CALOT, 60.0)
    whole = time_to_state(MODEL, belief, PACKAGING, 300.0, 2.5)
    assert OUTLOOK.to_phases(OUTLOOK.staged(MODEL, belief), (PACKAGING,)).cdf[:121] == pytest.approx(whole.cdf, abs=2e-3)
    end = remaining(MODEL, belief, 300.0, 2.5)
    assert OUTLOOK.to_end(OUTLOOK.staged(MODEL, belief)).cdf[:121] == pytest.approx(end.cdf, abs=1e-6)


def test_what_is_under_way_comes_now_and_distributions_rise():
    assert OUTLOOK.to_phases(staged(CALOT), (CALOT,)).cdf[0] == pytest.approx(1)
    for waiting in (OUTLOOK.to_instrument(staged(CALOT), "clipper"), OUTLOOK.to_event(staged(CALOT), EventKind.CLIP_APPLIED)):
        assert waiting.cdf[0] == 0
        assert (np.diff(waiting.cdf) >= -1e-9).all()
        low, middle, high = waiting.quantiles((0.1, 0.5, 0.8))
        assert (low or 0) < (middle or 0) < (high or 0)


def test_the_clipper_is_nearer_while_clipping():
    far, near = (OUTLOOK.to_instrument(staged(phase), "clipper").quantiles((0.5,))[0] for phase in (CALOT, CLIPPING))
    assert 0 < (near or 0) < (far or 0) / 3


def test_next_actions_sum_to_at_most_one_and_belong_to_the_phase():
    shares = OUTLOOK.next_actions(staged(CLIPPING))
    assert 0.9 < sum(shares.values()) <= 1 + 1e-9
    expected = {one.triplet for one in PROCEDURE.phase(CLIPPING).actions}
    assert sum(share for name, share in shares.items() if name in expected) > 0.8


def test_times_without_a_basis_or_a_horizon_are_refused():
    evidence = Evidence((1.0,), 1.0, "m@1", 0.5)
    soon = ComingTime("phase", CALOT, 0.9, 1.0, 2.0, None)
    with pytest.raises(ValueError, match="with their basis"):
        Forecast(1.0, (Option("phase", CALOT, 0.5, None),), "b", evidence, (), times=(soon,))
