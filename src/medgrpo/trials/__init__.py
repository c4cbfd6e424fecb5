"""The live path put to the test: simulated operations watched as `medgrpo watch` would, alerts counted, thresholds calibrated."""

from medgrpo.trials.bounds import binomial_below, learn_then_test, operations_needed, p_value, upper_bound
from medgrpo.trials.measure import RATES_PER_HOUR, alert_figures, detection_seconds, flat, missed_share, sensitivity_at
from medgrpo.trials.operation import Outcome, Said, Staged, stage, watch
from medgrpo.trials.overlays import text_study
from medgrpo.trials.study import (
    HELD_OUT_SEED,
    PLAYED,
    Demand,
    TrialSettings,
    alert_study,
    calibrate,
    judged,
    site_lines,
    with_threshold,
)

__all__ = [
    "HELD_OUT_SEED",
    "PLAYED",
    "RATES_PER_HOUR",
    "Demand",
    "Outcome",
    "Said",
    "Staged",
    "TrialSettings",
    "alert_figures",
    "alert_study",
    "binomial_below",
    "calibrate",
    "detection_seconds",
    "flat",
    "judged",
    "learn_then_test",
    "missed_share",
    "operations_needed",
    "p_value",
    "sensitivity_at",
    "site_lines",
    "stage",
    "text_study",
    "upper_bound",
    "watch",
    "with_threshold",
]
