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
    priority_of,
)
from medgrpo.stream.arrival import Arrival, Faults, LinkEvent, LinkState, LiveSource, Signal
from medgrpo.stream.begun import BegunSource
from medgrpo.stream.burned_in import TextFinder, TextLimits, blackened
from medgrpo.stream.clips import ClipKeeper
from medgrpo.stream.clock import Clock, ManualClock, SystemClock, stamped
from medgrpo.stream.fast import FastLoop
from medgrpo.stream.going_on import gone_on_at
from medgrpo.stream.inbox import Answer, Inbox, SoundChange, leave_answer
from medgrpo.stream.keeping import ClipSettings, Retention
from medgrpo.stream.latency import Latencies
from medgrpo.stream.privacy import COVER_LEAD_SECONDS, Black, Cover, Privacy, PrivacyFilter
from medgrpo.stream.session import Listener, LiveSession, Totals
from medgrpo.stream.showing import PICTURE, WANTED_SECONDS, Showing, about_picture, want_picture
from medgrpo.stream.site_file import load_site
from medgrpo.stream.slow import Remark, SlowLoop, SlowSettings, current
from medgrpo.stream.sources import FileSource, NetworkSource, SimulatedSource, WebRtcSource, open_source
from medgrpo.stream.technical import CHANNELS as TECHNICAL_CHANNELS
from medgrpo.stream.technical import TechnicalLimits, TechnicalWatch
from medgrpo.stream.thresholds import THRESHOLDS, Threshold, reasoner_config
from medgrpo.stream.tick import STAGES, Tick, Unjudged

__all__ = [
    "COVER_LEAD_SECONDS",
    "PICTURE",
    "STAGES",
    "TECHNICAL_CHANNELS",
    "THRESHOLDS",
    "WANTED_SECONDS",
    "Alert",
    "AlertManager",
    "Answer",
    "Arrival",
    "BegunSource",
    "Black",
    "Budget",
    "Change",
    "ChannelPolicy",
    "ChannelReport",
    "ChannelState",
    "ClipKeeper",
    "ClipSettings",
    "Clock",
    "Cover",
    "Decision",
    "FastLoop",
    "Faults",
    "FileSource",
    "Harm",
    "Inbox",
    "Kind",
    "Latencies",
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
    "Retention",
    "Showing",
    "Signal",
    "SimulatedSource",
    "Site",
    "SlowLoop",
    "SlowSettings",
    "SoundChange",
    "SystemClock",
    "TechnicalLimits",
    "TechnicalWatch",
    "TextFinder",
    "TextLimits",
    "Threshold",
    "Tick",
    "Totals",
    "Unjudged",
    "WebRtcSource",
    "Withheld",
    "about_picture",
    "blackened",
    "current",
    "gone_on_at",
    "leave_answer",
    "load_site",
    "open_source",
    "priority_of",
    "reasoner_config",
    "stamped",
    "want_picture",
]
