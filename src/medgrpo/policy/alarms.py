"""When to stop by itself: the signs of a policy that has collapsed, over the means of the last steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medgrpo.policy.figures import mean, overall
from medgrpo.policy.recipe import StopSettings

RULES: Mapping[str, tuple[str, bool, str]] = {
    "least_entropy": ("entropy", False, "the policy says one thing only"),
    "most_overlong": ("overlong", True, "answers do not end within the budget"),
    "most_unreadable": ("unreadable", True, "answers can no longer be read"),
    "most_zero_spread": ("zero_spread", True, "groups score alike, so that nothing is learnt"),
    "most_drift": ("drift", True, "rollout and update read the same tokens differently"),
}
"""Setting -> (figure, whether too much of it is the fault, what it means)."""


def alarms(settings: StopSettings, history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why a run should stop after these lines of metrics.jsonl; empty when it may go on, and before
    `window` steps."""
    if len(history) < settings.window:
        return []
    found: list[str] = []
    recent = history[-settings.window :]
    for setting, (figure, too_much, meaning) in RULES.items():
        bound = getattr(settings, setting)
        value = mean([overall(line["keys"], figure) for line in recent])
        if bound is False or value is None:
            continue
        if value > bound if too_much else value < bound:
            relation = "above" if too_much else "below"
            found.append(f"{figure} {value:.4g} over {settings.window} steps, {relation} stop.{setting} = {bound:g}: {meaning}")
    return found
