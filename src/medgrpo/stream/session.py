"""A live case from its first picture to its end: reader, fast loop, record, and whoever listens.

The reader runs in its own thread and never waits for the loop (the newest picture wins) unless its source itself waits. The record
never stops the loop: what cannot be written becomes a technical alarm.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from medgrpo.analysis import record_line
from medgrpo.audit import Journal
from medgrpo.core import InputError, RecordError, write_whole
from medgrpo.reasoning import Timeline
from medgrpo.stream.alerts import Change, ChannelReport, Decision
from medgrpo.stream.arrival import NO_FAULTS, Arrival, Faults, LinkEvent, LiveSource
from medgrpo.stream.clips import ClipKeeper
from medgrpo.stream.clock import Clock, ManualClock
from medgrpo.stream.collector import loaded_set_apart
from medgrpo.stream.fast import FastLoop
from medgrpo.stream.goals import Goals
from medgrpo.stream.inbox import Answer, Inbox, SoundChange
from medgrpo.stream.kept_files import unused
from medgrpo.stream.latency import Latencies
from medgrpo.stream.mailbox import NOTHING, Mailbox, Taken
from medgrpo.stream.privacy import NOTHING_BLACK
from medgrpo.stream.slow import Remark, SlowLoop
from medgrpo.stream.tick import Tick, Unjudged, change_body, report_body
from medgrpo.video import encode_jpeg

Listener = Callable[[Tick], None]
_ROUNDING = 1e-6
_PATIENCE_SECONDS = 0.5
"""Without a picture a tick comes this often, so that loss is seen and said."""


@dataclass(slots=True)
class Totals:
    """What a session did."""

    looks: int = 0
    arrived: int = 0
    passed_over: int = 0
    """Pictures that came between two looks, or were older than the newest when the loop was ready."""
    duplicates: int = 0
    lost: int = 0
    """Looks that were not made because the connection of their picture was lost."""
    frozen: int = 0
    """Looks that were not made because the same picture had stood for too long."""
    damaged: int = 0
    """Looks that were not made because their picture could not be painted."""
    faults: Faults = NO_FAULTS
    dimmed: int = 0
    shown: int = 0
    """Pictures that could leave the fast loop."""
    black_sum: float = 0.0
    """Of the shares of them that were made black because they looked like burned-in text; `black_most`: the largest."""
    black_most: float = 0.0
    not_recorded: int = 0
    clips: int = 0
    clips_not_kept: int = 0
    decisions: Counter[str] = field(default_factory=Counter[str])
    latency: Latencies = field(default_factory=Latencies)
    case_seconds: float = 0.0

    def pictures(self) -> dict[str, int]:
        """What became of the pictures, by name."""
        counted = {"arrived": self.arrived, "looked_at": self.looks, "passed_over": self.passed_over}
        counted |= {"duplicates": self.duplicates, "lost": self.lost, "frozen": self.frozen, "damaged": self.damaged}
        return counted | asdict(self.faults)

    def black(self) -> dict[str, float]:
        """Of the pictures that could leave: the share that was made black because it looked like text, in the mean and at most."""
        mean = self.black_sum / self.shown if self.shown else 0.0
        return {"mean": round(mean, 4), "most": round(self.black_most, 4)}


class LiveSession:
    """`journal` None: nothing is recorded (benchmarks). `case_dir`: where evidence pictures go. `listeners` hear every tick."""

    def __init__(
        self,
        source: LiveSource,
        loop: FastLoop,
        clock: Clock,
        journal: Journal | None,
        case_dir: Path | None,
        *,
        every_seconds: float = 0.2,
        listeners: Sequence[Listener] = (),
        slow: SlowLoop | None = None,
        on_remark: Callable[[Remark], None] | None = None,
        inbox: Inbox | None = None,
        clips: ClipKeeper | None = None,
    ) -> None:
        self._source, self.loop, self._clock = source, loop, clock
        self._journal, self._case_dir, self._every = journal, case_dir, every_seconds
        self._listeners, self._lock = tuple(listeners), threading.Lock()
        self._inbox, self._goals = inbox, Goals(loop.reasoner)
        self._slow, self._on_remark, self._clips = slow, on_remark, clips
        self._channels: dict[str, tuple[str, str]] = {}
        self._black = NOTHING_BLACK
        self._last_arrival: Arrival | None = None
        self._begun = clock.seconds()
        self.totals = Totals()
        if journal is not None:
            loop.alerts.of_run(journal.run)

    def run(self, stop: Callable[[], bool]) -> Timeline:
        """Until the source ends or `stop` says so: what `FastLoop.finish` gives. VideoError when the source cannot be opened."""
        if self._source.waits:
            self._run_waiting(stop)
        else:
            with loaded_set_apart():
                self._run_live(stop)
        if self._clips is not None:
            self._clips.finish()
            self._clipped(self._clips)
        return self.loop.finish(self.totals.case_seconds)

    def answer(self, alert_id: str, by: str, dismissed_because: str | None = None, request: str | None = None) -> Change:
        """A person acknowledges an alert, or dismisses it with a reason; recorded at once. InputError when that cannot be.

        `request` is the id of what was found in the inbox, so that whoever sent it finds it in the record."""
        with self._lock:
            alerts = self.loop.alerts
            if dismissed_because is None:
                change = alerts.acknowledge(alert_id, by)
            else:
                change = alerts.dismiss(alert_id, by, dismissed_because)
            self.totals.decisions[change.decision.value] += 1
            self._write("person", {**change_body(change), "request": request}, durable=True)
            return change

    def _run_waiting(self, stop: Callable[[], bool]) -> None:
        """One picture after the other in this thread: the same source gives the same decisions."""
        due, passed, mark = 0.0, NOTHING, None
        for signal in self._source.signals(stop):
            if isinstance(signal, LinkEvent):
                passed = passed.passed_for(replace(NOTHING, events=(signal,)))
                continue
            if isinstance(self._clock, ManualClock):
                self._clock.at(signal.case_seconds)
            passed, mark = passed.passed_for(Taken((), signal, 0, int(signal.mark == mark), 1, signal.faults)), signal.mark
            if signal.case_seconds < due:
                continue
            due = self._next_due(signal.case_seconds)
            self._take(passed)
            passed = NOTHING
        passed = passed.passed_for(NOTHING)
        if passed.events:
            self._take(passed)
        else:
            self._count_arrived(passed)

    def _run_live(self, stop: Callable[[], bool]) -> None:
        mailbox = Mailbox(lossless=False)
        ended = threading.Event()

        def read() -> None:
            try:
                for signal in self._source.signals(lambda: stop() or ended.is_set()):
                    if isinstance(signal, Arrival):  # it came, however long the loop is still busy with another
                        self.loop.technical.arrived(signal.arrived_seconds)
                    mailbox.put(signal)
            except Exception as error:  # noqa: BLE001 - handed to the loop's thread, which raises it
                mailbox.close(error)
            else:
                mailbox.close()

        reader = threading.Thread(target=read, name="live video", daemon=True)
        self._begun = self._clock.seconds()  # as the source does: a wait counted from earlier is ahead of its first picture
        reader.start()
        due, passed = 0.0, NOTHING
        try:
            while not stop():
                taken = mailbox.take(_PATIENCE_SECONDS)
                if taken is None:
                    break
                passed, arrival = passed.passed_for(taken), taken.arrival
                if arrival is not None and arrival.case_seconds < due and not taken.events:
                    continue
                if arrival is not None:
                    due = self._next_due(arrival.case_seconds)
                self._take(passed)
                passed = NOTHING
        finally:
            ended.set()
            reader.join(timeout=10.0)

    def _next_due(self, seconds: float) -> float:
        """When the look after one at that moment is due: on a grid, so that jitter does not add up; a little early is on time."""
        return (int(seconds / self._every + _ROUNDING) + 1) * self._every - _ROUNDING

    def _take_answers(self) -> None:
        """What consoles left since the last look: each is recorded, as given or as refused, before its file goes."""
        if self._inbox is None:
            return
        try:
            for path, answer in self._inbox.waiting():
                if isinstance(answer, str):
                    self._write("person_refused", {"alert": None, "by": None, "why": answer, "request": None}, durable=True)
                elif isinstance(answer, SoundChange):
                    self._take_sound(answer)
                else:
                    self._take_answer(answer)
                self._inbox.done(path)
        except (OSError, RecordError) as error:
            self.loop.technical.recorded(f"answers of consoles cannot be taken: {error}")

    def _take_answer(self, answer: Answer) -> None:
        try:
            self.answer(answer.alert, answer.by, answer.dismissed_because, answer.id)
        except InputError as error:
            body = {"alert": answer.alert, "by": answer.by, "why": str(error), "request": answer.id}
            self._write("person_refused", body, durable=True)

    def _take_sound(self, change: SoundChange) -> None:
        """What a person silenced is part of what happened; no alert changes by it."""
        body = change.model_dump(exclude={"id"}) | {"seconds": round(self._case_now(), 6), "request": change.id}
        self._write("person_sound", body, durable=True)

    def _take(self, taken: Taken) -> None:
        self._take_answers()
        with self._lock:
            arrival = taken.arrival
            self._last_arrival = arrival or self._last_arrival
            self.loop.technical.faults(taken.faults, self._clock.seconds())
            if arrival is not None:
                tick = self.loop.look(arrival, taken.events, taken.dropped, taken.duplicates)
            else:
                tick = self.loop.no_look(self._case_now(), taken.events, taken.dropped, taken.duplicates)
            tick = replace(tick, faults=taken.faults)
            self._count_arrived(taken)
            self._count(tick, arrival)
            self._record(tick)
            if self._clips is not None:
                self._clips.look(arrival, tick, self.loop.privacy)
                self._clipped(self._clips)
            remarks = self._remarks(tick)
        for listener in self._listeners:
            listener(tick)
        for remark in remarks:
            if self._on_remark is not None:
                self._on_remark(remark)

    def _case_now(self) -> float:
        """The moment of the case when nothing comes in: the last picture's (or the beginning), gone on by the clock."""
        if self._source.waits:
            return self.totals.case_seconds
        if self._last_arrival is None:
            return self._clock.seconds() - self._begun
        return self._last_arrival.case_seconds + self._clock.seconds() - self._last_arrival.arrived_seconds

    def _count_arrived(self, taken: Taken) -> None:
        totals = self.totals
        totals.arrived += taken.arrived
        totals.passed_over += taken.dropped
        totals.duplicates += taken.duplicates
        totals.faults += taken.faults

    def _count(self, tick: Tick, arrival: Arrival | None) -> None:
        totals = self.totals
        totals.looks += tick.observation is not None
        totals.lost += tick.unjudged is Unjudged.LOST
        totals.frozen += tick.unjudged is Unjudged.FROZEN
        totals.damaged += tick.unjudged is Unjudged.DAMAGED
        totals.dimmed = self.loop.privacy.dimmed
        if tick.black is not None:
            totals.shown += 1
            totals.black_sum += tick.black.text
            totals.black_most = max(totals.black_most, tick.black.text)
        totals.case_seconds = tick.case_seconds if arrival is None else max(arrival.case_seconds, tick.case_seconds)
        for change in tick.changes:
            totals.decisions[change.decision.value] += 1
        if tick.latency_ms is not None:
            totals.latency.add(tick.latency_ms)

    def _record(self, tick: Tick) -> None:
        for event in tick.events:
            self._write("link", {"state": event.state.value, "why": event.why, "seconds": event.seconds})
        self._write("tick", _tick_body(tick))
        if tick.black is not None and tick.black.is_another(self._black):
            self._black = tick.black
            self._write("black", {**asdict(tick.black), "seconds": tick.case_seconds, "why": tick.black.words})
        for report in tick.channels:
            self._changed(report)
        for change in tick.changes:
            body = change_body(change)
            if change.decision is Decision.SAID:
                body["evidence"] = self._kept(tick, change)
            self._write("decision", body, durable=change.decision is Decision.SAID)
        for record in tick.settled:
            self._write("settled", json.loads(record_line(record)))
        for goal in self._goals.changed(tick):
            self._write("goal", goal)

    def _remarks(self, tick: Tick) -> Sequence[Remark]:
        """Hand the look to the slow loop, and record what it has said since: after the decision, which does not wait for it."""
        if self._slow is None:
            return ()
        self._slow.offer(tick, self.loop.privacy.clear)
        remarks = self._slow.take()
        for remark in remarks:
            self._write("remark", asdict(remark))
        return remarks

    def _clipped(self, clips: ClipKeeper) -> None:
        for body in clips.take():
            self.totals.clips += "file" in body
            self.totals.clips_not_kept += "not_kept" in body
            self._write("clip", body, durable=True)

    def _changed(self, report: ChannelReport) -> None:
        """A channel is written when its state or reason changes, never left to be guessed."""
        now = (report.state.value, report.why)
        if self._channels.get(report.channel) != now:
            self._channels[report.channel] = now
            self._write("channel", report_body(report))

    def _kept(self, tick: Tick, change: Change) -> Mapping[str, Any] | None:
        """The picture at which it was said, as it may leave the fast loop, with its hash; in words why there is none."""
        if self._case_dir is None or change.alert is None:
            return None
        if tick.shown is None:
            return {"not_kept": f"at that moment there was no picture that could be judged: {tick.blind or 'none came'}"}
        data, folder = encode_jpeg(tick.shown), self._case_dir / "evidence"
        name = f"evidence/{unused(folder, change.alert.id)}.jpg"
        try:
            folder.mkdir(exist_ok=True)
            write_whole(self._case_dir / name, data, durable=True)
        except OSError as error:
            return {"not_kept": f"{error.strerror or error}"}
        kept: dict[str, Any] = {"file": name, "sha256": hashlib.sha256(data).hexdigest(), "seconds": tick.case_seconds}
        kept["dimmed"] = not self.loop.privacy.clear
        if tick.black is not None and tick.black != NOTHING_BLACK:
            kept["black"] = tick.black.words
        return kept

    def _write(self, kind: str, body: Mapping[str, Any], *, durable: bool = False) -> None:
        if self._journal is None:
            return
        try:
            self._journal.append(kind, body, durable=durable)
            self.loop.technical.recorded(None)
        except RecordError as error:
            self.totals.not_recorded += 1
            self.loop.technical.recorded(str(error))


def _tick_body(tick: Tick) -> dict[str, Any]:
    look = None if tick.observation is None else json.loads(record_line(tick.observation))
    return {
        "number": tick.number,
        "seconds": round(tick.case_seconds, 6),
        "look": look,
        "blind": tick.blind,
        "unjudged": None if tick.unjudged is None else tick.unjudged.value,
        "phase": tick.phase,
        "black": None if tick.black is None else asdict(tick.black),
        "passed_over": tick.dropped,
        "duplicates": tick.duplicates,
        "faults": {name: count for name, count in asdict(tick.faults).items() if count},
        "stamp_seconds": None if tick.stamp_seconds is None else round(tick.stamp_seconds, 6),
        "stages_ms": {name: round(value, 3) for name, value in tick.stages_ms.items()},
        "latency_ms": None if tick.latency_ms is None else round(tick.latency_ms, 3),
    }
