"""Which sample is seen when: a pure function of the recipe and the data, so that a run that goes on needs no memory of it.

An epoch has as many samples as the data. A (source, task) with n of them gets a share in proportion to n ** balance (the sampling
temperature is 1 / balance): balance 1 shows every sample exactly once per epoch. Within a key every sample comes once before any
comes again, over epochs too.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise


def quotas(counts: Sequence[int], balance: float) -> list[int]:
    """How many of an epoch's sum(counts) samples each key gets: n ** balance in whole numbers, largest remainders first."""
    weights = [count**balance for count in counts]
    exact = [sum(counts) * weight / sum(weights) for weight in weights]
    whole = [int(share + 1e-9) for share in exact]
    behind = sorted(range(len(counts)), key=lambda place: (whole[place] - exact[place], place))
    for place in behind[: sum(counts) - sum(whole)]:
        whole[place] += 1
    return whole


def epoch_order(members: Mapping[str, Sequence[int]], balance: float, seed: int, epoch: int) -> list[int]:
    """The samples of one epoch, shuffled. `members`: the numbers of each key's samples."""
    keys = sorted(members)
    order: list[int] = []
    for key, quota in zip(keys, quotas([len(members[key]) for key in keys], balance), strict=True):
        own = members[key]
        rounds = range(epoch * quota // len(own), ((epoch + 1) * quota - 1) // len(own) + 1) if quota else range(0)
        drawn: list[int] = []
        for number in rounds:
            one = list(own)
            random.Random(f"{seed}/{key}/{number}").shuffle(one)
            drawn += one
        first = epoch * quota - (rounds.start * len(own) if quota else 0)
        order += drawn[first : first + quota]
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return order


def balanced_steps(order: Sequence[int], lengths: Sequence[int], per_step: int, window: int) -> list[list[int]]:
    """Cut an order into steps of `per_step` samples of nearly equal length in sum.

    Within `window` steps the longest sample goes to the step that is shortest so far and not full. `lengths` are by sample number.
    """
    steps: list[list[int]] = []
    bounds = [*range(0, len(order), per_step * window), len(order)]
    for first, last in pairwise(bounds):
        part = order[first:last]
        count = -(-len(part) // per_step)
        room = [per_step] * (count - 1) + [len(part) - per_step * (count - 1)]
        made: list[list[int]] = [[] for _ in range(count)]
        total = [0] * count
        for sample in sorted(part, key=lambda one: -lengths[one]):
            least = min(
                (place for place in range(count) if len(made[place]) < room[place]), key=lambda place: (total[place], place)
            )
            made[least].append(sample)
            total[least] += lengths[sample]
        steps += made
    return steps


def dealt(count: int, processes: int) -> list[list[int]]:
    """The places of a step's samples for each process, to and fro: a step holds the longest sample first, so that sums are near."""
    made: list[list[int]] = [[] for _ in range(processes)]
    for place in range(count):
        there, along = divmod(place, processes)
        made[along if there % 2 == 0 else processes - 1 - along].append(place)
    return made


def packs(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Places of samples put into as few sequences of at most `most` tokens as first-fit by falling length finds.

    ValueError for a sample that is longer: it must have been left out, and counted, before.
    """
    made: list[list[int]] = []
    filled: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda one: (-lengths[one], one)):
        if lengths[place] > most:
            raise ValueError(f"a sample of {lengths[place]} tokens does not fit into {most}")
        fitting = [index for index, used in enumerate(filled) if used + lengths[place] <= most]
        if fitting:
            made[fitting[0]].append(place)
            filled[fitting[0]] += lengths[place]
        else:
            made.append([place])
            filled.append(lengths[place])
    return made
