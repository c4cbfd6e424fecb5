"""The slow loop never holds anything up: it may stall, fail or raise, and its words grow old."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from medgrpo.models import Completion, Failure, ModelCard, Request, ScriptedModel
from medgrpo.stream import Alert, Change, ManualClock, Remark, SlowLoop, SlowSettings, Tick, current
from medgrpo.video import Sampling

SAMPLING = Sampling(side_multiple=16, least_pixels=256, most_pixels=2048)
GREY = np.full((90, 160, 3), 90, np.uint8)


def tick(seconds: float, phase: str | None = None, changes: tuple[Change, ...] = ()) -> Tick:
    alerts: tuple[Alert, ...] = ()
    return Tick(1, seconds, None, None, phase, (), changes, alerts, (), (), 0, 0, shown=GREY)


def waited(loop: SlowLoop, seconds: float = 60.0) -> list[Remark]:
    """What comes within so long, as soon as something does."""
    end, found = time.monotonic() + seconds, list[Remark]()
    while not found and time.monotonic() < end:
        found += loop.take()
        time.sleep(0.01)
    return found


def test_it_is_asked_about_the_last_seconds_and_its_words_expire() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return "The hook dissects."

    clock = ManualClock()
    with SlowLoop(ScriptedModel(reply, sampling=SAMPLING), clock, SlowSettings(every_seconds=1000)) as loop:
        for second in range(3):
            loop.offer(tick(second / 2), clear=True)
        (remark,) = waited(loop)
    clip = asked[0].clip
    assert clip is not None
    assert clip.seconds == (0.0,)
    assert remark.text == "The hook dissects."
    assert (remark.trigger, remark.seen_until_seconds, remark.expires_seconds) == ("time", 0.0, 20.0)
    assert current([remark], 19.9) is remark
    assert current([remark], 20.0) is None


def test_a_phase_that_begins_triggers_it() -> None:
    with SlowLoop(ScriptedModel(lambda _: "x", sampling=SAMPLING), ManualClock(), SlowSettings(every_seconds=1000)) as loop:
        loop.offer(tick(0.0), clear=True)
        waited(loop)
        loop.offer(tick(2.0), clear=True)
        loop.offer(tick(3.0, phase="preparation"), clear=True)
        assert [one.trigger for one in waited(loop)] == ["phase: preparation"]


def test_dimmed_pictures_are_not_shown_to_it() -> None:
    with SlowLoop(ScriptedModel(lambda _: "x", sampling=SAMPLING), ManualClock()) as loop:
        loop.offer(tick(0.0), clear=False)
        assert waited(loop, 0.2) == []


class Stalled:
    """Answers when it is let go."""

    card = ModelCard(name="stalled", backend="scripted", revision="", sampling=SAMPLING)

    def __init__(self) -> None:
        self.go, self.asked, self.went = threading.Event(), threading.Event(), threading.Event()

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        self.asked.set()
        self.go.wait(60)
        self.went.set()
        return [Completion("late", "stop", None, None, 0.0) for _ in requests]


def test_a_model_that_stalls_holds_nothing_up_and_its_answer_says_its_age() -> None:
    model, clock = Stalled(), ManualClock()
    with SlowLoop(model, clock, SlowSettings(every_seconds=1.0)) as loop:
        loop.offer(tick(0.0), clear=True)
        assert model.asked.wait(60)
        for second in range(1, 40):
            loop.offer(tick(float(second)), clear=True)
            clock.at(float(second))
        assert not model.went.is_set(), "offered while the model held its thread"
        assert loop.replaced >= 37
        model.go.set()
        remarks = waited(loop)
    assert remarks[0].age_seconds > 30
    assert current(remarks[:1], 39.0) is None, "it has expired before it came"


def test_a_failure_and_an_exception_are_told() -> None:
    def broken(_: Request) -> str:
        raise RuntimeError("out of memory")

    for reply, told in ((lambda _: Failure("refused", lasting=True), "refused"), (broken, "RuntimeError: out of memory")):
        with SlowLoop(ScriptedModel(reply, sampling=SAMPLING), ManualClock()) as loop:
            loop.offer(tick(0.0), clear=True)
            (remark,) = waited(loop)
        assert (remark.text, remark.failure) == (None, told)


def test_a_picture_of_another_size_begins_a_new_clip_and_the_loop_lives_on() -> None:
    asked: list[Request] = []

    def reply(request: Request) -> str:
        asked.append(request)
        return "x"

    wide = np.full((90, 240, 3), 90, np.uint8)
    with SlowLoop(ScriptedModel(reply, sampling=SAMPLING), ManualClock(), SlowSettings(every_seconds=4)) as loop:
        for seconds, picture in ((0.0, GREY), (4.0, GREY), (8.0, wide), (12.0, wide)):
            loop.offer(replace(tick(seconds), shown=picture), clear=True)
            (remark,) = waited(loop)
            assert (remark.text, remark.failure) == ("x", None)
    lengths = [len(request.clip.seconds) for request in asked if request.clip is not None]
    assert lengths == [1, 2, 1, 2], "the narrow pictures are not in the clip of the wide ones"
