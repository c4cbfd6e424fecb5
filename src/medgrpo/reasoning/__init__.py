"""Clinical semantic parsing: observations and knowledge -> timeline, findings, forecasts, risk channels."""

from medgrpo.reasoning.config import (
    ActionConfig,
    EventConfig,
    ForecastConfig,
    LookConfig,
    PhaseConfig,
    ReasonerConfig,
    RiskConfig,
)
from medgrpo.reasoning.reasoner import Reasoner, reason
from medgrpo.reasoning.records import (
    ActionSegment,
    Coverage,
    Event,
    EventKind,
    Evidence,
    Finding,
    Forecast,
    Option,
    PhaseSegment,
    Record,
    RiskLevel,
    RiskState,
    Timeline,
)
from medgrpo.reasoning.rules import RULES, Rule, Verdict

__all__ = [
    "RULES",
    "ActionConfig",
    "ActionSegment",
    "Coverage",
    "Event",
    "EventConfig",
    "EventKind",
    "Evidence",
    "Finding",
    "Forecast",
    "ForecastConfig",
    "LookConfig",
    "Option",
    "PhaseConfig",
    "PhaseSegment",
    "Reasoner",
    "ReasonerConfig",
    "Record",
    "RiskConfig",
    "RiskLevel",
    "RiskState",
    "Rule",
    "Timeline",
    "Verdict",
    "reason",
]
