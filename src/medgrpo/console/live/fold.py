"""One entry of a record after the other onto a board. One small function per kind of entry, in one table at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from medgrpo.audit import CLOSED, Entry, attachments, deletions
from medgrpo.console.listing import SAYS_NOTHING
from medgrpo.console.live.board import Board
from medgrpo.console.live.names import Names
from medgrpo.perception import Domain
from medgrpo.stream import ChannelState, Decision, Presence, gone_on_at

Body = Mapping[str, Any]
ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What comes of an entry that lacks a field, or has one of another kind than it should be."""
_OPTIONS, _MOST_TOLD = 3, 300
_GOES_AWAY = (Decision.ENDED.value, Decision.DISMISSED.value)


class Fold:
    """`board` is what the entries so far make. Fields that an entry lacks are left out, never guessed: older records fold too.

    An entry that cannot be shown is named and counted on the board (`case`, `faults`) and in the log; the others go on.
    """

    def __init__(self) -> None:
        self.board, self.names = Board(), Names(None)
        self.thoughts: dict[str, Body] = {}
        """Whole chains of thought by their entry's number; the board holds their heads only."""
        self._phase: tuple[str | None, float] = (None, 0.0)
        self._drawn = False
        """Whether the newest look that knew its kind of video took it for a simulation; its source may say so beside."""
        self.newest: datetime | None = None
        """When the newest entry was written, by the wall clock."""
        self.newest_kind = ""
        """Of the newest entry that says how the case stands."""
        self._faults = 0
        self.offset_seconds = 0.0
        """Between the seconds of the process that watches now, which begin at 0 with it, and those of the case, which go on."""

    def take(self, entry: Entry) -> None:
        try:
            self.newest = _time(entry)
            handler = _HANDLERS.get(entry.kind)
            if entry.kind not in SAYS_NOTHING:
                self.newest_kind = entry.kind
            if handler is not None:
                handler(self, entry, entry.body)
        except ODD as error:
            self._odd(entry, error)
        self.board.advance(entry.counter)

    def _odd(self, entry: Entry, error: Exception) -> None:
        self._faults += 1
        told = f"entry {entry.counter} ({entry.kind}): {type(error).__name__}: {error}"
        why = told.encode("ascii", "backslashreplace").decode()[:_MOST_TOLD]  # an odd entry may hold half a character
        self.put(entry, "case", "faults", count=self._faults, why=why)
        self.put(entry, "log", str(entry.counter), what="odd", seconds=None, wall="", why=why, name=None)

    def opened(self, entry: Entry, body: Body) -> None:
        site = cast("Body", body.get("site", {}))
        self.names = Names(site.get("procedure"))
        self.put(
            entry,
            "case",
            "about",
            begun=self._begun(entry),
            source=body.get("source"),
            simulated=body.get("simulated") is True,
            model=body.get("model"),
            medgrpo=body.get("medgrpo"),
            role=site.get("role", "watcher"),
            partner=_interrupts(site),
            site=site.get("name"),
            procedure=self.names.procedure,
            phases=self.names.phases,
        )
        self.put(entry, "case", "end", kind=None, why=None)
        for goal in self.names.goals():
            if self.board.get("goals", goal["goal"]) is None:
                self.put(entry, "goals", goal["goal"], **goal, level="not assessed", why="nothing has been seen yet", since=0.0)

    def resumed(self, entry: Entry, body: Body) -> None:
        """The process that knew what stands is gone: what stood is over, and what is assessed begins anew."""
        self._stands_no_more(entry, "restarted", "the watching process was started again")
        last = self.board.get("now", "tick") or {"seconds": 0.0}
        self.offset_seconds = gone_on_at(self._begun(entry), entry.wall, float(last["seconds"]))
        self._phase = (None, self.offset_seconds)
        self.opened(entry, body)
        self.log(entry, "resumed", None, "", torn_bytes=body.get("torn_bytes"))

    def ended(self, entry: Entry, body: Body) -> None:
        if entry.kind == CLOSED:  # after an error it is not known what became of it, and the case may be gone on with
            self._stands_no_more(entry, CLOSED, "the case is closed")
        self.put(entry, "case", "end", kind=entry.kind, why=body.get("why"))
        self.log(entry, entry.kind, None, str(body.get("why", "")))

    def _stands_no_more(self, entry: Entry, ended: str, why: str) -> None:
        """Nobody watches from here on: alerts that stood are over, and no channel is assessed."""
        tick = self.board.get("now", "tick")
        for key, alert in self.board.section("alerts").items():
            if not alert["over"]:
                self.put(entry, "alerts", key, **{**alert, "over": True, "ended": ended})
        for key, channel in self.board.section("channels").items():
            since = channel["since"] if tick is None else tick["seconds"]
            gone = {"state": ChannelState.NOT_ASSESSED.value, "why": why, "since": since}
            self.put(entry, "channels", key, **{**channel, **gone})

    def deleted(self, entry: Entry, body: Body) -> None:  # noqa: ARG002 - a handler's arguments
        """By rule, after the case was closed: the alerts stay, their pictures are gone."""
        gone = {one.file for one in deletions(entry)}
        for key, alert in self.board.section("alerts").items():
            evidence = alert["evidence"]
            if evidence is not None and evidence["file"] in gone:
                self.put(entry, "alerts", key, **{**alert, "evidence": {**evidence, "deleted": True}})
        self.log(entry, "deleted", None, ", ".join(sorted(gone)))

    def gap(self, entry: Entry, body: Body) -> None:
        self.log(entry, "gap", None, f"{body.get('missed')}")

    def black(self, entry: Entry, body: Body) -> None:
        self.log(entry, "black", self._at(body["seconds"]), str(body["why"]))

    def tick(self, entry: Entry, body: Body) -> None:
        seconds, phase = self._at(body["seconds"]), cast("str | None", body.get("phase"))
        if phase != self._phase[0]:
            self._phase = (phase, seconds)
        look = cast("Body | None", body.get("look"))
        domain = None if look is None else look.get("domain")
        if domain not in (None, Domain.UNKNOWN.value):
            self._drawn = domain == Domain.SIMULATED.value
        self.put(
            entry,
            "now",
            "tick",
            number=body.get("number"),
            seconds=seconds,
            wall=entry.wall,
            phase=phase,
            phase_since=self._phase[1],
            blind=body.get("blind"),
            not_assessed=None if look is None else look.get("not_assessed"),
            domain=domain,
            simulated=self._drawn,
            latency_ms=body.get("latency_ms"),
        )

    def channel(self, entry: Entry, body: Body) -> None:
        channel = str(body["channel"])
        self.put(
            entry,
            "channels",
            channel,
            name=self.names.channel(channel),
            state=body["state"],
            why=body["why"],
            since=self._at(body["since_seconds"]),
            priority=body["priority"],
            kind=body["kind"],
            where_xyxy=[[float(value) for value in box] for box in body.get("where_xyxy", [])],
            confidence=body.get("confidence"),
            expected_next=body.get("expected_next"),
            advice=body.get("advice"),
            citations=self._cited(entry, body),
        )

    def decision(self, entry: Entry, body: Body) -> None:
        said, channel = str(body["decision"]), str(body["channel"])
        alert = None if body.get("alert") is None else str(body["alert"])
        if alert is not None:
            fresh: Body = {"raised": self._at(body["seconds"]), "why": body["why"], "evidence": None}
            # what is said is a new alert, whatever had its number before
            known = fresh if said == Decision.SAID.value else self.board.get("alerts", alert) or fresh
            gone = said in _GOES_AWAY or body.get("presence") == Presence.OFF.value
            self.put(
                entry,
                "alerts",
                alert,
                **{
                    **known,
                    "channel": channel,
                    "name": self.names.channel(channel),
                    "priority": body["priority"],
                    "presence": body.get("presence"),
                    "audible": body.get("audible"),
                    "over_budget": body.get("over_budget"),
                    "over": gone,
                    "ended": said if gone else None,
                    "by": body.get("by") or known.get("by"),
                    **(self._as_said(entry, channel) if said == Decision.SAID.value else {}),
                },
            )
        if said in (Decision.SAID.value, Decision.ESCALATED.value):
            self.mark(entry, self._at(body["seconds"]), "alert", str(body["priority"]), channel)
        self.log(
            entry,
            said,
            self._at(body["seconds"]),
            str(body["why"]),
            channel=channel,
            alert=alert,
            by=body.get("by"),
            priority=body["priority"],
        )

    def person(self, entry: Entry, body: Body) -> None:
        self.decision(entry, body)
        self._answered(entry, body, "recorded")

    def person_refused(self, entry: Entry, body: Body) -> None:
        self.log(entry, "refused", None, str(body["why"]), alert=body.get("alert"), by=body.get("by"))
        self._answered(entry, body, "refused")

    def person_sound(self, entry: Entry, body: Body) -> None:
        """What somebody did with the sound of one browser: it changes no alert."""
        pause = body.get("pause_seconds")
        why = "in one browser" + ("" if pause is None else f", for {pause} s")
        self.log(entry, f"sound {body['sound']}", self._at(body["seconds"]), why, by=body.get("by"))
        self._answered(entry, {**body, "why": why}, "recorded")

    def goal(self, entry: Entry, body: Body) -> None:
        about = self.names.goal(str(body["goal"]))
        known = {key: body[key] for key in ("goal", "phase", "level", "why")}
        self.put(
            entry,
            "goals",
            str(body["goal"]),
            **about,
            **known,
            since=self._at(body["since_seconds"]),
            citations=self._cited(entry, body),
        )

    def link(self, entry: Entry, body: Body) -> None:
        tick = self.board.get("now", "tick")
        seconds = self.offset_seconds if tick is None else max(self.offset_seconds, float(tick["seconds"]))
        self.put(entry, "now", "link", state=body["state"], why=body["why"])
        self.mark(entry, seconds, "link", str(body["state"]), str(body["why"]))
        self.log(entry, "link", seconds, f"{body['state']}: {body['why']}")

    def remark(self, entry: Entry, body: Body) -> None:
        times = ("seen_from_seconds", "seen_until_seconds", "expires_seconds")
        self.put(entry, "now", "remark", **{**body, **{key: self._at(body[key]) for key in times}})

    def settled(self, entry: Entry, body: Body) -> None:
        kind = body.get("type")
        if kind == "phase":
            span = body["span"]
            key = str(entry.counter)
            self.put(
                entry,
                "phases",
                key,
                phase=body["phase"],
                start=self._at(span["start_seconds"]),
                end=self._at(span["end_seconds"]),
                reason=body.get("reason"),
            )
        elif kind == "event":
            self.mark(entry, self._at(body["span"]["start_seconds"]), "event", str(body["kind"]), str(body.get("target") or ""))
        elif kind == "forecast":
            self._forecast(entry, body)
        elif kind == "thought":
            head = {key: body[key] for key in ("question", "decision", "abstain")}
            cited = [str(key) for one in (*body["grounds"], *body["risks"]) for key in one["citations"]]
            self.put(entry, "thoughts", str(entry.counter), **head, seconds=self._at(body["seconds"]))
            self.thoughts[str(entry.counter)] = {**body, "offset_seconds": self.offset_seconds, "cited": cited}

    def _forecast(self, entry: Entry, body: Body) -> None:
        times = {(one["kind"], one["id"]): one for one in body.get("times", [])}
        options = list[Body]()
        for one in [*body.get("options", []), *body.get("actions", [])[:_OPTIONS]]:
            when = times.get((one["kind"], one["id"]), {})
            options.append(
                {
                    "kind": one["kind"],
                    "id": one["id"],
                    "name": self.names.option(one["kind"], one["id"]),
                    "probability": one["probability"],
                    "in_seconds": one.get("in_seconds"),
                    "low_seconds": when.get("low_seconds"),
                    "high_seconds": when.get("high_seconds"),
                }
            )
        kept = [
            one
            for kind in ("phase", "step", "action")
            for one in [option for option in options if option["kind"] == kind][:_OPTIONS]
        ]
        self.put(entry, "now", "forecast", seconds=self._at(body["seconds"]), options=kept, remaining=body.get("remaining"))

    def _as_said(self, entry: Entry, channel: str) -> Body:
        """What was known of the condition when it was said: it stays with the alert when the channel moves on."""
        picture = next(attachments(entry), None)
        evidence = None if picture is None else {"file": picture.file, "sha256": picture.sha256, "deleted": False}
        known = self.board.get("channels", channel) or {}
        kept = {
            key: known.get(key) for key in ("where_xyxy", "confidence", "expected_next", "advice", "citations", "since", "kind")
        }
        given = entry.body.get("evidence")
        none = cast("Body", given).get("not_kept") if picture is None and isinstance(given, Mapping) else None
        return {**kept, "said_wall": entry.wall, "evidence": evidence, "no_evidence": none}

    def _at(self, seconds: float) -> float:
        """A moment of the case, of one of the process that watches now."""
        return float(seconds) + self.offset_seconds

    def _answered(self, entry: Entry, body: Body, outcome: str) -> None:
        request = body.get("request")
        if isinstance(request, str):
            self.put(entry, "answers", request, outcome=outcome, alert=body.get("alert"), why=body["why"])

    def _begun(self, entry: Entry) -> str:
        known = self.board.get("case", "about")
        return entry.wall if known is None else str(known["begun"])

    def _cited(self, entry: Entry, body: Body) -> list[str]:
        """The keys, each with what it stands for on the board."""
        keys = [str(key) for key in body.get("citations", [])]
        for key in keys:
            self.put(entry, "sources", key, **self.names.source(key))
        return keys

    def mark(self, entry: Entry, seconds: float, kind: str, what: str, about: str) -> None:
        self.put(entry, "marks", str(entry.counter), seconds=seconds, kind=kind, what=what, about=about)

    def log(self, entry: Entry, what: str, seconds: float | None, why: str, **more: object) -> None:
        channel = more.get("channel")
        name = self.names.channel(channel) if isinstance(channel, str) else None
        self.put(entry, "log", str(entry.counter), what=what, seconds=seconds, wall=entry.wall, why=why, name=name, **more)

    def put(self, entry: Entry, section: str, key: str, **thing: object) -> None:
        self.board.put(section, key, thing, entry.counter)


_HANDLERS: Mapping[str, Callable[[Fold, Entry, Body], None]] = {
    "opened": Fold.opened,
    "resumed": Fold.resumed,
    "closed": Fold.ended,
    "stopped": Fold.ended,
    "deleted": Fold.deleted,
    "gap": Fold.gap,
    "black": Fold.black,
    "tick": Fold.tick,
    "channel": Fold.channel,
    "decision": Fold.decision,
    "person": Fold.person,
    "person_refused": Fold.person_refused,
    "person_sound": Fold.person_sound,
    "goal": Fold.goal,
    "link": Fold.link,
    "remark": Fold.remark,
    "settled": Fold.settled,
}
"""By kind of entry (docs/formats.md). Heads, and kinds that are not here, change nothing on a page."""


def _interrupts(site: Body) -> bool:
    """Whether anything at all may interrupt there: the site's role, or that of one risk, is partner."""
    channels = cast("Mapping[str, Body]", site.get("channels", {}))
    return "partner" in (site.get("role"), *(one.get("role") for one in channels.values()))


def _time(entry: Entry) -> datetime:
    """ValueError, TypeError when it has none, or one without its zone, which could not be compared with now."""
    at = datetime.fromisoformat(entry.wall)
    if at.tzinfo is None:
        raise ValueError(f"{entry.wall} has no time zone")
    return at
