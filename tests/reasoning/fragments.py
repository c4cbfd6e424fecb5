"""Reads the hand-written fragments of `fragments/*.toml` and judges a timeline by them; fragments/README.md has the notation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from medgrpo.knowledge import PHASES, Procedure, label
from medgrpo.perception import Domain, ViewState
from medgrpo.reasoning import ReasonerConfig, RiskLevel, RiskState, Timeline, reason

SHORT = dict(zip(("preparation", "calot", "clipping", "bed", "packaging", "cleaning", "extraction"), PHASES, strict=True))
BLIND = {ViewState.OUTSIDE: "camera outside the body", ViewState.BLACK: "black picture"}
DOMAINS = {"simulated": Domain.SIMULATED, "unknown": Domain.UNKNOWN}
SECTIONS = re.compile(r"clinical-safety\.md#[1-9](\.\d)?")
RULE_IDS = tuple(f"R{number}" for number in range(1, 9))
KEYS = {"id", "says", "source", "observe", "expect", "base", "rate", "noise", "seed", "domain", "times", "config"}


@dataclass(frozen=True)
class Fragment:
    id: str
    says: str
    source: list[str]
    expect: list[str]
    observe: str = ""
    base: str = ""
    rate: float = 3.0
    noise: float = 0.0
    seed: int = 0
    domain: str = "simulated"
    times: str = ""
    config: dict[str, Any] = field(default_factory=dict)


def read_fragments(folder: Path) -> list[Fragment]:
    found: list[Fragment] = []
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fragment"]:
            assert set(entry) <= KEYS, (path.name, entry.get("id"), set(entry) - KEYS)
            found.append(Fragment(**entry))
    return found


def known_source(source: str, procedure: Procedure) -> bool:
    keys = {citation.key for citation in procedure.citations}
    return source in RULE_IDS or source in keys or SECTIONS.fullmatch(source) is not None


# ------------------------------------------------------------------------------------------------ observations


def timeline_of(fragment: Fragment, streams: ModuleType, procedure: Procedure) -> Timeline:
    parts, dropped = base_parts(fragment.base, streams), []
    for line in filter(None, map(str.strip, fragment.observe.splitlines())):
        when, what = line.split(maxsplit=1)
        once = what.endswith(" once")
        start, end = (float(when), float(when) + 0.9 / fragment.rate) if once else map(float, when.split("-"))
        what = what.removesuffix(" once").strip()
        if what == "drop":
            dropped.append((start, end))
        else:
            parts += parts_of(start, end, what, streams)
    seconds = max([part.end for part in parts], default=0.0)
    times = tuple(at for at in look_times(fragment, seconds) if not any(start <= at < end for start, end in dropped))
    script = streams.Script(
        tuple(parts), seconds, fragment.rate, fragment.noise, fragment.seed, DOMAINS[fragment.domain], times=times
    )
    return reason(script.observations(), procedure, ReasonerConfig.model_validate(fragment.config))


def base_parts(base: str, streams: ModuleType) -> list[Any]:
    whole = streams.operation()
    if base == "to clipping":  # preparation 0-25, dissection of the triangle 25-115
        return [part for part in whole if part.end <= 115]
    assert base in ("", "whole"), base
    return whole if base else []


def parts_of(start: float, end: float, what: str, streams: ModuleType) -> list[Any]:
    word, _, rest = what.partition(" ")
    match word:
        case "phase":
            return [streams.Part(start, end, phase=SHORT[rest])]
        case "view":
            state = ViewState(rest)
            return [streams.Part(start, end, state=state, not_assessed=BLIND.get(state))]
        case "refused":
            return [streams.Part(start, end, not_assessed=rest)]
        case "blood" if ">" in rest:
            low, high = map(float, rest.split(">"))
            steps = max(2, int((end - start) / 5))
            length = (end - start) / steps
            return [
                streams.Part(start + place * length, start + (place + 1) * length, blood=low + (high - low) * place / (steps - 1))
                for place in range(steps)
            ]
        case "blood":
            return [streams.Part(start, end, blood=float(rest))]
        case _:
            assert word in streams.INDEX, f"no action {word!r}"
            assert rest in ("", "no tip"), what
            return [streams.Part(start, end, action=word, tips=rest != "no tip")]


def look_times(fragment: Fragment, seconds: float) -> list[float]:
    if not fragment.times:
        return [place / fragment.rate for place in range(int(seconds * fragment.rate) + 1)]
    times: list[float] = []
    for piece in fragment.times.split(";"):
        span, _, every = piece.split()
        start, end = map(float, span.split("-"))
        count = max(1, round((end - start) / float(every)))
        times += [start + place * float(every) for place in range(count)]
    return times


# ------------------------------------------------------------------------------------------------ expectations

Check = Callable[[Timeline, Procedure, "re.Match[str]"], bool]
CHECKS: dict[str, Check] = {}
SPAN = r"(?: (?P<start>\d+)\.\.(?P<end>\d+))?"


def check(pattern: str) -> Callable[[Check], Check]:
    def keep(function: Check) -> Check:
        CHECKS[pattern.replace("SPAN", SPAN).replace("CHANNEL", r"(?P<channel>\w+)")] = function
        return function

    return keep


def fulfilled(expectation: str, timeline: Timeline, procedure: Procedure) -> bool:
    """Whether the timeline is as that line expects; AssertionError when the line itself cannot be read."""
    for pattern, function in CHECKS.items():
        found = re.fullmatch(pattern, expectation)
        if found is not None:
            return function(timeline, procedure, found)
    raise AssertionError(f"cannot be read as an expectation: {expectation!r}")


def span_of(found: re.Match[str]) -> tuple[float, float]:
    return (float(found["start"]), float(found["end"])) if found["start"] else (0.0, float("inf"))


def states(timeline: Timeline, channel: str, level: str | None = None) -> list[RiskState]:
    known = {risk.channel for risk in timeline.risks}
    assert channel == "all" or channel in known, channel
    return [one for one in timeline.risks if channel in ("all", one.channel) and level in (None, one.level.value)]


def during(one: Any, start: float, end: float) -> bool:
    return one.span.start_seconds < end and one.span.end_seconds > start


def begins(one: Any, start: float, end: float) -> bool:
    return start <= one.span.start_seconds <= end


@check("alert CHANNELSPAN")
def alert(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    """An alert begins then, with evidence that is not later than the alert."""
    raised = [one for one in states(timeline, found["channel"], "alert") if begins(one, *span_of(found))]
    return bool(raised) and all(one.evidence is not None and min(one.evidence.seconds) <= one.span.end_seconds for one in raised)


@check("clear CHANNELSPAN")
def clear(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return any(begins(one, *span_of(found)) for one in states(timeline, found["channel"], "clear"))


@check("no (?P<level>alert|clear) CHANNELSPAN")
def no_level(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return not any(during(one, *span_of(found)) for one in states(timeline, found["channel"], found["level"]))


@check("alerts CHANNEL (?P<most>at most )?(?P<count>\\d+)")
def alerts(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    count = len(states(timeline, found["channel"], "alert"))
    return 1 <= count <= int(found["count"]) if found["most"] else count == int(found["count"])


@check("(?P<no>not )?(?P<level>assessed|monitoring) CHANNELSPAN(?: because '(?P<why>[^']*)')?")
def throughout(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    """`not assessed` is a level that holds throughout; `assessed` and `not monitoring` exclude a level throughout."""
    then = [one for one in states(timeline, found["channel"]) if during(one, *span_of(found))]
    assert then, "nothing is recorded in that stretch"
    if found["level"] == "assessed" and found["no"]:
        return all(one.level is RiskLevel.NOT_ASSESSED and (found["why"] or "") in one.why for one in then)
    if found["level"] == "assessed":
        return all(one.level is not RiskLevel.NOT_ASSESSED for one in then)
    return all((one.level is RiskLevel.MONITORING) != bool(found["no"]) for one in then)


@check("level CHANNEL (?P<level>alert|clear)SPAN")
def level(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return all(one.level.value == found["level"] for one in states(timeline, found["channel"]) if during(one, *span_of(found)))


@check("priority CHANNEL (?P<priority>\\w+)")
def priority(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    raised = states(timeline, found["channel"], "alert")
    return bool(raised) and all(one.priority == found["priority"] for one in raised)


@check("cites CHANNEL (?P<key>[\\w-]+)")
def cites(timeline: Timeline, procedure: Procedure, found: re.Match[str]) -> bool:
    raised = states(timeline, found["channel"], "alert")
    return bool(raised) and all(found["key"] in one.citations for one in raised) and bool(procedure.citation(found["key"]))


@check("why CHANNEL '(?P<words>[^']*)'")
def why(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    raised = states(timeline, found["channel"], "alert")
    return bool(raised) and all(found["words"] in one.why for one in raised)


KINDS = "clip applied|structure divided|bleeding seen|specimen bag used|view lost|camera outside the body"


@check(f"event (?P<kind>{KINDS})(?: (?P<target>[a-z_]+))?SPAN")
def event(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    """Such an event begins within the stretch and overlaps it; of that target where one is given."""
    return any(
        one.kind.value == found["kind"] and found["target"] in (None, one.target) and begins(one, *span_of(found))
        for one in timeline.events
    )


@check(f"no event (?P<kind>{KINDS})")
def no_event(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return not any(one.kind.value == found["kind"] for one in timeline.events)


@check(f"events (?P<kind>{KINDS}) (?P<count>\\d+)")
def events(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return sum(one.kind.value == found["kind"] for one in timeline.events) == int(found["count"])


@check("phase (?P<phase>\\w+) at (?P<at>\\d+)")
def phase(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    at = float(found["at"])
    return [one.phase for one in timeline.phases if one.span.start_seconds <= at < one.span.end_seconds] == [SHORT[found["phase"]]]


@check("no named phaseSPAN")
def no_named_phase(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return not any(one.phase is not None and during(one, *span_of(found)) for one in timeline.phases)


@check("finding (?P<rule>\\w+)SPAN")
def finding(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    """A finding of that rule begins then, with a citation."""
    return any(one.rule == found["rule"] and begins(one, *span_of(found)) and one.citations for one in timeline.findings)


@check("findings (?P<rule>\\w+) (?P<count>\\d+)")
def findings(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return sum(one.rule == found["rule"] for one in timeline.findings) == int(found["count"])


@check("says (?P<basis>seen|inferred) (?P<name>[\\w-]+)SPAN")
def says(timeline: Timeline, procedure: Procedure, found: re.Match[str]) -> bool:
    """A finding of that basis names the concept (by its label, or the phase's name) and overlaps the stretch."""
    names = {label(found["name"]), *(one.name for one in procedure.phases if one.id == found["name"])}
    return any(
        one.basis == found["basis"] and during(one, *span_of(found)) and any(name.lower() in one.text.lower() for name in names)
        for one in timeline.findings
    )


@check("cited (?P<phase>[\\w-]+)")
def cited(timeline: Timeline, procedure: Procedure, found: re.Match[str]) -> bool:
    """Every inferred finding that names the phase rests on a citation of this procedure."""
    name = procedure.phase(found["phase"]).name.lower()
    keys = {citation.key for citation in procedure.citations}
    about = [one for one in timeline.findings if one.basis == "inferred" and name in one.text.lower()]
    return bool(about) and all(one.citations and set(one.citations) <= keys for one in about)


@check("some finding says '(?P<words>[^']*)'")
def some_finding_says(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return any(re.search(found["words"], one.text, re.IGNORECASE) for one in timeline.findings)


@check("never says '(?P<words>[^']*)'")
def never_says(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    return not any(re.search(found["words"], one.text, re.IGNORECASE) for one in timeline.findings)


@check("expects nothing")
def expects_nothing(timeline: Timeline, _: Procedure, __: re.Match[str]) -> bool:
    return not timeline.forecasts


@check("expects (?P<phase>\\w+) at (?P<at>\\d+)")
def expects(timeline: Timeline, _: Procedure, found: re.Match[str]) -> bool:
    """The last forecast until then has this phase as its most probable one."""
    past = [one for one in timeline.forecasts if one.seconds <= float(found["at"])]
    options = [option for option in past[-1].options if option.kind == "phase"] if past else []
    return bool(options) and max(options, key=lambda one: one.probability).id == SHORT[found["phase"]]


def always(timeline: Timeline, procedure: Procedure) -> list[str]:
    """What must hold of every timeline: evidence within the video, citations that exist, channels without gap."""
    end, keys = timeline.duration_seconds, {citation.key for citation in procedure.citations}
    faults: list[str] = []
    for one in (*timeline.phases, *timeline.actions, *timeline.events, *timeline.findings, *timeline.forecasts):
        if not all(0 <= at <= end for at in one.evidence.seconds):
            faults.append(f"evidence outside the video: {one}")
        if not set(getattr(one, "citations", ())) <= keys:
            faults.append(f"a citation that does not exist: {one}")
    for channel in {risk.channel for risk in timeline.risks}:
        spans = [one.span for one in states(timeline, channel)]
        if spans[0].start_seconds != 0 or any(one.end_seconds != two.start_seconds for one, two in pairwise(spans)):
            faults.append(f"channel {channel} has a gap")
    return faults
