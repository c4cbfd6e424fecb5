"""Which requests share a batch: neighbours in length, so that little is padding."""

from __future__ import annotations

from collections.abc import Sequence


def batches(lengths: Sequence[int], most_tokens: int) -> list[list[int]]:
    """Places grouped, longest first, so that (members) x (longest member) stays within `most_tokens`; one alone may exceed it.

    The longest come first: what does not fit into memory shows at once, not after a night.
    """
    if most_tokens < 1:
        raise ValueError(f"a batch holds tokens, got {most_tokens}")
    groups: list[list[int]] = []
    room = 0
    for place in sorted(range(len(lengths)), key=lambda one: -lengths[one]):
        if not room:
            groups.append([])
            room = max(1, most_tokens // max(1, lengths[place]))
        groups[-1].append(place)
        room -= 1
    return groups
