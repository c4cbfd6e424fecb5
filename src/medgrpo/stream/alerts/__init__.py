"""Alerts as IEC 60601-1-8 would have them, in BICEPS' words: conditions and signals apart, every decision with its reason."""

from medgrpo.stream.alerts.condition import Alert, Change, ChannelReport, ChannelState, Decision, Withheld
from medgrpo.stream.alerts.manager import AlertManager
from medgrpo.stream.alerts.site import Budget, ChannelPolicy, Site
from medgrpo.stream.alerts.words import Harm, Kind, Onset, Presence, Priority, priority_of

__all__ = [
    "Alert",
    "AlertManager",
    "Budget",
    "Change",
    "ChannelPolicy",
    "ChannelReport",
    "ChannelState",
    "Decision",
    "Harm",
    "Kind",
    "Onset",
    "Presence",
    "Priority",
    "Site",
    "Withheld",
    "priority_of",
]
