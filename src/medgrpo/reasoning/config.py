"""Every threshold of the reasoner. All are design values of this project, in seconds or 0..1, never in looks.

None is a clinical constant. They were set on simulated cases and hand-made streams; whoever has whole operations with labels
should set them again and keep the file beside the numbers.
"""

from __future__ import annotations

from pydantic import Field

from medgrpo.core import Config


class LookConfig(Config):
    """How far one look reaches in time."""

    holds_seconds: float = Field(default=3.0, gt=0)  # a look stands for the time until the next one, at most so long
    unassessed_settle_seconds: float = Field(default=2.0, gt=0)  # shorter losses of sight are bridged
    first_look_seconds: float = Field(default=0.5, gt=0)  # what the first look weighs, as there is none before it
    evidence_looks: int = Field(default=8, ge=2)  # representative looks kept per record
    shortest_phase_told_seconds: float = Field(default=5.0, ge=0)  # a shorter phase segment gets no sentence of its own


class PhaseConfig(Config):
    """The hidden semi-Markov model of the phases, and when one is settled."""

    # Weight of one second of log probability: neighbouring looks are correlated, and perception's phase is itself a mean over some
    # seconds. At 0.4 a real 41 s clip that never favoured a phase beyond 0.39 was called with confidence 0.75; at 0.2 and below
    # the short phases of a simulated case of 2 minutes are no longer found.
    evidence_per_second: float = Field(default=0.25, gt=0)
    # Looks of a real operation err together for most of a minute (docs/reasoning.md): the first weighs as one look, and every
    # second after it 1 / (2 x 40 s), as of a mean under noise of that correlation time. With 0.25 clips of half a minute were named
    # with 0.99 where the network's looks were right in 39 of 100.
    real_evidence_per_second: float = Field(default=0.0125, gt=0)
    real_first_look: float = Field(default=1.0, gt=0)
    uncertainty: float = Field(default=0.1, gt=0, lt=1)  # share of uniform mixed into each look: networks are over-confident
    # The operation's hidden pace: typical lengths times one of these. With one fixed pace of 0.1 the belief drifted to the last
    # phase within a minute, whatever was seen; a hidden pace counts only so far as what is seen speaks for it.
    paces: tuple[float, ...] = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625)
    pace_shares: tuple[float, ...] = (0.1, 0.3, 0.3, 0.15, 0.1, 0.05)
    early_share: float = Field(default=0.05, ge=0, lt=1)  # of the stages of a phase that are its last although more were to come
    unexpected_share: float = Field(default=0.04, gt=0, lt=1)  # of all exits, those to phases that are not named as successors
    settle_seconds: float = Field(default=4.0, gt=0)  # a new phase must lead for so long
    settle_belief: float = Field(default=0.7, gt=0, lt=1)  # and its belief must be at least this
    first_phase_prior: float = Field(default=0.4, gt=0, lt=1)  # belief before the first look that the operation just begins
    lookback_seconds: float = Field(default=30.0, gt=0)  # how far back the start of a settled phase may be placed


class StepConfig(Config):
    """The steps inside a phase, told apart by the actions that show them."""

    evidence_per_second: float = Field(default=1.0, gt=0)  # weight of one second of log odds, as for phases
    neutral_score: float = Field(default=0.2, gt=0, lt=1)  # smoothed score of a step's surest action that speaks neither way
    largest_log_odds: float = Field(default=2.0, gt=0)  # no look says more than this: a wrong score may be sure of itself
    known_share: float = Field(default=0.5, gt=0, lt=1)  # a phase begins with one of its recognisable steps so often
    visits: float = Field(default=4.0, gt=0)  # each step is come back to so often within a phase of mean length
    next_in_order_share: float = Field(default=0.5, gt=0, lt=1)  # a step gives way to the next in order so often
    settle_seconds: float = Field(default=4.0, gt=0)  # a new step must lead for so long
    settle_belief: float = Field(default=0.6, gt=0, lt=1)  # and its belief, given the phase, must be at least this
    minimum_seconds: float = Field(default=2.0, ge=0)  # a shorter stretch of a step is not recorded


class OrderConfig(Config):
    """When an order of phases is told as unusual."""

    usual_share: float = Field(default=0.1, gt=0, le=1)  # a successor that the procedure names at least so often is usual
    reliable_seconds: float = Field(default=10.0, ge=0)  # a shorter phase is not relied on
    unseen_seconds: float = Field(default=10.0, ge=0)  # after so long without sight phases may have passed unseen


class SubGoalConfig(Config):
    """What may be inferred about a sub-goal."""

    least_seconds: float = Field(default=1.5, ge=0)  # an action that achieves it must have been seen for so long
    least_confidence: float = Field(default=0.6, ge=0, lt=1)  # and so surely


class ActionConfig(Config):
    """Smoothing of the 100 triplets."""

    smoothing_seconds: float = Field(default=0.8, gt=0)
    on: float = Field(default=0.45, gt=0, lt=1)
    off: float = Field(default=0.25, gt=0, lt=1)
    component_weight: float = Field(default=0.5, ge=0, le=1)  # weight of min(instrument, verb, target) against the triplet itself
    instrument_on: float = Field(default=0.35, gt=0, lt=1)  # an action needs its instrument in sight
    minimum_seconds: float = Field(default=0.8, ge=0)
    merge_gap_seconds: float = Field(default=2.0, ge=0)


class InstrumentConfig(Config):
    """From the probability of an instrument to its visits."""

    smoothing_seconds: float = Field(default=0.8, gt=0)
    on: float = Field(default=0.6, gt=0, lt=1)
    off: float = Field(default=0.35, gt=0, lt=1)
    minimum_seconds: float = Field(default=2.0, ge=0)
    merge_gap_seconds: float = Field(default=8.0, ge=0)
    told_seconds: float = Field(default=6.0, ge=0)  # a shorter visit gets no sentence of its own


class EventConfig(Config):
    """From rising and falling measures to single acts."""

    smoothing_seconds: float = Field(default=0.6, gt=0)
    on: float = Field(default=0.5, gt=0, lt=1)
    off: float = Field(default=0.25, gt=0, lt=1)
    least_mean: float = Field(
        default=0.6, ge=0, lt=1
    )  # an act whose mean score stays below is taken for a mistake, as it mostly is
    minimum_seconds: float = Field(default=1.0, ge=0)
    act_gap_seconds: float = Field(default=1.5, ge=0)  # two clips closer than this are one act
    bag_gap_seconds: float = Field(default=60.0, ge=0)
    target_share: float = Field(default=0.6, gt=0.5, le=1)  # a target is named when it holds this share of the act's probability
    view_lost_seconds: float = Field(default=2.0, gt=0)
    out_of_body_seconds: float = Field(default=0.9, gt=0)
    view_gap_seconds: float = Field(default=1.0, ge=0)
    blood_smoothing_seconds: float = Field(default=1.5, gt=0)
    blood_on: float = Field(default=0.08, gt=0, lt=1)  # rise of the blood measure above its baseline
    blood_off: float = Field(default=0.04, gt=0, lt=1)
    blood_minimum_seconds: float = Field(default=2.0, ge=0)
    blood_gap_seconds: float = Field(default=5.0, ge=0)
    blood_warm_up_seconds: float = Field(default=5.0, gt=0)
    blood_baseline_rise_seconds: float = Field(default=120.0, gt=0)  # the baseline follows upwards slowly, downwards quickly
    blood_baseline_held_seconds: float = Field(default=1800.0, gt=0)  # and while a bleeding stands hardly at all
    blood_baseline_fall_seconds: float = Field(default=5.0, gt=0)


class RiskConfig(Config):
    """N, T and k of the rules."""

    minimum_dissection_seconds: float = Field(default=20.0, gt=0)  # R1: less Calot dissection before a clip is always an alert
    low_end_share: float = Field(default=0.7, gt=0, le=1)  # R1: of the low end of the typical Calot dissection, at this pace
    pace_prior_seconds: float = Field(default=20.0, gt=0)  # seconds at usual pace assumed before anything was seen
    pace_basis_seconds: float = Field(default=10.0, ge=0)  # ended phases must sum to this before their pace raises the minimum
    unassessed_share: float = Field(default=0.3, gt=0, lt=1)  # more of the past than this unseen: order of acts is not assessed
    unassessed_seconds: float = Field(default=20.0, gt=0)  # and at least so many seconds
    recent_seconds: float = Field(default=120.0, gt=0)  # R2: unassessed_seconds within this time before a division leave it open
    clipper_seen_seconds: float = Field(default=2.0, gt=0)  # R2: a clipper in sight so long without a settled clip leaves it open
    instrument_seen: float = Field(default=0.5, gt=0, lt=1)
    tip_missing_seconds: float = Field(default=6.0, gt=0)  # R4; 4 s gave false alarms by missed tips: docs/reasoning.md
    tip_found: float = Field(default=0.3, gt=0, lt=1)
    energy_unseen_seconds: float = Field(default=5.0, ge=0)  # R7: so long without view; a camera taken out to be wiped is shorter
    energy_before_loss_seconds: float = Field(default=1.5, gt=0)  # R7: energy seen within this time before the view was lost
    coagulations: int = Field(default=3, ge=1)  # R5: more than k coagulations of a blood vessel
    coagulation_window_seconds: float = Field(default=120.0, gt=0)
    prolonged_factor: float = Field(default=1.0, gt=0)  # R6: times the high end of the typical Calot dissection
    reliable_phase_seconds: float = Field(default=5.0, ge=0)  # a shorter phase proves neither a beginning nor a return
    usual_return_share: float = Field(default=0.2, gt=0, lt=1)  # R8: an earlier phase that follows so often is no return
    return_seconds: float = Field(default=8.0, ge=0)  # R8: an earlier phase is a return once it has led for so long
    alert_hold_seconds: float = Field(default=60.0, gt=0)  # an alert about a single act is shown for so long
    alert_minimum_seconds: float = Field(default=10.0, ge=0)  # no alert is shorter, unless it can no longer be assessed
    alert_settle_seconds: float = Field(default=10.0, ge=0)  # a condition that comes back sooner is the same alert
    clear_hold_seconds: float = Field(default=30.0, gt=0)


class ForecastConfig(Config):
    """When the expectation is written down again."""

    minimum_interval_seconds: float = Field(default=5.0, ge=0)
    next_in_order_share: float = Field(default=0.6, gt=0, lt=1)
    smallest_probability: float = Field(default=0.03, ge=0, lt=1)  # options below are left out
    actions_told: int = Field(default=5, ge=0)  # of the next action, so many
    instrument_seen: float = Field(default=0.5, gt=0, lt=1)  # an instrument as probable as this is at work now
    action_seconds: float = Field(default=12.0, gt=0)  # mean length of one action at usual pace: a design value
    horizon_seconds: float = Field(default=3600.0, gt=0)  # times beyond are left open
    widened_intervals: bool = True  # by the factors of data/forecast_intervals.json
    fine_until_seconds: float = Field(default=300.0, gt=0)  # grid of the times: fine until here, then coarse
    fine_step_seconds: float = Field(default=2.5, gt=0)
    coarse_step_seconds: float = Field(default=30.0, gt=0)
    least_time_probability: float = Field(default=0.1, ge=0, lt=1)  # what is less likely to come within the horizon is left out
    least_risk_probability: float = Field(default=0.2, ge=0, lt=1)  # the same for hazards that lie ahead


class ThinkConfig(Config):
    """When a decision is thought about again."""

    apart_seconds: float = Field(default=60.0, ge=0)  # the same decision about the same acts is not repeated within this time


class ReasonerConfig(Config):
    """All settings of one reasoner; `model_dump()` is what belongs beside its results."""

    look: LookConfig = LookConfig()
    phase: PhaseConfig = PhaseConfig()
    step: StepConfig = StepConfig()
    order: OrderConfig = OrderConfig()
    sub_goal: SubGoalConfig = SubGoalConfig()
    action: ActionConfig = ActionConfig()
    instrument: InstrumentConfig = InstrumentConfig()
    event: EventConfig = EventConfig()
    risk: RiskConfig = RiskConfig()
    forecast: ForecastConfig = ForecastConfig()
    think: ThinkConfig = ThinkConfig()
