"""A noise model between a simulated case's truth and reasoning: truth -> observations as an imperfect perception would give them.

No picture is drawn. Used to measure reasoning apart from perception: rule recall, false alarms, forecasts, at three levels.
What each part means and where its size comes from:

- *instruments*: a score is normal, mean +d/2 when present, -d/2 when absent, variance 1; the probability given is the posterior at
  the class's base rate, so it is calibrated by construction (equal-variance signal detection; Green and Swets 1966, from general
  knowledge: confirm). Half of the variance lasts for some seconds, the rest is new at each look.
- *actions*: given its instrument, an action is one of that instrument's triplets; its probability is the posterior over these, from
  scores of the same kind and the shares of the procedure file. Verbs and targets follow from the triplets. So a clipper is nearly
  always known to clip, and whether it clips duct or artery is what goes wrong, as in the shipped networks.
- *misreading*: for stretches of some seconds an instrument is missed altogether, or its action is taken for another one of the
  same instrument (now and then of another). The probability given is lowered by the known rate of misreading.
- *flicker*: short bursts in which an action is seen that nobody does.
- *phase*: posterior of seven classes with lasting noise, and stretches in which a neighbouring phase is seen.
- *sight*: looks that never come, stretches that perception refuses to assess.
- *blood measure*: an offset, lasting noise, and bursts in which something red comes near.

Levels: `low` is near what the shipped network for simulated pictures reaches on cases that it never saw, `high` near what the
shipped network for real operations reached on videos that it never saw (perception/weights/MODEL_CARD.md), `medium` lies between;
tests/evaluation/test_observing.py measures them. How often errors come in bursts, and how long these last, is our own design:
nobody has measured it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from medgrpo.core import Box, Config, InputError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Triplet, load_procedure
from medgrpo.perception import Domain, Observation, Seen, Tip, View, ViewState
from medgrpo.simulation import Case, FrameTruth

Array = NDArray[np.float64]
MODEL = "noise-model@1"
_BLIND = {ViewState.OUTSIDE: "camera outside the body", ViewState.BLACK: "black picture"}
_REFUSED = "the picture is not laparoscopic cholecystectomy as the model knows it"


class ObservingNoise(Config):
    """One level of noise. Separations are d' in standard deviations; rates are per hour of video; all else as named."""

    instrument_separation: float = Field(gt=0)
    action_separation: float = Field(gt=0)  # between the actions of one instrument
    phase_separation: float = Field(gt=0)
    lasting_seconds: float = Field(gt=0)  # how long the lasting half of the noise lasts
    missed_share: float = Field(ge=0, lt=1)  # of an instrument's stretches, those in which it is missed
    misread_share: float = Field(ge=0, lt=1)  # and those in which its action is taken for another
    stretch_seconds: float = Field(gt=0)  # mean length of such a stretch
    flickers_per_hour: float = Field(ge=0)
    flicker_seconds: float = Field(gt=0)
    phase_misread_per_hour: float = Field(ge=0)
    phase_misread_seconds: float = Field(gt=0)
    look_missed_share: float = Field(ge=0, lt=1)
    refused_per_hour: float = Field(ge=0)
    refused_seconds: float = Field(gt=0)
    blood_noise: float = Field(ge=0)
    red_per_hour: float = Field(ge=0)
    red_seconds: float = Field(gt=0)
    red_rise: float = Field(ge=0, lt=1)  # mean of how much the measure then rises
    tip_recall: float = Field(gt=0, le=1)


NOISE: dict[str, ObservingNoise] = {
    "low": ObservingNoise(
        instrument_separation=6.0, action_separation=1.6, phase_separation=2.5,
        lasting_seconds=2.0,
        missed_share=0.005, misread_share=0.07, stretch_seconds=4.0, flickers_per_hour=20, flicker_seconds=0.7,
        phase_misread_per_hour=6, phase_misread_seconds=5.0, look_missed_share=0.005, refused_per_hour=3, refused_seconds=2.0,
        blood_noise=0.003, red_per_hour=0, red_seconds=4.0, red_rise=0.03, tip_recall=0.9,
    ),
    "medium": ObservingNoise(
        instrument_separation=5.0, action_separation=1.45, phase_separation=1.7,
        lasting_seconds=4.0,
        missed_share=0.03, misread_share=0.14, stretch_seconds=5.0, flickers_per_hour=60, flicker_seconds=0.9,
        phase_misread_per_hour=10, phase_misread_seconds=10.0, look_missed_share=0.02, refused_per_hour=8, refused_seconds=3.0,
        blood_noise=0.006, red_per_hour=2, red_seconds=5.0, red_rise=0.04, tip_recall=0.75,
    ),
    "high": ObservingNoise(
        instrument_separation=4.2, action_separation=1.3, phase_separation=1.05,
        lasting_seconds=6.0,
        missed_share=0.06, misread_share=0.22, stretch_seconds=6.0, flickers_per_hour=150, flicker_seconds=1.2,
        phase_misread_per_hour=15, phase_misread_seconds=15.0, look_missed_share=0.05, refused_per_hour=15, refused_seconds=5.0,
        blood_noise=0.01, red_per_hour=6, red_seconds=6.0, red_rise=0.05, tip_recall=0.55,
    ),
}  # fmt: skip
"""The three levels, by name."""

_INSTRUMENT_RATE = 0.2  # how often one is in sight, on average; MODEL_CARD.md
_RARE = 0.002  # share of an action that the procedure file does not expect
_INSTRUMENT_OF = np.array([INSTRUMENTS.index(triplet.instrument) for triplet in TRIPLETS])
_VERB_OF = np.array([VERBS.index(triplet.verb) for triplet in TRIPLETS])
_EASE = np.where(np.array([triplet.target == "specimen_bag" for triplet in TRIPLETS]), 2.0, 1.0)
"""The bag is told apart far better than tissues are: AP 0.75 to 0.99 on unseen videos (docs/perception_held_out.json)."""
_TARGET_OF = np.array([TARGETS.index(triplet.target) for triplet in TRIPLETS])
_SAME_INSTRUMENT = {name: [one for one in TRIPLETS if one.instrument == name] for name in INSTRUMENTS}
_OTHER_INSTRUMENT_SHARE = 0.15  # of misreadings


def noise_level(name: str) -> ObservingNoise:
    """The level of that name; InputError when there is none."""
    if name not in NOISE:
        raise InputError(f"no noise level {name!r}; there are {', '.join(NOISE)}")
    return NOISE[name]


def case_truths(case: Case, looks_per_second: float = 2.0) -> list[FrameTruth]:
    """The truth of a simulated case at that many looks a second: about 1 ms a look, so worth keeping for several noise levels."""
    count = int(case.script.duration_seconds * looks_per_second)
    return [case.truth_at(place / looks_per_second, place) for place in range(count)]


def observe(truths: Iterable[FrameTruth], noise: ObservingNoise, seed: int) -> Iterator[Observation]:
    """What perception would say of each moment, in order of time; missed looks are left out. Equal arguments give equal looks.

    Times may be irregular: every process runs in seconds, not in looks.
    """
    watcher = _Watcher(noise, seed)
    for truth in truths:
        look = watcher.look(truth)
        if look is not None:
            yield look


class _Bursts:
    """On for a while, now and then: starts `per_hour`, each of exponential length. `number` changes with every burst."""

    def __init__(self, per_hour: float, mean_seconds: float, random: np.random.Generator) -> None:
        self._off, self._on, self._random = (3600.0 / per_hour if per_hour else None), mean_seconds, random
        self._start = self._end = -1.0
        self.number = 0
        self._draw(0.0)

    def at(self, seconds: float) -> bool:
        while self._off is not None and seconds >= self._end:
            self._draw(self._end)
        return self._off is not None and seconds >= self._start

    def _draw(self, after: float) -> None:
        if self._off is not None:
            self._start = after + float(self._random.exponential(self._off))
            self._end = self._start + max(0.05, float(self._random.exponential(self._on)))
            self.number += 1


class _Lasting:
    """Standard normal noise, shape (size,): half of its variance lasts for `seconds`, the other half is new each time."""

    def __init__(self, size: int, seconds: float, random: np.random.Generator) -> None:
        self._random, self._seconds = random, seconds
        self._slow: Array = random.normal(size=size)

    def after(self, elapsed_seconds: float) -> Array:
        keep = exp(-elapsed_seconds / self._seconds)
        self._slow = keep * self._slow + sqrt(1 - keep * keep) * self._random.normal(size=self._slow.size)
        return sqrt(0.5) * (self._slow + self._random.normal(size=self._slow.size))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What an instrument is taken to do until that time; None when it is missed. It does `truth`."""

    truth: str
    shown: Triplet | None
    until_seconds: float


class _Watcher:
    """Carries the noise from look to look."""

    def __init__(self, noise: ObservingNoise, seed: int) -> None:
        streams = np.random.default_rng(seed).spawn(6)
        self._noise, self._random = noise, streams[0]
        self._rows = _Lasting(len(INSTRUMENTS) + len(TRIPLETS), noise.lasting_seconds, streams[1])
        self._phase_noise = _Lasting(len(PHASES), 2 * noise.lasting_seconds, streams[2])
        self._blood_noise = _Lasting(1, 2 * noise.lasting_seconds, streams[3])
        bursts = streams[4].spawn(4)
        self._flicker = _Bursts(noise.flickers_per_hour, noise.flicker_seconds, bursts[0])
        self._phase_misread = _Bursts(noise.phase_misread_per_hour, noise.phase_misread_seconds, bursts[1])
        self._refused = _Bursts(noise.refused_per_hour, noise.refused_seconds, bursts[2])
        self._red = _Bursts(noise.red_per_hour, noise.red_seconds, bursts[3])
        self._burst_seed = int(streams[5].integers(2**31))
        self._readings: dict[str, _Reading] = {}
        self._last_seconds = 0.0

    def look(self, truth: FrameTruth) -> Observation | None:
        seconds = truth.seconds
        elapsed, self._last_seconds = max(0.0, seconds - self._last_seconds), seconds
        rows, phase_noise = self._rows.after(elapsed), self._phase_noise.after(elapsed)
        blood = self._blood(truth, float(self._blood_noise.after(elapsed)[0]))
        shown = [one for tip in truth.tips if (one := self._shown(tip.triplet, seconds)) is not None]
        if self._flicker.at(seconds):
            shown.append(TRIPLETS[int(self._of_burst("flicker", self._flicker.number).integers(len(TRIPLETS)))])
        found = [bool(self._random.random() < self._noise.tip_recall) for _ in truth.tips]
        if self._random.random() < self._noise.look_missed_share:
            return None
        state = ViewState(truth.view.value)
        view = View(state, 0.0 if state is ViewState.BLACK else 0.5, 0.5, min(1.0, truth.smoke), blood)
        if state in _BLIND:
            return Observation(seconds, view, Domain.SIMULATED, None, _BLIND[state], MODEL)
        if self._refused.at(seconds):
            return Observation(seconds, view, Domain.UNKNOWN, None, _REFUSED, MODEL)
        names = {one.instrument for one in shown}
        boxes = [tip for tip, kept in zip(truth.tips, found, strict=True) if kept and tip.triplet.instrument in names]
        tips = tuple(Tip(tip.triplet.instrument, Box(*tip.box_xyxy.xyxy), 0.8) for tip in boxes)
        return Observation(
            seconds, view, Domain.SIMULATED, self._seen(shown, rows, self._phases(truth, phase_noise), tips), None, MODEL
        )

    def _shown(self, triplet: Triplet, seconds: float) -> Triplet | None:
        reading = self._readings.get(triplet.instrument)
        if reading is None or reading.truth != triplet.name or seconds >= reading.until_seconds:
            reading = self._readings[triplet.instrument] = self._read(triplet, seconds)
        return reading.shown

    def _read(self, triplet: Triplet, seconds: float) -> _Reading:
        noise, random = self._noise, self._random
        until = seconds + float(random.exponential(noise.stretch_seconds))
        fate, other = random.random(), random.random() < _OTHER_INSTRUMENT_SHARE
        pool: Sequence[Triplet] = TRIPLETS if other else _SAME_INSTRUMENT[triplet.instrument]
        mistaken = pool[int(random.integers(len(pool)))]
        if fate < noise.missed_share:
            return _Reading(triplet.name, None, until)
        return _Reading(triplet.name, mistaken if fate < noise.missed_share + noise.misread_share else triplet, until)

    def _seen(self, shown: Sequence[Triplet], rows: Array, phases: Array, tips: tuple[Tip, ...]) -> Seen:
        noise = self._noise
        there, done = np.zeros(len(INSTRUMENTS), dtype=np.bool_), np.zeros(len(TRIPLETS), dtype=np.bool_)
        done[[one.index for one in shown]] = True
        there[_INSTRUMENT_OF[done]] = True
        separation = noise.instrument_separation
        odds = separation * (np.where(there, 0.5, -0.5) * separation + rows[: len(INSTRUMENTS)])
        instruments = 1 / (1 + np.exp(-np.clip(odds + log(_INSTRUMENT_RATE / (1 - _INSTRUMENT_RATE)), -30, 30)))
        apart = noise.action_separation * _EASE
        scores = apart * (apart * done + rows[len(INSTRUMENTS) :]) - apart**2 / 2
        shares = _shares()
        posterior = shares * np.exp(scores - scores.max())
        posterior /= np.bincount(_INSTRUMENT_OF, weights=posterior)[_INSTRUMENT_OF]
        posterior = (1 - noise.misread_share) * posterior + noise.misread_share * shares
        triplets = instruments[_INSTRUMENT_OF] * posterior
        return Seen(
            tuple(instruments.tolist()),
            _any_of(triplets, _VERB_OF, len(VERBS)),
            _any_of(triplets, _TARGET_OF, len(TARGETS)),
            tuple(triplets.tolist()),
            tuple(phases.tolist()),
            tips,
        )

    def _phases(self, truth: FrameTruth, deviates: Array) -> Array:
        place, separation = PHASES.index(truth.phase), self._noise.phase_separation
        if self._phase_misread.at(truth.seconds):
            step = 1 if self._of_burst("phase", self._phase_misread.number).random() < 0.5 else -1
            place = place + step if 0 <= place + step < len(PHASES) else place - step
        logits = separation * deviates
        logits[place] += separation**2
        shares = np.exp(logits - logits.max())
        return shares / shares.sum()

    def _blood(self, truth: FrameTruth, deviate: float) -> float:
        measure = 0.03 + 0.7 * truth.blood_fraction + self._noise.blood_noise * deviate
        if self._red.at(truth.seconds):
            measure += float(self._of_burst("red", self._red.number).exponential(self._noise.red_rise))
        return min(1.0, max(0.0, measure))

    def _of_burst(self, kind: str, number: int) -> np.random.Generator:
        """A generator of this burst's own, so that all of its looks draw the same."""
        return np.random.default_rng([self._burst_seed, len(kind), number])


@cache
def _shares() -> Array:
    """Shape (100,): how often each action is what its instrument does, from the procedure file; sums to 1 for each instrument."""
    procedure = load_procedure("cholecystectomy")
    counts = np.full(len(TRIPLETS), _RARE)
    total = sum(phase.typical_seconds[1] for phase in procedure.phases)
    index = {triplet.name: triplet.index for triplet in TRIPLETS}
    for phase in procedure.phases:
        for action in phase.actions:
            counts[index[action.triplet]] += action.share * phase.typical_seconds[1] / total
    return counts / np.bincount(_INSTRUMENT_OF, weights=counts)[_INSTRUMENT_OF]


def _any_of(triplets: Array, part_of: NDArray[np.int_], size: int) -> tuple[float, ...]:
    """Probability that at least one of the triplets with each part is there, taken as independent."""
    none = np.ones(size)
    np.multiply.at(none, part_of, 1 - triplets)
    return tuple((1 - none).tolist())
