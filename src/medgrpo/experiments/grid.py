"""Normalisers crossed with scales of advantages: one GRPO run per cell and seed, one after the other; killed, it goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from medgrpo.core import InputError
from medgrpo.policy import GrpoRecipe, Kept, run_lines, start_scores, train_grpo
from medgrpo.reward import Key, MeasuredScores, Normaliser, Scale, calibrate, read_calibration

Progress = Callable[[str, int, int], None]
SAME: frozenset[tuple[Normaliser, Scale]] = frozenset(
    {("none", "group"), ("ema", "group"), ("zscore", "group"), ("zscore", "batch"), ("zscore", "none")}
)
"""Cells that are one and the same where an answer has one part: what they do to a group's scores is a positive affine map, which
the deviation of the group takes away (`ema`, `none`), or they have taken it away already (`zscore`)."""

CALIBRATION_QUESTIONS = 48
"""Training questions per source and task that the starting model answers for its statistics."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the grid."""

    normaliser: Normaliser
    scale: Scale
    seed: int

    @property
    def name(self) -> str:
        return f"{self.normaliser}-{self.scale}-{self.seed}"


def planned(seeds: int) -> list[Run]:
    """All runs, in the order in which they are made: first one of the cells that are the same with all that differ, seed by seed,
    then the others, which show by how much rounding alone moves a run."""
    cells: list[tuple[Normaliser, Scale]] = [(one, other) for one in get_args(Normaliser) for other in get_args(Scale)]
    later = SAME - {("none", "group")}
    first = [Run(*cell, seed) for seed in range(seeds) for cell in cells if cell not in later]
    return first + [Run(*cell, seed) for seed in range(seeds) for cell in cells if cell in later]


def recipe_of(base: GrpoRecipe, run: Run) -> GrpoRecipe:
    """The base recipe with the run's normaliser, scale and seed."""
    rewards = base.rewards.model_copy(update={"normaliser": run.normaliser, "scale": run.scale})
    return base.model_copy(update={"rewards": rewards, "run": base.run.model_copy(update={"seed": run.seed})})


def is_finished(base: GrpoRecipe, folder: Path, run: Run) -> bool:
    """Whether the last held-out figures of `run` are in its folder. InputError when they are those of another recipe."""
    lines = run_lines(folder, "held_out.jsonl")
    if not lines:
        return False
    written = folder / "recipe.json"
    made: dict[str, Any] = json.loads(written.read_text(encoding="utf-8")) if written.exists() else {}
    asked = recipe_of(base, run).model_dump(mode="json")
    different = sorted(table for table, values in asked.items() if made.get(table) != values)
    frozen, calibration = made.get("calibration"), base.rewards.calibration
    if frozen is not None and calibration is not None and frozen != read_calibration(calibration).digest:
        different.append("what the calibration holds")
    if different:
        raise InputError(
            f"{folder}: was made from another recipe ({', '.join(different)}), and runs of two cannot be compared: give another "
            "folder with --out, or the recipe as it was"
        )
    return lines[-1]["step"] == base.run.steps


def run_study(
    base: GrpoRecipe,
    out: Path,
    seeds: int,
    progress: Progress,
    stop: Callable[[], bool],
    told: Callable[[str], None],
) -> Sequence[Run]:
    """Make what is not made yet; the runs of the grid. Interrupted when `stop` says so: the same command goes on.

    InputError for a recipe without held-out questions, without a calibration, or with rules that would end a run early.
    """
    if not base.held_out.questions or base.rewards.calibration is None:
        raise InputError("a study needs held_out.questions and rewards.calibration in its recipe")
    active = [name for name, bound in base.stop.model_dump().items() if name != "window" and bound is not False]
    if active:
        raise InputError(f"a study wants to see what the stop rules prevent: set {', '.join(active)} of [stop] to false")
    if not base.rewards.calibration.exists():
        told(f"{base.rewards.calibration}: made from the starting model's answers")
        _calibrate(base, base.rewards.calibration)
    runs = planned(seeds)
    waiting = [run for run in runs if not is_finished(base, out / run.name, run)]
    kept, started = Kept(), time.monotonic()
    for place, run in enumerate(waiting, 1):
        train_grpo(recipe_of(base, run), out / run.name, progress, stop, kept=kept)
        left = (time.monotonic() - started) / place * (len(waiting) - place)
        told(f"{run.name}: done, {len(runs) - len(waiting) + place} of {len(runs)}, about {left / 60:.0f} min left")
    return runs


def _calibrate(base: GrpoRecipe, path: Path) -> None:
    """The frozen statistics of the starting model, as `medgrpo train calibrate` makes them from records: on pictures of the
    recipe's size, which `evaluate run` cannot be told."""
    held_out = base.held_out.model_copy(update={"most_per_key": CALIBRATION_QUESTIONS})
    scores = start_scores(base.model_copy(update={"held_out": held_out}))
    measured = MeasuredScores({Key(source, task, "score"): tuple(own) for (source, task), own in scores.items()}, broken=0)
    calibration = calibrate(measured, base.model.checkpoint, least=1)
    path.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
