"""Drawings of the report: shares side by side, and a curve. Plain SVG; the numbers stand beside them as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _ROW, _LEFT = 640, 15, 170
_CURVE_HEIGHT, _MARGIN = 220, 44


def bars(title: str, series: Mapping[str, Mapping[str, float | None]]) -> str:
    """Horizontal bars of shares (0..1), grouped by name in the first series' order; None draws no bar. At most three series."""
    names = list(next(iter(series.values())))
    top = max((value or 0.0 for held in series.values() for value in held.values()), default=0.0) or 1.0
    group = _ROW * len(series) + 8
    parts = [_legend(list(series), len(names) * group + 16)]
    for place, name in enumerate(names):
        y = place * group
        parts.append(f'<text x="{_LEFT - 8}" y="{y + group / 2:.0f}" class="name">{escape(name)}</text>')
        for line, held in enumerate(series.values()):
            value = held.get(name)
            if value is None:
                continue
            wide = value / top * (_WIDTH - _LEFT - 64)
            at = y + line * _ROW + 2
            parts.append(f'<rect x="{_LEFT}" y="{at}" width="{wide:.1f}" height="{_ROW - 3}" class="s{line}"/>')
            parts.append(f'<text x="{_LEFT + wide + 5:.1f}" y="{at + 10}">{value:.1%}</text>')
    return _drawing(title, len(names) * group + 26, parts)


def curve(title: str, points: Sequence[tuple[float, float]], chosen: float, across: str, up: str) -> str:
    """A line through (x, share 0..1), with the chosen x marked. "" without points."""
    if len(points) < 2:
        return ""
    low, high = points[0][0], points[-1][0]
    height, width = _CURVE_HEIGHT - 2 * _MARGIN + 20, _WIDTH - 2 * _MARGIN

    def place(x: float, y: float) -> tuple[float, float]:
        return _MARGIN + (x - low) / (high - low) * width, 16 + (1 - y) * height

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
    parts = [f'<polyline points="{line}" class="line"/>']
    for share in (0.0, 0.5, 1.0):
        _, y = place(low, share)
        parts.append(f'<line x1="{_MARGIN}" x2="{_MARGIN + width}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" class="name">{share:.0%}</text>')
    for step in range(5):
        value = low + (high - low) * step / 4
        x, y = place(value, 0.0)
        parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" class="middle">{value:g}</text>')
    x, _ = place(min(max(chosen, low), high), 0.0)
    parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="16" y2="{16 + height}" class="chosen"/>')
    parts.append(f'<text x="{x + 5:.1f}" y="28">{chosen:g}</text>')
    parts.append(f'<text x="{_MARGIN + width / 2}" y="{_CURVE_HEIGHT - 6}" class="middle">{escape(across)}</text>')
    parts.append(f'<text x="{_MARGIN}" y="10">{escape(up)}</text>')
    return _drawing(title, _CURVE_HEIGHT, parts)


def _drawing(title: str, height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'


def _legend(names: Sequence[str], y: int) -> str:
    marks: list[str] = []
    for place, name in enumerate(names):
        x = _LEFT + place * 150
        marks.append(
            f'<rect x="{x}" y="{y}" width="10" height="10" class="s{place}"/><text x="{x + 15}" y="{y + 9}">{escape(name)}</text>'
        )
    return "".join(marks)
