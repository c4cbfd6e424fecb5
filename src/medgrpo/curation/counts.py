"""What each stage took, kept and dropped, and why: nothing disappears uncounted."""

from __future__ import annotations

from collections import Counter

from pydantic import Field, model_validator

from medgrpo.core import Config


class StageCount(Config):
    """`taken` things of kind `what` came in; each was kept or dropped for one reason. `made` tells what came of those kept."""

    stage: str
    what: str
    taken: int
    kept: int
    dropped: dict[str, int]
    made: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _adds_up(self) -> StageCount:
        if self.taken != self.kept + sum(self.dropped.values()):
            raise ValueError(f"{self.stage}: {self.taken} taken, but {self.kept} kept and {sum(self.dropped.values())} dropped")
        return self


class Tally:
    """Counts of one stage while it runs."""

    def __init__(self, stage: str, what: str) -> None:
        self._stage, self._what = stage, what
        self._taken = self._kept = 0
        self._dropped: Counter[str] = Counter()
        self._made: Counter[str] = Counter()

    def take(self, count: int = 1) -> None:
        self._taken += count

    def keep(self, count: int = 1) -> None:
        self._kept += count

    def drop(self, reason: str, count: int = 1) -> None:
        self._dropped[reason] += count

    def make(self, kind: str, count: int = 1) -> None:
        self._made[kind] += count

    def count(self) -> StageCount:
        """ValueError when what came in is not what was kept and dropped."""
        return StageCount(
            stage=self._stage,
            what=self._what,
            taken=self._taken,
            kept=self._kept,
            dropped={reason: number for reason, number in sorted(self._dropped.items()) if number},
            made=dict(sorted(self._made.items())),
        )


def added(stage: str, counts: list[StageCount]) -> StageCount:
    """The counts of one stage over several sources, together."""
    tally = Tally(stage, counts[0].what if counts else "questions")
    for one in counts:
        tally.take(one.taken)
        tally.keep(one.kept)
        for reason, number in one.dropped.items():
            tally.drop(reason, number)
        for kind, number in one.made.items():
            tally.make(kind, number)
    return tally.count()
