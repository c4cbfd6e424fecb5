"""Live: pictures as they come in, judged within a tenth of a second, said when it matters, recorded always."""

from medgrpo.stream.alerts import (
    Alert,
    AlertManager,
    Budget,
    Change,
    ChannelPolicy,
    ChannelReport,
    ChannelState,
    Decision,
    Harm,
    Kind,
    Onset,
    Presence,
    Priority,
    Site,
    Withheld,
    load_site,
    priority_of,
)
from medgrpo.stream.arrival import Arrival, Faults, LinkEvent, LinkState, LiveSource, Signal
from medgrpo.stream.clock import Clock, ManualClock, SystemClock, stamped
from medgrpo.stream.fast import FastLoop
from medgrpo.stream.privacy import Privacy, PrivacyFilter
from medgrpo.stream.session import Listener, LiveSession, Totals
from medgrpo.stream.slow import Remark, SlowLoop, SlowSettings, current
from medgrpo.stream.sources import FileSource, NetworkSource, SimulatedSource, WebRtcSource, open_source
from medgrpo.stream.technical import TechnicalLimits, TechnicalWatch
from medgrpo.stream.thresholds import THRESHOLDS, Threshold, reasoner_config
from medgrpo.stream.tick import STAGES, Tick

__all__ = [
    "STAGES",
    "THRESHOLDS",
    "Alert",
    "AlertManager",
    "Arrival",
    "Budget",
    "Change",
    "ChannelPolicy",
    "ChannelReport",
    "ChannelState",
    "Clock",
    "Decision",
    "FastLoop",
    "Faults",
    "FileSource",
    "Harm",
    "Kind",
    "LinkEvent",
    "LinkState",
    "Listener",
    "LiveSession",
    "LiveSource",
    "ManualClock",
    "NetworkSource",
    "Onset",
    "Presence",
    "Priority",
    "Privacy",
    "PrivacyFilter",
    "Remark",
    "Signal",
    "SimulatedSource",
    "Site",
    "SlowLoop",
    "SlowSettings",
    "SystemClock",
    "TechnicalLimits",
    "TechnicalWatch",
    "Threshold",
    "Tick",
    "Totals",
    "WebRtcSource",
    "Withheld",
    "current",
    "load_site",
    "open_source",
    "priority_of",
    "reasoner_config",
    "stamped",
]
