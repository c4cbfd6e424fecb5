"""The slow loop: a video-language model explains now and then, on a trigger or every few seconds. It never gates anything.

The fast loop hands over pictures and goes on at once; while the model thinks, newer requests replace the waiting one. An answer
says how old what it saw was when it came, and expires. It is a model's own words: not verified, and never an alert.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field

from medgrpo.core import Config
from medgrpo.knowledge import label
from medgrpo.models import Failure, Model, Request
from medgrpo.stream.alerts import Decision
from medgrpo.stream.clock import Clock
from medgrpo.stream.tick import Tick
from medgrpo.video import Image, SampledClip, Sampling, resize

QUESTION = (
    "The pictures show the last {seconds:.0f} seconds of an operation, {known} Say in one or two sentences what is happening, and "
    "in one what may happen next. Say only what the pictures show; name no person, give no diagnosis; say where you cannot tell."
)


class SlowSettings(Config):
    """When the model is asked, about what, and how long its words count."""

    every_seconds: float = Field(default=4.0, gt=0)
    window_seconds: float = Field(default=16.0, gt=0)
    pictures_per_second: float = Field(default=1.0, gt=0)
    expire_seconds: float = Field(default=20.0, gt=0)
    max_new_tokens: int = Field(default=96, ge=1)


@dataclass(frozen=True, slots=True)
class Remark:
    """What the model said, or why it said nothing (`text` None). All times in the case's seconds.

    `age_seconds`: how old the newest picture was when the answer came. `expires_seconds`: from then on it must not be shown.
    """

    trigger: str
    seen_from_seconds: float
    seen_until_seconds: float
    text: str | None
    failure: str | None
    age_seconds: float
    expires_seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    trigger: str
    question: str
    pictures: tuple[tuple[float, Image], ...]
    at_seconds: float


class SlowLoop:
    """Use as a context manager: within it a thread asks the model. `offer` never waits."""

    def __init__(self, model: Model, clock: Clock, settings: SlowSettings | None = None) -> None:
        self._model, self._clock, self.settings = model, clock, settings or SlowSettings()
        self._sampling = model.card.sampling or Sampling()
        self._kept: deque[tuple[float, Image]] = deque()
        self._condition, self._wanted = threading.Condition(), deque[_Wanted](maxlen=1)
        self._done: deque[Remark] = deque()
        self._closed, self._asked_seconds, self._phase = False, float("-inf"), None
        self.replaced = 0
        """Requests that a newer one replaced before the model was free."""
        self._thread = threading.Thread(target=self._work, name="slow loop", daemon=True)

    def __enter__(self) -> SlowLoop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        self._thread.join(timeout=1.0)  # a model that hangs must not keep the case from ending

    def offer(self, tick: Tick, clear: bool) -> None:
        """Take a look's picture (only where it may be shown undimmed) and ask if it is time or something happened."""
        if tick.shown is None or not clear:
            return
        seconds, settings = tick.case_seconds, self.settings
        if not self._kept or seconds - self._kept[-1][0] >= 1 / settings.pictures_per_second - 1e-6:
            height, width = tick.shown.shape[:2]
            scaled = resize(tick.shown, *self._sampling.scaled_size(width, height))
            if self._kept and self._kept[-1][1].shape != scaled.shape:
                self._kept.clear()  # a clip has one size: it begins anew with the new one
            self._kept.append((seconds, scaled))
        while self._kept and self._kept[0][0] < seconds - settings.window_seconds:
            self._kept.popleft()
        trigger = self._trigger(tick)
        if trigger is None or not self._kept:
            return
        self._asked_seconds = seconds
        known = f"as far as is known in the phase {label(tick.phase)}." if tick.phase else "its phase is not settled."
        first, last = self._kept[0][0], self._kept[-1][0]
        wanted = _Wanted(
            trigger, QUESTION.format(seconds=max(1.0, last - first), known=known), tuple(self._kept), self._clock.seconds()
        )
        with self._condition:
            self.replaced += len(self._wanted)
            self._wanted.append(wanted)
            self._condition.notify_all()

    def take(self) -> Sequence[Remark]:
        """The remarks that have come since the last call, failures among them."""
        with self._condition:
            done = tuple(self._done)
            self._done.clear()
            return done

    def _trigger(self, tick: Tick) -> str | None:
        said = next((change.channel for change in tick.changes if change.decision is Decision.SAID), None)
        phase, self._phase = self._phase, tick.phase
        if said is not None:
            return f"alert: {said}"
        if tick.phase is not None and tick.phase != phase:
            return f"phase: {tick.phase}"
        return "time" if tick.case_seconds - self._asked_seconds >= self.settings.every_seconds else None

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._wanted and not self._closed:
                    self._condition.wait(0.5)
                if self._closed:
                    return
                wanted = self._wanted.popleft()
            remark = self._asked(wanted)
            with self._condition:
                self._done.append(remark)

    def _asked(self, wanted: _Wanted) -> Remark:
        first, last = wanted.pictures[0][0], wanted.pictures[-1][0]
        text, failure = None, None
        try:
            images = [image for _, image in wanted.pictures]
            height, width = images[0].shape[:2]
            rate = Fraction(self.settings.pictures_per_second).limit_denominator(1000)
            clip = SampledClip.of(images, [seconds - first for seconds, _ in wanted.pictures], rate, width, height)
            request = Request(f"slow-{last:.1f}", wanted.question, clip, self.settings.max_new_tokens)
            (answer,) = asyncio.run(self._model.generate([request]))
        except BaseException as error:  # noqa: BLE001 - whatever a backend does, even ending its thread: told, recorded, the case goes on
            failure = f"{type(error).__name__}: {error}"
        else:
            text, failure = (None, answer.reason) if isinstance(answer, Failure) else (answer.text, None)
        age = self._clock.seconds() - wanted.at_seconds
        return Remark(wanted.trigger, first, last, text, failure, age, last + self.settings.expire_seconds)


def current(remarks: Sequence[Remark], case_seconds: float) -> Remark | None:
    """The newest remark that may still be shown; None when all have expired or failed."""
    valid = [one for one in remarks if one.text is not None and case_seconds < one.expires_seconds]
    return max(valid, key=lambda one: one.seen_until_seconds, default=None)
