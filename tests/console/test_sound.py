"""Which burst sounds when, and what it is as sound: the same files that the page loads, run in Chromium and measured."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.console.test_browser import browser, pytestmark, running  # noqa: F401 - fixtures, and the mark of all that need Chromium

RATE = 48_000
HIGH_ONSETS_MS = [0, 250, 500, 1000, 1250, 1900, 2150, 2400, 2900, 3150]
"""By hand: pulses of 150 ms, gaps 100, 100, 350, 100 | 500 | 100, 100, 350, 100."""


@pytest.fixture
def script(browser, running) -> Any:  # noqa: F811
    """Runs a script in a page of the console, where the modules of the live page can be had."""
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{running.port}/")
    names = "['bursts', 'sounding', 'synthesis']"
    modules = f"const [b, s, y] = await Promise.all({names}.map((name) => import(`/static/${{name}}.js`)));"

    def run(body: str, *values: object) -> Any:
        given = json.dumps(values)
        return page.evaluate(f"(async () => {{ {modules} const given = {given}; {body} }})()")

    yield run
    page.close()


Script = Callable[..., Any]


def test_bursts_are_what_the_reference_describes(script: Script) -> None:
    onsets = script("return ['Hi', 'Me', 'Lo'].map((one) => b.onsets(one))")
    assert onsets == [HIGH_ONSETS_MS, [0, 400, 800], [0, 400]]
    assert script("return ['Hi', 'Me', 'Lo'].map((one) => b.lasts_ms(one))") == [3300, 1000, 600]


def alert(priority: str = "Hi", presence: str = "On", *, audible: bool = True, over: bool = False) -> dict[str, Any]:
    return {"priority": priority, "presence": presence, "audible": audible, "over": over, "ended": None}


def signals(script: Script, alerts: dict[str, Any], deaf: str | None = None, *, partner: bool = True, was_live: bool = True) -> Any:
    link = {"deaf": deaf, "partner": partner, "was_live": was_live}
    return script("return s.signalsOf(...given).map((one) => [one.id, one.priority])", alerts, link)


def test_signals_sound_and_conditions_do_not(script: Script) -> None:
    alerts = {
        "A0001": alert("Me"),
        "A0002": alert("Hi"),
        "A0003": alert("Hi", audible=False),
        "A0004": alert("Hi", "Ack", audible=False),
        "A0005": alert("Hi", "Latch", audible=False),
        "A0006": alert("Hi", "Off", over=True),
        "A0007": alert("Hi", "Ack"),
        "A0008": alert("Hi", "Latch"),
        "A0009": alert("None"),
    }
    assert signals(script, alerts) == [["A0002", "Hi"], ["A0001", "Me"]]
    assert signals(script, alerts, was_live=False) == [], "a page that was never of now tells of nothing old"


@pytest.mark.parametrize("deaf", ["disconnected", "silent", "stopped", "damaged"])
def test_a_page_that_hears_nothing_any_more_signals_that(script: Script, deaf: str) -> None:
    assert signals(script, {}, deaf) == [["connection", "Me"]]
    assert signals(script, {"A0001": alert("Hi")}, deaf) == [["A0001", "Hi"], ["connection", "Me"]], "nobody ended it"
    assert signals(script, {}, deaf, partner=False) == []
    assert signals(script, {}, deaf, was_live=False) == []


@pytest.mark.parametrize("deaf", [None, "connecting", "closed"])
def test_what_is_no_loss_is_not_signalled(script: Script, deaf: str | None) -> None:
    assert signals(script, {}, deaf) == []


COURSE = """
const [moments, silenced] = given;
const told = [];
let last = null;
for (const [now, signals] of moments) {
  const done = s.next(last, signals.map(([id, priority]) => ({ id, priority })), (id) => silenced.includes(id), now);
  last = done.last;
  if (done.act) told.push([now, done.act, done.act === "begin" ? last.priority : null]);
}
return told;
"""


def course(script: Script, moments: list[tuple[int, list[tuple[str, str]]]], silenced: tuple[str, ...] = ()) -> list:
    return script(COURSE, moments, silenced)


def test_a_high_burst_repeats_after_its_interval(script: Script) -> None:
    moments = [(now, [("a", "Hi")]) for now in range(0, 20_000, 100)]
    assert course(script, moments) == [[0, "begin", "Hi"], [8300, "begin", "Hi"], [16600, "begin", "Hi"]]  # 3300 + 5000


def test_medium_and_low_repeat_after_theirs(script: Script) -> None:
    assert course(script, [(now, [("a", "Me")]) for now in range(0, 12_000, 100)]) == [[0, "begin", "Me"], [11000, "begin", "Me"]]
    assert course(script, [(now, [("a", "Lo")]) for now in range(0, 22_000, 100)]) == [[0, "begin", "Lo"], [20600, "begin", "Lo"]]


def test_what_is_more_urgent_breaks_in_at_once(script: Script) -> None:
    both = [("b", "Hi"), ("a", "Me")]
    assert course(script, [(0, [("a", "Me")]), (300, both), (1000, both)]) == [[0, "begin", "Me"], [300, "begin", "Hi"]]
    assert course(script, [(0, [("a", "Me")]), (1500, both)]) == [[0, "begin", "Me"], [1500, "begin", "Hi"]], "in the interval too"


def test_what_is_as_urgent_waits_for_the_shortest_interval_only(script: Script) -> None:
    moments = [(0, [("a", "Me")])] + [(now, [("a", "Me"), ("b", "Me")]) for now in range(500, 14_600, 100)]
    assert course(script, moments) == [[0, "begin", "Me"], [3500, "begin", "Me"], [14500, "begin", "Me"]]  # 1000 + 2500, then 10 s


def test_a_person_silences_at_once_and_an_end_lets_the_burst_end(script: Script) -> None:
    moments = [(0, [("a", "Hi")]), (700, []), (800, []), (9000, [])]
    assert course(script, moments, ("a",)) == [[0, "begin", "Hi"], [700, "cut", None]]
    assert course(script, moments) == [[0, "begin", "Hi"]]
    lower = [(0, [("a", "Hi"), ("c", "Me")]), (700, [("c", "Me")])] + [(now, [("c", "Me")]) for now in range(800, 4000, 100)]
    assert course(script, lower, ("a",)) == [[0, "begin", "Hi"], [700, "cut", None], [3200, "begin", "Me"]]


def test_a_pause_holds_back_all_but_a_high_alert_that_came_later(script: Script) -> None:
    body = "return s.heardOf(given[0].map(([id, priority]) => ({ id, priority })), given[1], given[2]).map((one) => one.id)"
    now = [("new", "Hi"), ("old", "Hi"), ("newer", "Me"), ("connection", "Me")]
    pause = {"until_ms": 120_000, "covers": ["old"]}
    assert script(body, now, pause, 60_000) == ["new"]
    assert script(body, now, pause, 120_000) == ["new", "old", "newer", "connection"]
    assert script(body, now, None, 0) == ["new", "old", "newer", "connection"]
    assert script("return s.PAUSE_MS") == 120_000


def rendered(script: Script, priority: str, seconds: float) -> np.ndarray:
    body = f"""
    const context = new OfflineAudioContext(1, {RATE * seconds}, {RATE});
    y.playBurst(context, given[0], 0.1);
    const bytes = new Uint8Array((await context.startRendering()).getChannelData(0).buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
    """
    return np.frombuffer(base64.b64decode(script(body, priority)), np.float32)


def envelope(sound: np.ndarray) -> np.ndarray:
    """The loudest sample within a period of the pitch around each moment, as a share of the loudest of all."""
    half = round(RATE / 523.25 / 2)
    loud = np.lib.stride_tricks.sliding_window_view(np.pad(np.abs(sound), half), 2 * half + 1).max(axis=1)
    return loud / loud.max()


def edges(envelope: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """When it goes up through that level, and when down, in ms."""
    above = (envelope >= level).astype(int)
    change = np.diff(above)
    return np.flatnonzero(change == 1) / RATE * 1000, np.flatnonzero(change == -1) / RATE * 1000


@pytest.mark.parametrize(
    ("priority", "onsets", "pulse"), [("Hi", HIGH_ONSETS_MS, 150), ("Me", [0, 400, 800], 200), ("Lo", [0, 400], 200)]
)
def test_what_is_played_is_measured(script: Script, priority: str, onsets: list[int], pulse: int) -> None:
    sound = rendered(script, priority, 4.0)
    shape = envelope(sound)
    up, down = edges(shape, 0.9)
    assert len(up) == len(down) == len(onsets)
    np.testing.assert_allclose(up - up[0], onsets, atol=3.0)
    np.testing.assert_allclose(down - up, pulse, atol=4.0)
    rise = edges(shape, 0.9)[0] - edges(shape, 0.1)[0]
    assert np.all((rise >= 0.10 * pulse) & (rise <= 0.20 * pulse)), rise
    assert edges(shape, 0.02)[1][-1] < 100 + onsets[-1] + 1.4 * pulse, "silent afterwards"
    assert np.all(np.abs(sound) <= 1.0), "nothing is clipped"
    for begin, end in zip(up, down, strict=True):
        found = partials(sound[round(begin * RATE / 1000) : round(end * RATE / 1000)])
        assert found[0][0] == pytest.approx(523.25, abs=1.0)
        assert [round(one / 523.25, 2) for one, _ in found] == [1, 2, 3, 4, 5]
        assert sum(300 <= one <= 4000 and strength > -15 for one, strength in found[1:]) >= 4
    assert np.abs(sound[: RATE // 10 - RATE // 100]).max() == 0, "nothing before its time"


def partials(pulse: np.ndarray) -> list[tuple[float, float]]:
    """Peaks of the spectrum above -20 dB of the lowest, in Hz and dB beside it."""
    size = 1 << 19
    spectrum = np.abs(np.fft.rfft(pulse * np.blackman(len(pulse)), size))
    hz = np.fft.rfftfreq(size, 1 / RATE)
    middle = spectrum[1:-1]
    peaks = np.flatnonzero((middle > spectrum[:-2]) & (middle >= spectrum[2:]) & (middle > 0.1 * spectrum.max())) + 1
    return [(float(hz[at]), float(20 * np.log10(spectrum[at] / spectrum[peaks[0]]))) for at in peaks]


def test_more_urgent_is_not_softer(script: Script) -> None:
    loud = [float(np.abs(rendered(script, priority, 4.0)).max()) for priority in ("Hi", "Me", "Lo")]
    assert loud == sorted(loud, reverse=True)
    assert loud[0] > 0.8
    assert 20 * np.log10(loud[0] / loud[2]) < 10


def test_a_burst_that_is_cut_off_is_silent_soon_and_without_a_click(script: Script) -> None:
    body = f"""
    const context = new OfflineAudioContext(1, {RATE * 2}, {RATE});
    const cut = y.playBurst(context, "Me", 0);
    context.suspend(0.5).then(() => {{ cut(); context.resume(); }});
    return [...(await context.startRendering()).getChannelData(0)].map((one) => Math.round(one * 1e4) / 1e4);
    """
    sound = np.array(script(body))
    assert np.abs(sound[: round(0.5 * RATE)]).max() > 0.5
    assert np.abs(sound[round(0.55 * RATE) :]).max() < 1e-3
    assert np.abs(np.diff(sound)).max() < 0.35, "no step that the tone itself does not have"
