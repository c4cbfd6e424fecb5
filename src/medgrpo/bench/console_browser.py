"""The live page in a real Chromium on a slow line: what comes over it, how soon, how late. Needs playwright and a Chromium."""

# playwright leaves the messages of Chromium's own protocol untyped
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false, reportUnknownArgumentType=false
from __future__ import annotations

import time
from typing import Any

from medgrpo.core import Config, InputError, MissingExtra

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_LATENCY_MS = 50
"""Added to each way by Chromium's own throttling."""


class Browsed(Config):
    """`kbit_per_second` None: not throttled. `loaded_bytes`: over the line until the first picture stood, all files included.

    `pictures_per_second`, `width` and `received_kbit_per_second` of the time after it; `delay_*`: from the time of day in a
    tick's entry until the page had it, its own clock being this machine's.
    """

    kbit_per_second: float | None
    first_picture_ms: float
    known_ms: float
    """Until everything that stands was known (the first event)."""
    loaded_bytes: int
    pictures_per_second: float
    width: int
    received_kbit_per_second: float
    delay_mean_ms: float
    delay_p95_ms: float


def browse(address: str, chromium: str, kbit_per_second: float | None, seconds: float) -> Browsed:
    """Open the page of a live case in a fresh browser and look at it for so long. InputError when it shows no picture in 60 s."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise MissingExtra("a browser's figures", "test", "playwright") from error
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        received = [0]
        session.on("Network.dataReceived", lambda event: _add(received, event))
        if kbit_per_second is not None:
            rate = kbit_per_second * 1000 / 8
            limits = {"offline": False, "latency": _LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
            session.send("Network.emulateNetworkConditions", limits)
        began = time.monotonic()
        page.goto(address, wait_until="commit")
        known_ms = 0.0
        while not page.evaluate("!!window.medgrpo?.pictures?.first_ms"):
            if not known_ms and page.evaluate("(window.medgrpo?.counter ?? -1) >= 0"):
                known_ms = 1000 * (time.monotonic() - began)
            if time.monotonic() - began > 60:
                raise InputError(f"{address}: no picture within 60 s: is `medgrpo watch` watching it?")
            page.wait_for_timeout(20)
        first_ms, loaded = 1000 * (time.monotonic() - began), received[0]
        before = page.evaluate("window.medgrpo.pictures.pictures")
        delays = list[float]()
        newest, until = None, time.monotonic() + seconds
        while time.monotonic() < until:
            tick = page.evaluate("({wall: window.medgrpo.things.now.tick?.wall, now: Date.now(), tick_ms: window.medgrpo.tick_ms})")
            if tick["wall"] != newest and tick["tick_ms"] is not None:
                newest = tick["wall"]
                delays.append(tick["tick_ms"])
            page.wait_for_timeout(50)
        pictures = page.evaluate("window.medgrpo.pictures")
        result = Browsed(
            kbit_per_second=kbit_per_second,
            first_picture_ms=first_ms,
            known_ms=known_ms or first_ms,
            loaded_bytes=loaded,
            pictures_per_second=(pictures["pictures"] - before) / seconds,
            width=pictures["size"],
            received_kbit_per_second=(received[0] - loaded) * 8 / 1000 / seconds,
            delay_mean_ms=sum(delays) / max(1, len(delays)),
            delay_p95_ms=sorted(delays)[int(0.95 * (len(delays) - 1))] if delays else float("nan"),
        )
        browser.close()
        return result


def _add(received: list[int], event: dict[str, Any]) -> None:
    received[0] += event.get("encodedDataLength") or event.get("dataLength", 0)
