"""A grid's figures as drawings that stand alone: a row per cell, a dot per seed, the mean with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from medgrpo.experiments.figures import over_seeds

Values = Callable[[Mapping[str, Any]], float]
"""From a run's figures to the number that is drawn."""
_ROW, _TOP, _LEFT, _PANEL, _GAP = 18, 46, 118, 200, 24
_COLOURS = {"none": "#7f7f7f", "logistic": "#0072b2", "zscore": "#d55e00", "ema": "#009e73"}
_STYLE = "text{font:11px sans-serif;fill:#222}.h{font-weight:bold}.a{stroke:#bbb}.z{stroke:#555}.m{stroke-width:2.5}.n{fill:#555}"


def overview(study: Mapping[str, Any]) -> str:
    """SVG: change of the mean over sources and tasks, and of the one that did worst."""
    return _panels(
        study,
        [
            ("change of the mean score", lambda run: run["mean"][-1] - run["mean"][0]),
            ("change of the worst source and task", lambda run: run["worst_change"]),
            ("entropy at the end (nats a token)", lambda run: run["entropy"] or 0.0),
        ],
    )


def by_key(study: Mapping[str, Any]) -> str:
    """SVG: change of the mean score of every source and task."""
    keys = list(study["runs"][0]["keys"])

    def change(key: str) -> Values:
        return lambda run: run["keys"][key]["raw"][-1] - run["keys"][key]["raw"][0]

    return _panels(study, [(key.replace("_grounding", ""), change(key)) for key in keys], across=3)


def _panels(study: Mapping[str, Any], panels: Sequence[tuple[str, Values]], across: int = 3) -> str:
    cells = [(cell["normaliser"], cell["scale"]) for cell in study["cells"]]
    tall = _TOP + _ROW * len(cells) + 30
    rows = -(-len(panels) // across)
    width, height = _LEFT + across * (_PANEL + _GAP), rows * tall + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
    ]
    for place, (title, value) in enumerate(panels):
        left, top = _LEFT + place % across * (_PANEL + _GAP), place // across * tall
        parts += _panel(study, cells, title, value, left, top, place % across == 0)
    return "".join([*parts, "</svg>\n"])


def _panel(
    study: Mapping[str, Any],
    cells: Sequence[tuple[str, str]],
    title: str,
    value: Values,
    left: int,
    top: int,
    named: bool,
) -> list[str]:
    own = {cell: [value(run) for run in study["runs"] if (run["normaliser"], run["scale"]) == cell] for cell in cells}
    seen = [one for values in own.values() for one in values]
    low, high = min(0.0, *seen), max(0.0, *seen)
    room = (high - low) * 0.12 or 0.1
    low, high = low - room, high + room
    bottom = top + _TOP + _ROW * len(cells)

    def at(number: float) -> float:
        return round(left + (min(max(number, low), high) - low) / (high - low) * _PANEL, 1)

    parts = [f'<text class="h" x="{left}" y="{top + 26}">{escape(title)}</text>']
    parts.append(f'<line class="a" x1="{left}" x2="{left + _PANEL}" y1="{bottom}" y2="{bottom}"/>')
    parts.append(f'<line class="z" x1="{at(0)}" x2="{at(0)}" y1="{top + _TOP - 6}" y2="{bottom}"/>')
    parts += [
        f'<text class="n" x="{at(number)}" y="{bottom + 14}" text-anchor="middle">{number:.2f}</text>'
        for number in (low + room, 0.0, high - room)
    ]
    for row, (normaliser, scale) in enumerate(cells):
        y, colour = top + _TOP + _ROW * row + _ROW // 2, _COLOURS[normaliser]
        if named:
            parts.append(f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{normaliser} / {scale}</text>')
        values = own[normaliser, scale]
        mean, interval = over_seeds(values)
        if interval is not None:
            ends = f'x1="{at(interval[0])}" x2="{at(interval[1])}"'
            parts.append(f'<line {ends} y1="{y}" y2="{y}" stroke="{colour}" opacity=".5"/>')
        parts.append(f'<line class="m" x1="{at(mean)}" x2="{at(mean)}" y1="{y - 6}" y2="{y + 6}" stroke="{colour}"/>')
        parts += [f'<circle cx="{at(one)}" cy="{y}" r="2.6" fill="{colour}"/>' for one in values]
    return parts
