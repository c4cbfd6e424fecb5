"""Optimal assignment of predicted to true segments, and what misses and extras cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.core import Span

Row = Sequence[float]


def span_iou(first: Span, second: Span) -> float:
    """Overlap over union in time; equal spans give 1, also where both have no length."""
    return 1.0 if first == second else first.iou(second)


def best_assignment(values: Sequence[Row]) -> list[tuple[int, int]]:
    """(row, column) pairs of largest total value, each row and column at most once; pairs of value 0 are left out.

    Hungarian algorithm with potentials (Kuhn 1955; Jonker and Volgenant 1987), O(short side squared x long side). `values` are
    0 or more.
    """
    if not values or not values[0]:
        return []
    greedy = [(row, max(range(len(line)), key=line.__getitem__)) for row, line in enumerate(values) if max(line) > 0]
    if len({column for _, column in greedy}) == len(greedy):  # nobody wants what another wants: no better is possible
        return greedy
    if len(values) > len(values[0]):
        return sorted((row, column) for column, row in best_assignment([list(line) for line in zip(*values, strict=True)]))
    columns = _assign(values)
    return [(row, column) for row, column in enumerate(columns) if values[row][column] > 0]


def _assign(values: Sequence[Row]) -> list[int]:
    """The column of each row; not more rows than columns. Costs are negated values."""
    rows, columns = len(values), len(values[0])
    row_potential, column_potential = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of, way = [0] * (columns + 1), [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0] = row
        column = 0
        least = [float("inf")] * (columns + 1)
        used = [False] * (columns + 1)
        while row_of[column]:
            used[column] = True
            current, delta, following = row_of[column], float("inf"), 0
            line, potential = values[current - 1], row_potential[current]
            for other in range(1, columns + 1):
                if used[other]:
                    continue
                cost = -line[other - 1] - potential - column_potential[other]
                if cost < least[other]:
                    least[other], way[other] = cost, column
                if least[other] < delta:
                    delta, following = least[other], other
            for other in range(columns + 1):
                if used[other]:
                    row_potential[row_of[other]] += delta
                    column_potential[other] -= delta
                else:
                    least[other] -= delta
            column = following
        while column:
            row_of[column] = row_of[way[column]]
            column = way[column]
    found = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            found[row_of[column] - 1] = column - 1
    return found


def span_agreement(found: Sequence[Span], true: Sequence[Span]) -> tuple[float, Mapping[str, float]]:
    """Soft F1: twice the IoU of the optimal pairs over the number of both, 1 only for the same spans; with its parts.

    A missed span and a surplus one each cost as much as half a pair. `f1_05` counts pairs of that assignment with IoU 0.5 or more.
    """
    table = [[span_iou(one, other) for other in true] for one in found]
    kept = [table[row][column] for row, column in best_assignment(table)]
    total = sum(kept)
    both = len(found) + len(true)
    parts = {
        "precision": total / len(found) if found else 0.0,
        "recall": total / len(true) if true else 0.0,
        "f1_05": 2 * sum(value >= 0.5 for value in kept) / both if both else 0.0,
        "missed": float(len(true) - len(kept)),
        "extra": float(len(found) - len(kept)),
    }
    return (2 * total / both if both else 0.0), parts
