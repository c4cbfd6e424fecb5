"""R1, the part that cannot be decided: no model here grades the critical view of safety, so nothing may be said of it."""

from __future__ import annotations

from medgrpo.reasoning.rules.rule import Verdict, not_assessed
from medgrpo.reasoning.state import OperationState

WHY = (
    "not graded: this version has no model of the critical view of safety; it would need one that scores its three criteria "
    "(0-2 each) on views of the hepatocystic triangle"
)


def judge(_state: OperationState) -> Verdict:
    return not_assessed(WHY)
