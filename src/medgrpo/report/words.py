"""Small pieces of plain English that the report needs more than once."""

from __future__ import annotations

from collections.abc import Sequence

from medgrpo.core import clock, length
from medgrpo.knowledge import label
from medgrpo.reasoning import Event, RiskLevel, RiskState


def joined(words: Sequence[str]) -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def counted(count: int, one: str, many: str = "") -> str:
    """`1 key frame`, `2 key frames`; `many` where an s does not make the plural."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def subject(channel_name: str) -> str:
    """What a risk channel watches, to stand after `never assessed`: the name of the hazard without its own negation."""
    return channel_name.removesuffix(" not documented")


def unassessed(states: Sequence[RiskState]) -> dict[str, float]:
    """Why a channel was not assessed, and for how many seconds in sum; the reason that held longest first."""
    lasted: dict[str, float] = {}
    for state in states:
        if state.level is RiskLevel.NOT_ASSESSED:
            lasted[state.why] = lasted.get(state.why, 0.0) + state.span.duration_seconds
    return dict(sorted(lasted.items(), key=lambda item: -item[1]))


def unassessed_words(states: Sequence[RiskState]) -> str:
    """`2 min 53 s: no model grades it. For 6 s: the picture is black`: every reason of `unassessed`, in its order."""
    return ". For ".join(f"{lasting(seconds)}: {why}" for why, seconds in unassessed(states).items())


def lasting(seconds: float) -> str:
    """`6 s`, `2 min 53 s`; a part of a second is never told as 0 s."""
    return length(seconds) if seconds >= 1 else "under 1 s"


def times(count: int) -> str:
    """once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def capital(words: str) -> str:
    """The words as the beginning of a sentence."""
    return words[:1].upper() + words[1:]


def share(part: float, whole: float) -> float:
    """0..1; 0 where there is no whole."""
    return part / whole if whole > 0 else 0.0


def between(start_seconds: float, end_seconds: float) -> str:
    """`02:10` to `02:35`, or one time where both read the same."""
    start, end = clock(start_seconds), clock(end_seconds)
    return start if start == end else f"{start}–{end}"


def event_words(event: Event) -> str:
    """`Clip applied: cystic duct`; the target only where it is known."""
    words, target = capital(event.kind.value), event_target(event)
    return f"{words}: {target}" if target else words


def event_target(event: Event) -> str:
    """The target in words; empty where it is unknown or the kind of event already names it."""
    words = "" if event.target is None else label(event.target)
    return "" if words in event.kind.value else words


def action_words(triplet: str) -> str:
    """`hook, dissect gallbladder` for the name of a CholecT50 triplet."""
    instrument, verb, target = triplet.split(",")
    if verb == "null_verb":
        return f"{label(instrument)} in view, no action"
    return (
        f"{label(instrument)}, {label(verb)} {label(target)}" if target != "null_target" else f"{label(instrument)}, {label(verb)}"
    )


def confidence_words(confidence: float) -> str:
    """The words that stand beside every number, so that neither stands alone."""
    for least, words in ((0.9, "high"), (0.7, "moderate"), (0.5, "low")):
        if confidence >= least:
            return f"{words} confidence"
    return "very low confidence"
