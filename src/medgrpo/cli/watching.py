"""What `medgrpo watch` shows: decisions as lines on stdout, the state of every channel on a terminal's stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from medgrpo.core import clock, length
from medgrpo.knowledge import label
from medgrpo.perception import Domain
from medgrpo.reasoning import Timeline
from medgrpo.stream import ChannelState, Remark, Retention, Tick, Totals

_STYLES = {
    ChannelState.ALERT: "bold red",
    ChannelState.NOT_ASSESSED: "yellow",
    ChannelState.CLEAR: "cyan",
    ChannelState.MONITORING: "",
}
_SIGNS = {ChannelState.ALERT: "!!", ChannelState.NOT_ASSESSED: "??", ChannelState.CLEAR: "ok", ChannelState.MONITORING: ".."}
"""Never by colour alone."""
_WORDS = {
    "passed_over": "passed over for newer ones or between looks",
    "duplicates": "the same as the one before",
    "lost": "not judged because the connection was lost",
    "frozen": "not judged because the picture stood still",
    "damaged": "not judged because damaged",
    "late": "late",
    "missing": "never came",
    "broken": "did not decode",
    "replayed": "given twice by the playlist",
}


class Screen:
    """Use as a context manager; `show` hears every tick."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def remark(self, remark: Remark) -> None:
        seen = f"about {clock(remark.seen_from_seconds)} to {clock(remark.seen_until_seconds)}, {remark.age_seconds:.1f} s later"
        said = f"NO REMARK ({seen}): {remark.failure}"
        if remark.text is not None:
            said = f"THE MODEL'S OWN WORDS ({seen}): {remark.text}"
        sys.stdout.write(" ".join(said.split()) + "\n")

    def show(self, tick: Tick) -> None:
        for change in tick.changes:
            said = f"{change.decision.value.upper()}  [{change.priority.value}] {change.channel}: {change.why}"
            sys.stdout.write(f"{clock(change.seconds)}  {said}\n")
        for event in tick.events:
            sys.stdout.write(f"{clock(tick.case_seconds)}  LINK  {event.state.value}: {event.why}\n")
        sys.stdout.flush()
        if self._live is not None:
            self._live.update(_picture(tick), refresh=True)


def _picture(tick: Tick) -> Group:
    phase = label(tick.phase) if tick.phase else (tick.blind or "no settled phase yet")
    late = "" if tick.latency_ms is None else f", decided {tick.latency_ms:.0f} ms after its picture"
    drawn = "SIMULATED  " if tick.observation is not None and tick.observation.domain is Domain.SIMULATED else ""
    head = Text(f"{drawn}{clock(tick.case_seconds)}  {phase}{late}", style="bold")
    table = Table(box=None, pad_edge=False, show_header=False)
    for report in tick.channels:
        style = _STYLES[report.state]
        table.add_row(
            Text(_SIGNS[report.state], style), Text(report.what, style), Text(report.state.value, style), Text(report.why)
        )
    return Group(head, table, Text("Research software, not for clinical use.", style="dim"))


def kept_until(folder: Path, retention: Retention) -> str:
    """Where clips go and how long they stay, said before the first is kept."""
    days = retention.clips_days
    until = (
        "until somebody deletes them" if days is None else f"until `medgrpo record prune`, {days:g} days after the case is closed"
    )
    return f"clips around alerts are kept in {folder / 'clips'}, {until}"


def summary(totals: Totals, timeline: Timeline, folder: Path) -> str:
    """Some lines at the end of a case."""
    decisions = ", ".join(f"{count} {name}" for name, count in sorted(totals.decisions.items())) or "none"
    drawn = timeline.domain == Domain.SIMULATED.value
    lines = ["SIMULATED: the pictures were taken for drawn ones, which show no patient"] if drawn else []
    lines += [
        f"{length(totals.case_seconds)} watched, {totals.looks} looks of {totals.arrived} pictures; "
        f"assessed {length(timeline.coverage.assessed_seconds)}",
        f"decisions: {decisions}",
    ]
    took = totals.latency
    if took.count:
        middle, p99 = took.within_ms(0.5), took.within_ms(0.99)
        lines.append(f"from picture to decision: middle {middle:.0f} ms, p99 {p99:.0f} ms, most {took.max_ms:.0f} ms")
    counted = totals.pictures()
    told = [f"{counted[name]} {word}" for name, word in _WORDS.items() if counted[name]]
    if told:
        lines.append(f"pictures: {', '.join(told)}")
    black = totals.black()
    if black["most"]:
        lines.append(
            f"{black['mean']:.1%} of the pictures was made black in the mean, {black['most']:.1%} at most, because it looked like "
            "burned-in text (site file: [privacy] find_text)"
        )
    if totals.clips or totals.clips_not_kept:
        lines.append(f"clips: {totals.clips} kept, {totals.clips_not_kept} not (medgrpo record show DIR --kind clip says why)")
    if totals.not_recorded:
        lines.append(f"{totals.not_recorded} entries could not be recorded: the record marks the gap")
    lines.append(f"record: {folder / 'record'} (medgrpo record verify {folder / 'record'})")
    return "".join(f"{line}\n" for line in lines)
