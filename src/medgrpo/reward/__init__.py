"""From scores to rewards to advantages: plain numbers, no torch. Metric and reward cannot drift apart: a reward is `Task.score`,
calibrated."""

from medgrpo.reward.advantages import Scale, SpreadAverages, batch_advantages, over_running_spread, spread_of
from medgrpo.reward.calibration import Calibration, Key, Statistics, logistic, read_calibration, statistics_of
from medgrpo.reward.form import format_factor
from medgrpo.reward.measuring import MeasuredScores, calibrate, measured_scores, of_tasks
from medgrpo.reward.reward import CAPTION_WEIGHTS, SCORE_WEIGHTS, Normaliser, Parts, group_rewards

__all__ = [
    "CAPTION_WEIGHTS",
    "SCORE_WEIGHTS",
    "Calibration",
    "Key",
    "MeasuredScores",
    "Normaliser",
    "Parts",
    "Scale",
    "SpreadAverages",
    "Statistics",
    "batch_advantages",
    "calibrate",
    "format_factor",
    "group_rewards",
    "logistic",
    "measured_scores",
    "of_tasks",
    "over_running_spread",
    "read_calibration",
    "spread_of",
    "statistics_of",
]
