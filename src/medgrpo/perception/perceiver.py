"""The perceiver: looks at one frame after the other, remembers a few seconds, and says what it sees or why it cannot say."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import cast

import numpy as np

from medgrpo.core import ModelError
from medgrpo.perception.asking import Asking
from medgrpo.perception.card import HEADS, Head, SpecialistCard
from medgrpo.perception.observation import Domain, Observation, Seen, View, ViewState
from medgrpo.perception.specialist import RawLook, Row, Specialist, sigmoid
from medgrpo.perception.view import measure_view, view_words
from medgrpo.video import Frame, endoscope_circle

SHIPPED = ("cholecystectomy", "simulated")
"""Names of the specialists in the package: the first one also decides which domain a video is of."""

IMAGE_MEASURES = "image measures"
"""What stands for the model of a look that no network was asked about."""
_BLIND = (ViewState.BLACK, ViewState.OUTSIDE)
_DOMAIN_MEMORY_SECONDS = 4.0
_DOMAIN_DECIDED = 0.5
_LONGEST_GAP_SECONDS = 30.0


@dataclass(slots=True)
class _Memory:
    """Exponential means over the past; `weight` tells how much of the mean is filled."""

    seconds: float | None = None
    logits: dict[Head, Row] = field(default_factory=dict[Head, Row])
    domain: Row | None = None


class CausalPerceiver:
    """Frames in order of time -> observations; uses the past of the same video only.

    The first specialist's domain distances decide (averaged over the last seconds) whether this is laparoscopic
    cholecystectomy, its simulation, or neither; in the last case nothing is named and the reason is given.
    `model` names all that may be asked; each look the one that it rests on.
    """

    def __init__(self, specialists: tuple[Specialist, ...]) -> None:
        first, given = specialists[0].card, len(specialists)
        if given != len(first.gates):
            raise ModelError(f"{first.name} tells {len(first.gates)} domains apart, but {given} models were given")
        self._specialists, self._asking = specialists, Asking(specialists)
        self._domains = tuple(Domain(gate.domain) for gate in first.gates)
        self.model = " + ".join(specialist.card.model_id for specialist in specialists)
        self._memory = _Memory()

    @property
    def cards(self) -> tuple[SpecialistCard, ...]:
        return tuple(specialist.card for specialist in self._specialists)

    def reset(self) -> None:
        self._memory = _Memory()

    def memory(self) -> str:
        memory = self._memory
        domain = None if memory.domain is None else memory.domain.tolist()
        logits = {head: values.tolist() for head, values in memory.logits.items()}
        return json.dumps({"seconds": memory.seconds, "logits": logits, "domain": domain})

    def restore(self, memory: str) -> None:
        kept = json.loads(memory)  # a float32 survives as a decimal of its double, bit for bit
        domain = None if kept["domain"] is None else np.array(kept["domain"], np.float32)
        logits: dict[Head, Row] = {head: np.array(values, np.float32) for head, values in kept["logits"].items()}
        self._memory = _Memory(kept["seconds"], logits, domain)

    def look(self, frame: Frame) -> Observation:
        circle = endoscope_circle(frame.image)
        view = measure_view(frame.image, circle)
        memory = self._memory
        if memory.seconds is not None and not 0 <= frame.seconds - memory.seconds <= _LONGEST_GAP_SECONDS:
            memory = self._memory = _Memory()
        passed = 0.0 if memory.seconds is None else frame.seconds - memory.seconds
        memory.seconds = frame.seconds
        if view.state in _BLIND:
            domain = Domain.UNKNOWN if memory.domain is None else self._decided(memory.domain)
            return self._not_assessed(frame, view, domain, view_words(view.state) or view.state, IMAGE_MEASURES)
        expected = self._expected()
        said = self._asking.ask(self._asking.prepare(frame.image, circle, (0, expected) if expected else (0,)), circle)
        domain = self._domain(said[0], passed)
        if domain is Domain.UNKNOWN:
            why = "the picture is not laparoscopic cholecystectomy as the model knows it"
            return self._not_assessed(frame, view, domain, why, self._specialists[0].card.model_id)
        chosen = self._domains.index(domain)
        specialist = self._specialists[chosen]
        if chosen not in said:
            said |= self._asking.ask(self._asking.prepare(frame.image, circle, (chosen,)), circle)
        raw = said[chosen]
        smoothed = self._smooth(raw, specialist, passed)
        phase = np.exp(smoothed["phase"] - smoothed["phase"].max())
        instrument, verb, target, triplet = (sigmoid(smoothed[head]) for head in HEADS[:4])
        seen = Seen(_tuple(instrument), _tuple(verb), _tuple(target), _tuple(triplet), _tuple(phase / phase.sum()), raw.tips)
        return Observation(frame.seconds, view, domain, seen, None, specialist.card.model_id)

    def _expected(self) -> int:
        """The network that will probably be needed beside the first, by what the video was so far; 0 for none."""
        votes = self._memory.domain
        domain = Domain.UNKNOWN if votes is None else self._decided(votes)
        return 0 if domain is Domain.UNKNOWN else self._domains.index(domain)

    def _domain(self, raw: RawLook, passed_seconds: float) -> Domain:
        gates = self._specialists[0].card.gates
        within = [index for index, gate in enumerate(gates) if raw.distances[index] <= gate.limit]
        votes = np.zeros(len(gates), np.float32)
        if within:
            votes[min(within, key=lambda index: raw.distances[index])] = 1
        memory = self._memory
        keep = math.exp(-passed_seconds / _DOMAIN_MEMORY_SECONDS)
        now = votes if memory.domain is None else _mean(memory.domain, votes, keep)
        memory.domain = now
        return self._decided(now)

    def _decided(self, votes: Row) -> Domain:
        return self._domains[int(votes.argmax())] if votes.max() >= _DOMAIN_DECIDED else Domain.UNKNOWN

    def _smooth(self, raw: RawLook, specialist: Specialist, passed_seconds: float) -> dict[Head, Row]:
        """Exponential mean of the logits with each head's memory; in place of the first look there is only itself."""
        memory = self._memory.logits
        for head, logits in raw.logits.items():
            tau = specialist.card.memory_seconds[head]
            keep = math.exp(-passed_seconds / tau) if tau > 0 else 0.0
            memory[head] = _mean(memory[head], logits, keep) if head in memory else logits
        return dict(memory)

    def _not_assessed(self, frame: Frame, view: View, domain: Domain, reason: str, by: str) -> Observation:
        self._memory.logits.clear()
        return Observation(frame.seconds, view, domain, None, reason, by)


def _mean(past: Row, now: Row, keep: float) -> Row:
    return cast(Row, past * np.float32(keep) + now * np.float32(1 - keep))


def _tuple(values: Row) -> tuple[float, ...]:
    """Five decimals are more than calibration can promise, and keep the record small."""
    return tuple(round(float(value), 5) for value in values)


def load_perceiver(models: tuple[Path, ...] = (), threads: int = 0) -> CausalPerceiver:
    """The shipped specialists, or those given (ONNX files with their sidecars, the first one deciding on the domain)."""
    if models:
        return CausalPerceiver(tuple(Specialist(path, threads) for path in models))
    folder = files("medgrpo.perception").joinpath("weights")
    loaded: list[Specialist] = []
    for name in SHIPPED:
        with as_file(folder) as place:
            loaded.append(Specialist(place / f"{name}.onnx", threads))
    return CausalPerceiver(tuple(loaded))
