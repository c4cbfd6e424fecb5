"""Two texts beside one another, line by line, in bounded time: nobody waits because somebody's versions have little in common."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_STEPS = 1_000_000
"""About half a second of Python, some 1,400 changed lines. difflib's ndiff has no bound, and weighs each line against each."""
Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """Each line with "same", "added" or "gone"; of one change first what is gone, then what was added.

    `coarse`: there was too much to compare; between their common beginning and end all is shown as gone and added.
    """

    lines: tuple[Line, ...]
    coarse: bool = False

    @property
    def brief(self) -> tuple[Line, ...]:
        """What differs with two lines before and after; what is left out between is one line of the kind "left"."""
        near = {place + n for place, (kind, _) in enumerate(self.lines) if kind != "same" for n in range(-2, 3)}
        short: list[Line] = []
        for place, line in enumerate(self.lines):
            if place in near:
                short.append(line)
            elif not short or short[-1][0] != "left":
                short.append(("left", "…"))
        return tuple(short)


def compared(before: str, after: str, most_steps: int = _MOST_STEPS) -> Compared:
    """All lines are the same where there was nothing before."""
    if not before:
        return Compared(tuple(("same", line) for line in after.splitlines()))
    old, new = before.splitlines(), after.splitlines()
    least = min(len(old), len(new))
    head = next((n for n in range(least) if old[n] != new[n]), least)
    tail = next((n for n in range(least - head) if old[-1 - n] != new[-1 - n]), least - head)
    old_end, new_end = len(old) - tail, len(new) - tail
    changed = _shortest(old[head:old_end], new[head:new_end], most_steps)
    coarse = changed is None
    if changed is None:
        changed = [*(("gone", line) for line in old[head:old_end]), *(("added", line) for line in new[head:new_end])]
    same = [("same", line) for line in new]
    return Compared((*same[:head], *_in_order(changed), *same[new_end:]), coarse)


def _shortest(old: Sequence[str], new: Sequence[str], most_steps: int) -> list[Line] | None:
    """The fewest lines gone and added (Myers 1986, greedy); None where that takes more steps.

    `reach[k]` is how far in `old` one gets on diagonal k = (place in old - place in new) with so many changes.
    """
    most_changes = min(len(old) + len(new), int((2 * most_steps) ** 0.5) + 1)
    middle = most_changes + 1
    reach = array("i", [0] * (2 * middle + 1))
    trace: list[array[int]] = []
    steps = 0
    for changes in range(most_changes + 1):
        trace.append(reach[middle - changes - 1 : middle + changes + 2])
        for k in range(-changes, changes + 1, 2):
            at = middle + k
            x = reach[at + 1] if _adds(reach, at, k, changes) else reach[at - 1] + 1
            begun = x
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
            steps += 1 + x - begun
            reach[at] = x
            if x >= len(old) and x - k >= len(new):
                return _walked(old, new, trace)
        if steps > most_steps:
            return None
    return None


def _adds(reach: array[int], at: int, k: int, changes: int) -> bool:
    """Whether this diagonal is reached best by a line that was added; else by one that is gone."""
    return k == -changes or (k != changes and reach[at - 1] < reach[at + 1])


def _walked(old: Sequence[str], new: Sequence[str], trace: Sequence[array[int]]) -> list[Line]:
    """Back from the ends of both to their beginnings."""
    lines: list[Line] = []
    x, y = len(old), len(new)
    for changes in range(len(trace) - 1, 0, -1):
        reach, k = trace[changes], x - y
        at = k + changes + 1
        adds = _adds(reach, at, k, changes)
        from_x = reach[at + 1] if adds else reach[at - 1]
        from_y = from_x - (k + 1 if adds else k - 1)
        while x > from_x and y > from_y:
            x, y = x - 1, y - 1
            lines.append(("same", new[y]))
        lines.append(("added", new[from_y]) if adds else ("gone", old[from_x]))
        x, y = from_x, from_y
    lines += [("same", line) for line in reversed(new[:y])]
    return lines[::-1]


def _in_order(lines: Sequence[Line]) -> list[Line]:
    ordered: list[Line] = []
    added: list[Line] = []
    for line in lines:
        if line[0] == "added":
            added.append(line)
            continue
        if line[0] == "same":
            ordered += added
            added = []
        ordered.append(line)
    return ordered + added
