"""Fills a hand's time with visits of instruments and their actions, in the shares that the knowledge file gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medgrpo.core import Span
from medgrpo.knowledge import TRIPLETS, ExpectedAction, Triplet
from medgrpo.simulation.script import Action, Hand, Visit

EXCHANGE_SECONDS = 0.9
LEAST_ACTION_SECONDS = 0.8
_BY_NAME = {triplet.name: triplet for triplet in TRIPLETS}
_BY_VERB = {"clip": "clipper", "cut": "scissors"}


class HandPlanner:
    """Collects `visits`; each call fills one stretch of one hand's time."""

    def __init__(self, rng: np.random.Generator, ports: dict[Hand, tuple[float, float]]) -> None:
        self.rng, self.ports = rng, ports
        self.visits: list[Visit] = []

    def fill(self, room: Span, hand: Hand, actions: Sequence[ExpectedAction], busy: float) -> None:
        """Plays the actions in their shares over `busy` (0..1) of the room.

        An action whose share comes to less than LEAST_ACTION_SECONDS is left out: that is what compressing time means.
        """
        total = sum(action.share for action in actions)
        if not actions or room.duration_seconds < 3.5 * EXCHANGE_SECONDS:
            return
        usable = room.duration_seconds * busy
        groups: dict[str, list[tuple[Triplet, float]]] = {}
        for action in actions:
            seconds = usable * action.share / total
            if seconds >= LEAST_ACTION_SECONDS:
                triplet = _BY_NAME[action.triplet]
                groups.setdefault(triplet.instrument, []).append((triplet, seconds))
        visits = [visit for group in groups.values() for visit in self._split(group)]
        self.rng.shuffle(visits)  # pyright: ignore[reportArgumentType]
        wanted = sum(seconds for visit in visits for _, seconds in visit) + 2 * EXCHANGE_SECONDS * len(visits)
        while visits and len(visits) * 3.0 * EXCHANGE_SECONDS > room.duration_seconds:
            visits.pop()
        scale = min(1.0, room.duration_seconds / wanted) if wanted else 1.0
        idle = max(0.0, room.duration_seconds - wanted * scale)
        shares = self.rng.dirichlet(np.full(len(visits) + 1, 2.0)) * idle if visits else np.zeros(1)
        clock = room.start_seconds
        for visit, pause in zip(visits, shares, strict=False):
            clock += float(pause)
            length = (sum(seconds for _, seconds in visit) + 2 * EXCHANGE_SECONDS) * scale
            self._play(
                Span(clock, min(clock + length, room.end_seconds)), hand, [triplet for triplet, _ in visit], [s for _, s in visit]
            )
            clock += length

    def sequence(self, room: Span, hand: Hand, groups: Sequence[Sequence[str]]) -> list[Action]:
        """Plays groups of "verb,target" in that order, one visit of the verb's instrument each run; gives the actions."""
        visits: list[list[Triplet]] = []
        for group in groups:
            for item in group:
                triplet = _BY_NAME[f"{_BY_VERB[item.split(',')[0]]},{item}"]
                if visits and visits[-1][-1].instrument == triplet.instrument:
                    visits[-1].append(triplet)
                else:
                    visits.append([triplet])
        weights = np.array([len(visit) + 1.1 for visit in visits])
        ends = room.start_seconds + np.cumsum(weights) / weights.sum() * room.duration_seconds
        starts = [room.start_seconds, *ends[:-1].tolist()]
        played: list[Action] = []
        for visit, start, end in zip(visits, starts, ends.tolist(), strict=True):
            played += self._play(Span(start, end), hand, visit, [1.0] * len(visit), longest=7.0)
        return played

    def _split(self, group: list[tuple[Triplet, float]]) -> list[list[tuple[Triplet, float]]]:
        """One instrument's actions as visits of bearable length: long actions in pieces, pieces shuffled and dealt out."""
        total = sum(seconds for _, seconds in group)
        count = max(1, round(total / 75.0))
        pieces: list[tuple[Triplet, float]] = []
        for triplet, seconds in group:
            parts = max(1, round(seconds / self.rng.uniform(6.0, 14.0)))
            pieces += [(triplet, seconds / parts)] * parts
        order: list[int] = self.rng.permutation(len(pieces)).tolist()
        dealt = [[pieces[k] for k in order[first::count]] for first in range(count)]
        return [visit for visit in dealt if visit]

    def _play(self, span: Span, hand: Hand, triplets: list[Triplet], weights: list[float], longest: float = 1e9) -> list[Action]:
        """One visit: enter, the actions with short idle gaps between, leave."""
        edge = min(EXCHANGE_SECONDS, 0.22 * span.duration_seconds)
        inner = span.duration_seconds - 2 * edge
        single_acts = longest < inner  # clips and cuts: the jaws are loaded and placed anew between two of them
        gap = min(2.5, 0.35 * inner / len(triplets)) if single_acts else min(0.5, 0.12 * inner / len(triplets))
        share = (inner - gap * (len(triplets) - 1)) / sum(weights)
        clock, actions = span.start_seconds + edge, list[Action]()
        for triplet, weight in zip(triplets, weights, strict=True):
            length = weight * share
            spread = tuple(float(v) for v in self.rng.uniform(-1, 1, 2))
            late = max(0.0, length - longest)  # a clip takes seconds however long the phase; the rest is idling
            actions.append(Action(Span(clock + late, clock + length), triplet, (spread[0], spread[1])))
            clock += length + gap
        angle = float(np.arctan2(self.ports[hand][1], self.ports[hand][0]) + self.rng.normal(0, 0.07))
        port = (float(np.cos(angle)), float(np.sin(angle)))
        self.visits.append(Visit(span, hand, triplets[0].instrument, port, tuple(actions)))
        return actions
