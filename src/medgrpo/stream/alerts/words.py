"""The words of alerts: BICEPS' enumerations (ISO/IEEE 11073-10207) and the priorities of IEC 60601-1-8.

With these words our alerts can be told to a device network without translation. Everything here is research output: whatever is
exported carries GenerationMode Demo or Test, never Real.
"""

from __future__ import annotations

from enum import StrEnum


class Priority(StrEnum):
    """AlertConditionPriority."""

    NONE = "None"
    LOW = "Lo"
    MEDIUM = "Me"
    HIGH = "Hi"

    @property
    def rank(self) -> int:
        """0 (none) to 3 (high)."""
        return list(Priority).index(self)

    def raised(self) -> Priority:
        """One step up; high stays high."""
        return list(Priority)[min(self.rank + 1, 3)]


class Kind(StrEnum):
    """AlertConditionKind. What we see of the operation is `Oth`: no physiology is measured."""

    PHYSIOLOGICAL = "Phy"
    TECHNICAL = "Tec"
    OTHER = "Oth"


class Presence(StrEnum):
    """AlertSignalPresence: `LATCH` stays after its condition has ended, until somebody acknowledges it."""

    ON = "On"
    OFF = "Off"
    LATCH = "Latch"
    ACK = "Ack"


class Harm(StrEnum):
    """What may come of it if nobody responds (IEC 60601-1-8, table 1)."""

    DEATH = "death or irreversible injury"
    REVERSIBLE = "reversible injury"
    MINOR = "minor injury or discomfort"


class Onset(StrEnum):
    """How soon that harm may come."""

    IMMEDIATE = "immediate"
    PROMPT = "prompt"
    DELAYED = "delayed"


_TABLE = {
    (Harm.DEATH, Onset.IMMEDIATE): Priority.HIGH,
    (Harm.DEATH, Onset.PROMPT): Priority.HIGH,
    (Harm.DEATH, Onset.DELAYED): Priority.MEDIUM,
    (Harm.REVERSIBLE, Onset.IMMEDIATE): Priority.HIGH,
    (Harm.REVERSIBLE, Onset.PROMPT): Priority.MEDIUM,
    (Harm.REVERSIBLE, Onset.DELAYED): Priority.LOW,
    (Harm.MINOR, Onset.IMMEDIATE): Priority.MEDIUM,
    (Harm.MINOR, Onset.PROMPT): Priority.LOW,
    (Harm.MINOR, Onset.DELAYED): Priority.LOW,
}
"""IEC 60601-1-8 as noted in this project's reference (clinical-safety.md 3.1, its numbers marked to be confirmed against the
standard's text; minor and delayed may also be no alarm there: we take low)."""


def priority_of(harm: Harm, onset: Onset) -> Priority:
    """The priority that the standard's table gives to a harm and its onset."""
    return _TABLE[harm, onset]
