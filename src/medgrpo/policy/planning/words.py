"""A plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medgrpo.policy.planning.plan import Plan

_ENGINES = {
    "network": "the network that is trained",
    "vllm": "vLLM in the same process, which holds a second copy of the weights",
}


def plan_lines(plan: Plan) -> list[str]:
    """For a person, line by line."""
    g, mean, longest = plan.geometry, plan.mean, plan.longest
    sizes = g.parameters()
    lines = [
        f"model      {g.family}, {_count(sum(sizes.values()))} parameters ({_named(sizes)})",
        f"trained    {_named(plan.trained)}",
        f"tokens     {plan.tokens.how}{'' if plan.tokens.exact else ' (estimated)'}",
        f"  prompt   {mean.prompt} in the mean, {mean.visual} of them visual; the longest {longest.prompt} and {longest.visual}",
        f"  answer   {plan.answer_tokens}{' assumed' if plan.kind == 'grpo' else ' in the mean'}; the longest reference "
        f"{max(one.reply for one in plan.tokens.counted.values())}",
        f"  step     {plan.step_tokens:,.0f} in the update's sequences",
    ]
    lines += [f"  left out {count}: {reason}" for reason, count in plan.tokens.left_out.items()]
    if plan.engine:
        lines.append(f"sampling   by {_ENGINES[plan.engine]}")
    lines.append("memory     of one process")
    lines += [f"  {part.held_bytes / 1e9:9.3f} GB  {part.name}" for part in plan.parts if part.held_bytes]
    lines.append(f"  {plan.peak_bytes / 1e9:9.3f} GB  at most: what is always held, and the larger of rollout and update")
    if plan.device_bytes is not None:
        lines.append(f"  {plan.device_bytes / 1e9:9.3f} GB  on the device")
    steps = f"{plan.steps} steps" if plan.steps else "the number of steps follows from the questions"
    lines.append(f"work       {plan.work.operations / 1e12:.4g} TFLOP a step, {steps}")
    seconds = plan.step_seconds
    if seconds is None:
        lines.append(f"time       not known: {plan.untimed}")
    else:
        shares = ", ".join(f"{name} {value:.3g} s" for name, value in plan.stages.items() if value)
        whole = f"; {_long(seconds * plan.steps)} for all" if plan.steps else ""
        lines.append(f"time       {seconds:.3g} s a step ({shares}){whole}; {plan.timed_by}")
    lines += [f"problem    {problem}" for problem in plan.problems]
    lines += [f"change     {words}: {needed / 1e9:.1f} GB at most" for words, needed in plan.advice]
    return lines


def plan_json(plan: Plan) -> dict[str, Any]:
    """Everything as plain values; seconds, bytes and tokens."""
    return {
        "kind": plan.kind,
        "family": plan.geometry.family,
        "parameters": plan.geometry.parameters(),
        "trained": dict(plan.trained),
        "tokens": {
            "how": plan.tokens.how,
            "exact": plan.tokens.exact,
            "prompt_mean": plan.mean.prompt,
            "prompt_longest": plan.longest.prompt,
            "visual_mean": plan.mean.visual,
            "visual_longest": plan.longest.visual,
            "answer": plan.answer_tokens,
            "step": plan.step_tokens,
            "steps": None if plan.sft is None else list(plan.sft.tokens),
            "left_out": dict(plan.tokens.left_out),
        },
        "memory_bytes": {part.name: part.held_bytes for part in plan.parts},
        "peak_bytes": plan.peak_bytes,
        "device_bytes": plan.device_bytes,
        "floating_point_operations": plan.work.operations,
        "steps": plan.steps,
        "engine": plan.engine,
        "stage_seconds": dict(plan.stages),
        "step_seconds": plan.step_seconds,
        "timed_by": plan.timed_by or plan.untimed,
        "problems": list(plan.problems),
        "changes": [{"change": words, "peak_bytes": needed} for words, needed in plan.advice],
    }


def _named(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_count(number)}" for name, number in sizes.items() if number)


def _count(number: int) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return str(number)


def _long(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
