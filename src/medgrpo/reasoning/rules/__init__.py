"""The risk channels: one file per rule, one line here. Ids are hazards of the procedure."""

from medgrpo.reasoning.rules import (
    bleeding,
    clip_before_dissection,
    critical_view,
    dangerous_zone,
    division_before_clip,
    energy_without_view,
    phase_order,
    prolonged_dissection,
    view,
)
from medgrpo.reasoning.rules.rule import Rule, Verdict

RULES: tuple[Rule, ...] = (
    Rule("clip_before_dissection", clip_before_dissection.judge, is_condition=False),
    Rule("critical_view", critical_view.judge, is_condition=False),
    Rule("division_before_clip", division_before_clip.judge, is_condition=False),
    Rule("dangerous_zone", dangerous_zone.judge, is_condition=False),
    Rule("energy_without_view", energy_without_view.judge, is_condition=True, needs_sight=False, one_condition=True),
    Rule("bleeding", bleeding.judge, is_condition=True),
    Rule("prolonged_dissection", prolonged_dissection.judge, is_condition=True),
    Rule("phase_order", phase_order.judge, is_condition=False),
    Rule("view", view.judge, is_condition=True, needs_sight=False, one_condition=True),
)

__all__ = ["RULES", "Rule", "Verdict"]
