"""The timeline picture: one SVG whose positions are shares of the video's length, so that it stretches without distortion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgrpo.core import clock, length
from medgrpo.page import text
from medgrpo.report.items import EXPECTED, Item
from medgrpo.report.words import capital

_ASSUMED_WIDTH = 640  # pixels: the lanes' width on a tablet, which decides whether a label fits
_CHARACTER_WIDTH, _LEAST_CHARACTERS = 6.8, 9
_NAME_CHARACTERS = 22
_AXIS_HEIGHT, _GAP, _GAP_INSIDE = 24, 8, 3
_EVENT_WIDTH, _EVENT_ROWS = 21, 3
_HEIGHTS = {"phase": 30, "forecast": 18, "action": 14, "event": 24, "thought": 24, "risk": 18}
_POINTS = ("event", "thought")
_RISK_WORDS = {"alert": "! ALERT", "clear": "✓ CLEAR", "monitoring": "", "unknown": "NOT ASSESSED"}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
EVENT_SYMBOLS = {
    "clip_applied": "C", "structure_divided": "D", "bleeding_seen": "B", "bag_used": "S", "view_lost": "V", "out_of_body": "O",
    "thought": "?",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Lane:
    kind: str
    name: str
    top: int
    height: int
    items: tuple[Item, ...]
    levels: tuple[int, ...]


def timeline(items: Sequence[Item], duration_seconds: float, phase_numbers: dict[str, int]) -> str:
    """Two SVGs side by side: the lanes' names, and the lanes, where every item is a link to its text."""
    lanes = _layout(items, duration_seconds)
    total = lanes[-1].top + lanes[-1].height + _GAP if lanes else _AXIS_HEIGHT
    return (
        f'<div class="chart"><svg class="names" height="{total}" aria-hidden="true">{"".join(_name(lane) for lane in lanes)}</svg>'
        f'<div class="scroller"><svg id="lanes" class="lanes" height="{total}" role="group" '
        f'data-duration="{duration_seconds:.3f}" aria-label="Timeline, {length(duration_seconds)} long">'
        f"{_DEFINITIONS}{_axis(duration_seconds, total)}"
        f'<line id="playhead" class="playhead" x1="0%" x2="0%" y1="{_AXIS_HEIGHT - 6}" y2="{total}"/>'
        f"{''.join(_lane(lane, duration_seconds, phase_numbers) for lane in lanes)}"
        "</svg></div></div>"
    )


_DEFINITIONS = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="7" height="7"/><rect class="hatch-line" width="2.4" height="7"/></pattern></defs>'
)


def _layout(items: Sequence[Item], duration: float) -> list[_Lane]:
    rows: dict[tuple[str, str], list[Item]] = {}
    for kind in _HEIGHTS:
        for item in items:
            if item.kind == kind:
                rows.setdefault((kind, item.lane), []).append(item)
    lanes: list[_Lane] = []
    bottom = _AXIS_HEIGHT
    for (kind, name), its in rows.items():
        gap = _GAP_INSIDE if lanes and lanes[-1].kind == kind else _GAP
        levels = _levels(its, duration) if kind in _POINTS else (0,) * len(its)
        height = _HEIGHTS[kind] * (max(levels) + 1)
        lanes.append(_Lane(kind, name, bottom + gap, height, tuple(its), levels))
        bottom += gap + height
    return lanes


def _levels(items: Sequence[Item], duration: float) -> tuple[int, ...]:
    """Events too close for their circles to stand side by side go to a row below, three rows at most."""
    room = _EVENT_WIDTH / _ASSUMED_WIDTH * duration
    last = [-room] * _EVENT_ROWS
    levels: list[int] = []
    for item in items:
        free = [row for row in range(_EVENT_ROWS) if item.start_seconds - last[row] >= room]
        level = free[0] if free else min(range(_EVENT_ROWS), key=lambda row: last[row])
        last[level] = item.start_seconds
        levels.append(level)
    return tuple(levels)


def _name(lane: _Lane) -> str:
    shown = capital(lane.name)
    shown = shown if len(shown) <= _NAME_CHARACTERS else f"{shown[: _NAME_CHARACTERS - 1].rstrip()}…"
    middle = lane.top + lane.height / 2 + 4
    return f'<text class="{lane.kind}" x="100%" dx="-10" y="{middle:g}"><title>{text(lane.name)}</title>{text(shown)}</text>'


def _lane(lane: _Lane, duration: float, phase_numbers: dict[str, int]) -> str:
    if lane.kind in _POINTS:
        shapes = "".join(_event(item, lane.top, level, duration) for item, level in zip(lane.items, lane.levels, strict=True))
    else:
        shapes = "".join(_bar(item, lane, duration, phase_numbers) for item in lane.items)
    bed = f'<rect class="bed" width="100%" y="{lane.top}" height="{lane.height}" rx="3"/>'
    return f'<g class="lane lane-{lane.kind}" role="group" aria-label="{text(lane.name)}">{bed}{shapes}</g>'


def _link(item: Item, inside: str) -> str:
    """A link that works without a script; the script turns it into a choice."""
    return f'<a class="item {item.style}" href="#{item.target}" data-item="{item.id}" aria-label="{text(item.spoken)}">{inside}</a>'


def _bar(item: Item, lane: _Lane, duration: float, phase_numbers: dict[str, int]) -> str:
    share = (item.end_seconds - item.start_seconds) / duration
    words = _words(item, share * _ASSUMED_WIDTH, phase_numbers)
    middle = lane.height / 2 + 4
    place = f'class="alone" x="50%" y="{middle:g}"' if len(words) == 1 else f'x="7" y="{middle:g}"'
    written = f"<text {place}>{text(words)}</text>" if words else ""
    bar = (
        f'<svg x="{_percent(item.start_seconds, duration)}" y="{lane.top}" width="{share:.3%}" height="{lane.height}">'
        f'<rect width="100%" height="100%" rx="3"/>{written}</svg>'
    )
    return _link(item, bar)


def _words(item: Item, width: float, phase_numbers: dict[str, int]) -> str:
    """The longest label that fits the bar; an action has none, its lane and the box beside it say what it is."""
    if item.kind == "phase":
        number = phase_numbers.get(item.title)
        return _fitted("Not assessed", "?", width) if number is None else _fitted(f"{number} {item.title}", str(number), width)
    if item.kind == "risk":
        return _fitted(_RISK_WORDS[item.style], _RISK_WORDS[item.style][:1] if item.style in ("alert", "clear") else "", width)
    return _fitted(item.title.removeprefix(EXPECTED), "", width) if item.kind == "forecast" else ""


def _fitted(words: str, single: str, width: float) -> str:
    """The words, or their beginning with an ellipsis, or the one character that stands for them, or nothing."""
    room = int((width - 12) / _CHARACTER_WIDTH)
    if len(words) <= room:
        return words
    if room >= _LEAST_CHARACTERS:
        return f"{words[: room - 1].rstrip()}…"
    return single if width >= _CHARACTER_WIDTH + 2 else ""


def _event(item: Item, top: int, level: int, duration: float) -> str:
    middle = top + (level + 0.5) * _HEIGHTS["event"]
    share = item.start_seconds / duration
    x = _percent(item.start_seconds, duration)
    width = (item.end_seconds - item.start_seconds) / duration
    shift = 11 if share < 0.016 else -11 if share > 0.984 else 0  # a circle at the edge stays whole
    return _link(
        item,
        f'<rect class="extent" x="{x}" y="{middle - 2:g}" width="{width:.3%}" height="4"/>'
        f'<g transform="translate({shift} 0)"><circle cx="{x}" cy="{middle:g}" r="9.5"/>'
        f'<text class="symbol" x="{x}" y="{middle + 4:g}">{EVENT_SYMBOLS[item.style]}</text></g>',
    )


def _axis(duration: float, total: float) -> str:
    step = next((step for step in _STEPS if duration / step <= 8), _STEPS[-1])
    marks: list[str] = []
    for number in range(int(duration // step) + 1):
        x = _percent(number * step, duration)
        place = "start" if number == 0 else "end" if number * step > duration * 0.97 else "middle"
        marks.append(
            f'<line class="grid" x1="{x}" x2="{x}" y1="{_AXIS_HEIGHT - 6}" y2="{total}"/>'
            f'<text class="tick {place}{" odd" if number % 2 else ""}" x="{x}" y="13">{clock(number * step)}</text>'
        )
    return f'<g aria-hidden="true">{"".join(marks)}</g>'


def _percent(seconds: float, duration: float) -> str:
    return f"{min(1.0, seconds / duration):.3%}"
