"""The synoptic fields of a laparoscopic cholecystectomy, filled only from what was seen.

The list is assembled from O'Connor et al., World J Emerg Surg 2022;17:15 (abstract read; not yet checked against the
paper's own list). Nothing is filled by default: absence on video is never turned into "none" or 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from medgrpo.core import clock
from medgrpo.knowledge import label
from medgrpo.reasoning import ActionSegment, Event, EventKind, Finding, Timeline
from medgrpo.report.records import Field, Provenance
from medgrpo.report.words import counted, share, times, unassessed

NOT_VISIBLE = "not visible on video"
NOT_LOOKED_FOR = "this version does not look for it"

_ABSENT: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "identification",
        (
            "patient id", "date", "urgency", "ASA", "surgeon", "assistant", "scrub", "anaesthetist", "theatre",
            "antibiotic prophylaxis", "VTE prophylaxis",
        ),
        NOT_VISIBLE,
    ),
    ("indication", ("indication", "pre-operative imaging", "ERCP"), NOT_VISIBLE),
    ("set-up", ("position", "access", "ports", "pneumoperitoneum mmHg", "scope angle"), NOT_VISIBLE),
    ("set-up", ("ICG used",), NOT_LOOKED_FOR),
    (
        "findings",
        (
            "gallbladder appearance", "distension", "stone impaction", "liver", "anatomical variants",
            "difficulty: Parkland 1-5", "difficulty: Nassar 1-5", "difficulty: G10 0-10",
        ),
        NOT_LOOKED_FOR,
    ),
    ("preparation", ("decompression", "Rouviere's sulcus seen", "line of safety R4U"), NOT_LOOKED_FOR),
    ("critical view", ("doublet photo saved", "time-out done"), NOT_LOOKED_FOR),
    ("division", ("cystic duct: width", "accessory duct or artery"), NOT_LOOKED_FOR),
    ("imaging", ("cholangiogram", "ICG or laparoscopic ultrasound result", "bile duct exploration"), NOT_LOOKED_FOR),
    ("bail-out", ("bail-out",), f"{NOT_LOOKED_FOR}; that none is mentioned here does not mean that there was none"),
    ("events", ("perforation", "bile spill", "stone spill and retrieval", "other organ injury"), NOT_LOOKED_FOR),
    ("events", ("bile duct injury",), f"{NOT_LOOKED_FOR}; a video analysis of this kind cannot rule it out"),
    (
        "events",
        ("estimated blood loss mL",),
        "the amount of blood in a picture is not a volume, and no suction or swab measurement was given; it is unknown, not 0",
    ),
    ("end", ("drain",), NOT_LOOKED_FOR),
    ("end", ("histology", "closure", "counts correct"), NOT_VISIBLE),
    ("after", ("complications", "post-operative plan"), NOT_VISIBLE),
)  # fmt: skip

GROUPS = (
    "identification", "indication", "set-up", "findings", "preparation", "critical view", "division", "imaging", "energy",
    "bail-out", "events", "end", "after", "media",
)  # fmt: skip
"""The groups in the order of the template."""

_CRITICAL_VIEW = ("lower third off the liver bed", "triangle cleared", "only two structures", "total out of 6", "time achieved")
_PEDICLE = "cystic_pedicle"
_ENERGY = {"bipolar": "bipolar forceps", "hook": "hook"}


def synoptic_fields(timeline: Timeline, key_seconds: Sequence[float]) -> tuple[Field, ...]:
    """Every field of the template once, in the template's order; `key_seconds` are the times of the report's stills."""
    fields = [
        _operation_times(timeline),
        *(Field(group, name, None, Provenance.NOT_OBSERVED, note=why) for group, names, why in _ABSENT for name in names),
        _from_actions(timeline, "findings", "adhesions", lambda action: action.triplet.endswith(",adhesion"), "handled"),
        *_critical_view(timeline),
        _control(timeline, "cystic_duct", "cystic duct: control"),
        _control(timeline, "cystic_artery", "cystic artery: control"),
        _energy(timeline),
        _bleeding(timeline),
        _bag(timeline),
        _from_actions(timeline, "end", "washout", lambda action: ",irrigate," in action.triplet, "irrigation"),
        _media(key_seconds),
    ]
    return tuple(sorted(fields, key=lambda item: GROUPS.index(item.group)))


def _operation_times(timeline: Timeline) -> Field:
    known = [segment for segment in timeline.phases if segment.phase is not None]
    if not known:
        return _unseen(timeline, "identification", "start and end", "no phase of the operation was recognised")
    start, end = known[0].span.start_seconds, known[-1].span.end_seconds
    return Field(
        "identification",
        "start and end",
        f"phases recognised from {clock(start)} to {clock(end)} of the video",
        Provenance.SEEN,
        (known[0].evidence.key_seconds, known[-1].evidence.key_seconds),
        note="video time; the time of day and the skin-to-skin time are not visible on video",
    )


def _critical_view(timeline: Timeline) -> list[Field]:
    states = [state for state in timeline.risks if "critical" in state.channel or "cvs" in state.channel.lower()]
    why = next(iter(unassessed(states)), "this version does not score the critical view of safety")
    return [Field("critical view", name, None, Provenance.NOT_OBSERVED, note=why) for name in _CRITICAL_VIEW]


def _control(timeline: Timeline, target: str, name: str) -> Field:
    clips, cuts = (
        [event for event in timeline.events if event.kind is kind and event.target in (target, _PEDICLE)]
        for kind in (EventKind.CLIP_APPLIED, EventKind.STRUCTURE_DIVIDED)
    )
    if not clips and not cuts:
        return _unseen(timeline, "division", name, f"neither a clip on the {label(target)} nor its division was seen")
    parts = [_acts_on(clips, target, "clipping", "a clip"), _acts_on(cuts, target, "division", "division")]
    closed = not cuts or any(clip.span.start_seconds < cuts[0].span.start_seconds for clip in clips)
    missing = "" if closed else "no clip was seen before the division; "
    note = f"{missing}number of clips per side is not determined"
    events = sorted((*clips, *cuts), key=lambda event: event.span)
    named = any(event.target == target for event in events)
    value = "; ".join(part for part in parts if part)
    provenance = Provenance.SEEN if named else Provenance.INFERRED
    return _from_events("division", name, value, events, timeline.findings, note, provenance)


def _acts_on(events: Sequence[Event], target: str, act: str, one: str) -> str:
    """What was seen of one kind of act: on the structure itself, and on the pedicle where duct and artery are not told apart."""
    named = [event for event in events if event.target == target]
    either = [event for event in events if event.target != target]
    parts = [f"{act} seen {times(len(named))} ({_clocks(named)})"] if named else []
    if either:
        of = f"{one} {'on' if act == 'clipping' else 'of'} the {label(_PEDICLE)}"
        parts.append(f"{of} was seen at {_clocks(either)} (duct and artery are not told apart)")
    return "; ".join(parts)


def _bleeding(timeline: Timeline) -> Field:
    bleeds = [event for event in timeline.events if event.kind is EventKind.BLEEDING_SEEN]
    if not bleeds:
        return _unseen(timeline, "events", "bleeding", "no bleeding was seen")
    value = f"seen {times(len(bleeds))} ({_clocks(bleeds)})"
    return _from_events("events", "bleeding", value, bleeds, timeline.findings, "grade and control are not determined")


def _bag(timeline: Timeline) -> Field:
    bags = [event for event in timeline.events if event.kind is EventKind.BAG_USED]
    if not bags:
        return _unseen(timeline, "end", "specimen retrieval (bag)", "no specimen bag was seen")
    note = "that the specimen left the body is not determined"
    return _from_events("end", "specimen retrieval (bag)", f"bag seen in use ({_clocks(bags)})", bags, timeline.findings, note)


def _energy(timeline: Timeline) -> Field:
    used = [
        action for action in timeline.actions if action.triplet.split(",")[0] in _ENERGY and ",null_verb," not in action.triplet
    ]
    if not used:
        return _unseen(timeline, "energy", "energy devices used", "no hook or bipolar forceps was seen at work")
    names = dict.fromkeys(_ENERGY[action.triplet.split(",")[0]] for action in used)
    best = [max((a for a in used if _ENERGY[a.triplet.split(",")[0]] == name), key=lambda a: a.confidence) for name in names]
    return Field(
        "energy",
        "energy devices used",
        ", ".join(names),
        Provenance.INFERRED,
        tuple(action.evidence.key_seconds for action in best),
        note="instruments seen at work; that current was applied is not visible to this version",
    )


def _media(key_seconds: Sequence[float]) -> Field:
    if not key_seconds:
        return Field("media", "stills", None, Provenance.NOT_OBSERVED, note="no look was worth a key frame")
    return Field("media", "stills", counted(len(key_seconds), "key frame"), Provenance.SEEN, tuple(key_seconds))


def _from_actions(timeline: Timeline, group: str, name: str, wanted: Callable[[ActionSegment], bool], word: str) -> Field:
    actions = [action for action in timeline.actions if wanted(action)]
    if not actions:
        return _unseen(timeline, group, name, "not seen")
    seconds = tuple(action.evidence.key_seconds for action in actions)
    value = f"{word}: seen {times(len(actions))} ({_listed(clock(action.span.start_seconds) for action in actions)})"
    return Field(group, name, value, Provenance.SEEN, seconds)


def _from_events(
    group: str,
    name: str,
    value: str,
    events: Sequence[Event],
    findings: Sequence[Finding],
    note: str,
    provenance: Provenance = Provenance.SEEN,
) -> Field:
    seconds = tuple(sorted({event.evidence.key_seconds for event in events}))
    statements = tuple(finding.id for finding in findings if finding.evidence.key_seconds in seconds)
    return Field(group, name, value, provenance, seconds, statements, note)


def _unseen(timeline: Timeline, group: str, name: str, what: str) -> Field:
    assessed = share(timeline.coverage.assessed_seconds, timeline.duration_seconds)
    note = f"{what} in the {assessed:.0%} of the video that could be assessed; it may have happened unseen"
    return Field(group, name, None, Provenance.NOT_OBSERVED, note=note)


def _clocks(events: Sequence[Event]) -> str:
    return _listed(clock(event.span.start_seconds) for event in events)


def _listed(words: Iterable[str]) -> str:
    """The first six and how many more, so that a long operation does not fill the table."""
    words = list(words)
    return ", ".join(words) if len(words) <= 6 else f"{', '.join(words[:6])} and {len(words) - 6} more"
