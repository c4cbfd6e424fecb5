"""The timeline as the whole video shows it: what was settled look by look, corrected once the end is known.

Phases are smoothed; steps, unusual orders, sub-goals and the sentences about phases follow them. Risk channels, forecasts, events
and alerts stay as they were: they are records of what was known at the time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from medgrpo.core import Span
from medgrpo.knowledge import PHASES, Procedure
from medgrpo.reasoning.config import ReasonerConfig
from medgrpo.reasoning.order import phase_orders
from medgrpo.reasoning.records import Finding, PhaseSegment, StepSegment, Timeline
from medgrpo.reasoning.smoothing import EvidenceLog, revised_phases, smooth
from medgrpo.reasoning.subgoals import Seen, sub_goal_states
from medgrpo.reasoning.tracking import procedure_model


def revise(
    timeline: Timeline,
    log: EvidenceLog,
    procedure: Procedure,
    config: ReasonerConfig,
    told: Collection[str],
    tell: Callable[[PhaseSegment, bool], Iterable[Finding]],
) -> Timeline:
    """`told`: ids of the findings about phases; `tell` writes them anew, given a phase and whether it is the first."""
    if not len(log):
        return timeline
    model = procedure_model(procedure, config.phase, None)
    places = [PHASES.index(name) for name in model.names]
    smoothed = smooth(model, log.starts, log.sums[:, places])
    phases = revised_phases(timeline.phases, smoothed, model.names, config.phase, config.look.evidence_looks)
    steps = _steps(timeline.steps, phases, config.step.minimum_seconds)
    seen = Seen(phases, steps, timeline.actions, timeline.duration_seconds, timeline.events)
    kept = [finding for finding in timeline.findings if finding.id not in told]
    named = [phase for phase in phases if phase.phase is not None]
    new = [finding for place, phase in enumerate(named) for finding in tell(phase, place == 0)]
    return replace(
        timeline,
        phases=phases,
        steps=steps,
        unusual_orders=phase_orders(procedure, phases, config.order),
        sub_goals=sub_goal_states(procedure, seen, config.sub_goal),
        findings=tuple(sorted([*kept, *new], key=lambda finding: (finding.span, finding.id))),
    )


def _steps(steps: Iterable[StepSegment], phases: Iterable[PhaseSegment], minimum_seconds: float) -> tuple[StepSegment, ...]:
    """Steps where their phase still holds, cut to it."""
    cut: list[StepSegment] = []
    for phase in phases:
        for step in steps:
            start = max(step.span.start_seconds, phase.span.start_seconds)
            end = min(step.span.end_seconds, phase.span.end_seconds)
            if step.phase == phase.phase and end - start >= minimum_seconds:
                cut.append(replace(step, span=Span(start, end)))
    return tuple(sorted(cut, key=lambda step: step.span))
