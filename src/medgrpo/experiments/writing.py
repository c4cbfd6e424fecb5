"""A study's files: study.json with the figures of every run, two drawings, and tables in Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medgrpo.core import InputError
from medgrpo.experiments.drawing import by_key, overview
from medgrpo.experiments.figures import study_figures
from medgrpo.experiments.grid import Run
from medgrpo.policy import GrpoRecipe


def write_study(base: GrpoRecipe, out: Path, runs: Sequence[Run]) -> str:
    """Write the files into `out`; the tables. InputError when no run is finished or a file cannot be written."""
    study = study_figures(base, out, runs)
    if not study["runs"]:
        raise InputError(f"{out}: no run is finished")
    try:
        (out / "study.json").write_text(_compact(study), encoding="utf-8")
        (out / "overview.svg").write_text(overview(study), encoding="utf-8")
        (out / "by-key.svg").write_text(by_key(study), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{error.filename or out}: cannot be written: {error.strerror or error}") from error
    return tables(study)


def tables(study: Mapping[str, Any]) -> str:
    """Markdown: a row per cell, over all sources and tasks and for each of them; what is missing."""
    keys = list(study["cells"][0]["keys"])
    lines = [
        "| normaliser | scale | seeds | mean score | change | worst key's change | entropy | declines | collapses |",
        "|---|---|---:|---|---|---|---|---:|---:|",
    ]
    for cell in study["cells"]:
        figures = " | ".join(_told(cell[name]) for name in ("mean", "gain", "worst_change", "entropy"))
        of = f"{cell['declines']} of {cell['seeds'] * len(keys)}"
        lines.append(f"| {cell['normaliser']} | {cell['scale']} | {cell['seeds']} | {figures} | {of} | {cell['collapses']} |")
    lines += ["", f"| change of | {' | '.join(keys)} |", f"|---|{'---|' * len(keys)}"]
    for cell in study["cells"]:
        told = " | ".join(_told(cell["key_gains"][key]) for key in keys)
        lines.append(f"| {cell['normaliser']} / {cell['scale']} | {told} |")
    if study["missing"]:
        lines += ["", f"Not finished: {', '.join(study['missing'])}."]
    return "\n".join([*lines, ""])


def _told(figure: Mapping[str, Any]) -> str:
    interval = figure["interval"]
    return f"{figure['mean']:.3f}" + ("" if interval is None else f" ({interval[0]:.3f} to {interval[1]:.3f})")


def _compact(study: Mapping[str, Any]) -> str:
    """JSON with a line per run and cell."""
    rows = {name: ",\n  ".join(json.dumps(one) for one in study[name]) for name in ("cells", "runs")}
    parts = [f'"{name}": [\n  {text}\n ]' for name, text in rows.items()]
    return "{\n " + ",\n ".join([*parts, f'"missing": {json.dumps(study["missing"])}']) + "\n}\n"
