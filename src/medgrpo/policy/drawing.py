"""A training run as one page: every figure over the steps, a line per source and task, and sample answers over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from medgrpo.core import InputError
from medgrpo.page import document, look, table, text
from medgrpo.policy.figures import mean
from medgrpo.policy.keeping import RunFolder

FIGURES: Mapping[str, str] = {
    "loss": "loss per answer token",
    "reward": "reward",
    "raw": "score before calibration",
    "spread": "spread of rewards in a group",
    "zero_spread": "share of groups without spread",
    "advantage": "size of advantages",
    "length": "tokens of an answer",
    "overlong": "share of answers that the budget cut",
    "unreadable": "share of answers that cannot be read",
    "entropy": "entropy per token",
    "clipped": "share of tokens stopped by the clip",
    "drift": "rollout against update, per token",
    "worst_drift": "rollout against update, the worst token",
    "capped": "share of tokens at the cap of importance",
    "kl": "distance from the start (KL)",
    "skipped": "skipped",
}
"""Per source and task, in the order in which they are drawn; a figure that no line has is left out."""
_WHOLE: Mapping[str, str] = {"loss": "loss of the step", "gradient_norm": "norm of the gradient", "learning_rate": "learning rate"}
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 460, 190, 62, 26, 20
_COLOURS = 8
_LAST = 10
_MOMENTS = 6
_STYLE = """
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1rem}
.panels svg{width:100%;height:auto;font-size:11px}.panels svg text{fill:currentColor}
.panels polyline{fill:none;stroke-width:1.6}.panels .axis{stroke:currentColor;opacity:.35}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}.legend svg{width:1.6rem;height:.6rem}.legend line{stroke-width:3}
.dashed{stroke-dasharray:5 3}
.c0{stroke:#0072b2;fill:#0072b2}.c1{stroke:#d55e00;fill:#d55e00}.c2{stroke:#009e73;fill:#009e73}.c3{stroke:#cc79a7;fill:#cc79a7}
.c4{stroke:#e69f00;fill:#e69f00}.c5{stroke:#56b4e9;fill:#56b4e9}.c6{stroke:#8a6d3b;fill:#8a6d3b}.c7{stroke:#7f7f7f;fill:#7f7f7f}
td.reply{white-space:pre-wrap;overflow-wrap:anywhere;max-width:40rem}
"""
_BODY = """<main><header><h1>$heading</h1><p>$told</p>$alarms</header>
<section><h2>The whole step</h2><div class="panels">$whole</div></section>
<section><h2>By source and task</h2><p class="legend">$legend</p><div class="panels">$panels</div></section>
<section><h2>Means of the last $last steps</h2>$means</section>$samples</main>"""

Point = tuple[int, float]


def run_page(folder: Path) -> str:
    """HTML of what a run of SFT or GRPO has written so far. InputError when the folder holds no line of one."""
    lines = RunFolder(folder).lines("metrics.jsonl")
    if not lines:
        raise InputError(f"{folder}: holds no metrics.jsonl with a step; give the folder of a run of `train sft` or `train grpo`")
    keys = sorted({key for line in lines for key in line["keys"]})
    figures = [name for name in FIGURES if any(name in row for line in lines for row in line["keys"].values())]
    alarms = [f"after step {line['step'] + 1}: {reason}" for line in lines for reason in line.get("alarms", [])]
    skipped = sum(line["skipped"] for line in lines)
    return document(
        f"Training run {text(folder.name)}",
        _BODY,
        look() + _STYLE,
        "",
        heading=f"Training run {text(folder.name)}",
        told=f"{len(lines)} steps; {len(keys)} pairs of source and task; {skipped} times a question could not be had "
        f"(skipped.jsonl).{_counted(folder)}",
        alarms="".join(f'<p role="alert"><strong>Alarm</strong> {text(one)}</p>' for one in alarms),
        whole="".join(_panel(title, [_of_step(lines, name)]) for name, title in _WHOLE.items()),
        legend="".join(_legend(place, key) for place, key in enumerate(keys)),
        panels="".join(_panel(FIGURES[name], [_of_key(lines, key, name) for key in keys]) for name in figures),
        last=str(min(_LAST, len(lines))),
        means=_means(lines[-_LAST:], keys, figures),
        samples=_samples(RunFolder(folder).lines("samples.jsonl")),
    )


def _counted(folder: Path) -> str:
    """What the questions file held for the run."""
    counts = RunFolder(folder).counts()
    if counts is None:
        return ""
    kept, left_out = counts
    reasons = "".join(f", {count} left out: {text(reason)}" for reason, count in left_out.items())
    return f" {kept} questions{reasons}."


def _of_step(lines: Sequence[Mapping[str, Any]], name: str) -> list[Point]:
    return [(line["step"], line[name]) for line in lines if line[name] is not None]


def _of_key(lines: Sequence[Mapping[str, Any]], key: str, name: str) -> list[Point]:
    rows = ((line["step"], line["keys"].get(key, {}).get(name)) for line in lines)
    return [(step, value) for step, value in rows if value is not None]


def _panel(title: str, series: Sequence[Sequence[Point]]) -> str:
    """One figure; "" where nothing was measured. Points are joined over steps that have none."""
    points = [point for own in series for point in own]
    if not points:
        return ""
    first, last = min(step for step, _ in points), max(step for step, _ in points)
    low, high = min(value for _, value in points), max(value for _, value in points)
    across, up = _WIDTH - _LEFT - 10, _HEIGHT - _TOP - _BOTTOM

    def place(step: int, value: float) -> tuple[float, float]:
        share = 0.5 if high == low else (value - low) / (high - low)
        return _LEFT + across * (0.5 if first == last else (step - first) / (last - first)), _TOP + up * (1 - share)

    parts = [f'<text x="{_LEFT}" y="14">{text(title)}</text>']
    for value in dict.fromkeys((high, low)):
        y = place(first, value)[1]
        parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.3g}</text>')
    for step, anchor in dict.fromkeys(((first, "start"), (last, "end"))):
        parts.append(f'<text x="{place(step, low)[0]:.1f}" y="{_HEIGHT - 4}" text-anchor="{anchor}">step {step}</text>')
    for number, own in enumerate(series):
        where = [place(*point) for point in own]
        if len(where) == 1:
            parts.append(f'<circle class="{_class(number)}" cx="{where[0][0]:.1f}" cy="{where[0][1]:.1f}" r="2.5"/>')
        elif where:
            drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
            parts.append(f'<polyline class="{_class(number)}" points="{drawn}"/>')
    told = f"{title}: from {low:.3g} to {high:.3g} over steps {first} to {last}"
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(told)}">{"".join(parts)}</svg>'


def _class(number: int) -> str:
    """Colours come again dashed."""
    return f"c{number % _COLOURS}" + (" dashed" if number // _COLOURS % 2 else "")


def _legend(number: int, key: str) -> str:
    line = f'<line class="{_class(number)}" x1="0" x2="30" y1="5" y2="5"/>'
    return f'<span><svg viewBox="0 0 30 10" aria-hidden="true">{line}</svg> {text(key)}</span>'


def _means(lines: Sequence[Mapping[str, Any]], keys: Sequence[str], figures: Sequence[str]) -> str:
    rows: list[str] = []
    for key in keys:
        values = [mean([value for _, value in _of_key(lines, key, name)]) for name in figures]
        cells = "".join(f"<td>{'-' if value is None else f'{value:.3g}'}</td>" for value in values)
        rows.append(f'<tr><th scope="row">{text(key)}</th>{cells}</tr>')
    return table("means", ["source/task", *(FIGURES[name] for name in figures)], f"<tbody>{''.join(rows)}</tbody>")


def _samples(lines: Sequence[Mapping[str, Any]]) -> str:
    """Answers of at most a few steps, evenly spaced from the first to the last; "" for a run that wrote none."""
    steps = [(step, list(own)) for step, own in groupby(lines, key=lambda line: line["step"])]
    if not steps:
        return ""
    count = min(_MOMENTS, len(steps))
    chosen = [steps[round(place * (len(steps) - 1) / max(1, count - 1))] for place in range(count)]
    rows: list[str] = []
    for step, asked in chosen:
        for question in asked:
            for answer in question["answers"]:
                reward = "unscored" if answer["reward"] is None else f"{answer['reward']:.3f}"
                rows.append(
                    f"<tr><td>{step}</td><td>{text(question['key'])} {text(question['task'])}</td><td>{reward}</td>"
                    f'<td>{answer["advantage"]:.2f}</td><td class="reply">{text(answer["reply"])}</td></tr>'
                )
    columns = ("step", "question", "reward", "advantage", "answer")
    body = f"<tbody>{''.join(rows)}</tbody>"
    return f"<section><h2>Answers over time</h2>{table('answers', columns, body)}</section>"
