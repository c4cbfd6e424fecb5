"""Strict figures drawn: one bar per source, with its interval and what a constant answer gets; and what became of the questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medgrpo.benchmark.outputs import Tally
from medgrpo.page import bar, table, text

_LEGEND = (
    '<p><span class="key"><i></i> pooled mean</span> '
    '<span class="key"><i class="interval"></i> 95 % by bootstrap over videos</span> '
    '<span class="key"><i class="constant"></i> best constant answer</span></p>'
)


def by_source(strict: Mapping[str, Any] | None) -> str:
    """Every task with its bars; a paragraph where there are no references."""
    if strict is None:
        return '<p class="quiet">The data holds no reference answers.</p>'
    tasks: Mapping[str, Any] = strict["tasks"]
    return _LEGEND + "".join(_task(name, values) for name, values in tasks.items())


def _task(name: str, values: Mapping[str, Any]) -> str:
    sources: Mapping[str, Any] = values["sources"]
    rows = {"all": values["all"], **sources} if len(sources) > 1 else sources
    body = "".join(_row(label, figures) for label, figures in rows.items())
    spoken = name.replace("_", " ")
    return (
        f'<div class="task"><h3>{text(spoken[:1].upper() + spoken[1:])}</h3><p class="quiet">{text(values["metric"])}</p>'
        + table("bars", (), f"<tbody>{body}</tbody>").replace("<thead><tr></tr></thead>", "")
        + "</div>"
    )


def _row(label: str, figures: Mapping[str, Any]) -> str:
    pooled = figures["pooled"]
    if pooled is None:
        return f'<tr><th scope="row">{text(label)}</th><td class="none">not scored</td><td>{figures["records"]} rows</td></tr>'
    interval: Sequence[float] | None = pooled["ci95"]
    between = "" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})"
    constant = "" if pooled["majority"] is None else f", constant {pooled['majority']:.3f}, random {pooled['random']:.3f}"
    return (
        f'<tr><th scope="row">{text(label)}</th><td>{_strip(pooled["value"], interval, pooled["majority"])}</td>'
        f"<td><b>{pooled['value']:.3f}</b>{between}{constant}, {figures['records']} rows</td></tr>"
    )


def _strip(value: float, interval: Sequence[float] | None, constant: float | None) -> str:
    """Decoration, not read aloud: the numbers stand beside it."""
    marks = "" if interval is None else f'<line class="interval" x1="{_x(interval[0])}" x2="{_x(interval[1])}" y1="9" y2="9"/>'
    if constant is not None:
        marks += f'<line class="constant" x1="{_x(constant)}" x2="{_x(constant)}" y1="1" y2="17"/>'
    return (
        '<svg class="strip" aria-hidden="true" viewBox="0 0 1000 18" preserveAspectRatio="none">'
        '<rect class="track" x="0" y="3" width="1000" height="12"/>'
        f'<rect class="fill" x="0" y="3" width="{_x(value)}" height="12"/>'
        f"{marks}</svg>"
    )


def _x(share: float) -> str:
    return f"{max(0.0, min(1.0, share)) * 1000:.1f}"


def tallies_table(tallies: Sequence[Tally]) -> str:
    """Counts and shares per source and task: truncated and unread answers, and questions without one."""
    body = "".join(
        f'<tr><th scope="row">{text(one.source)}, {text(one.task.replace("_", " "))}</th><td>{one.rows:,}</td>'
        + "".join(_share(count, one.rows) for count in (one.truncated, one.unparsed, one.clips_missing, one.model_failed))
        + "</tr>"
        for one in tallies
    )
    columns = ("source, task", "rows", "cut off at the token limit", "cannot be read", "pictures missing", "no reply")
    return table("tallies", columns, f"<tbody>{body}</tbody>", "The official metric hides all four: a cut-off list still scores")


def _share(count: int, rows: int) -> str:
    if not count:
        return '<td class="none">0</td>'
    return f"<td>{bar(count / rows)}{count:,} ({count / rows:.1%})</td>"
