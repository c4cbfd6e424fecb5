"""R3: dissection below the line from Rouvière's sulcus to segment IV. Needs what this version does not have."""

from __future__ import annotations

from medgrpo.reasoning.rules.rule import Verdict, not_assessed
from medgrpo.reasoning.state import OperationState

WHY = "this version does not segment Rouvière's sulcus, segment IV or the bile duct, so the line of safety cannot be drawn"


def judge(_state: OperationState) -> Verdict:
    return not_assessed(WHY)
