"""Stopping politely: Ctrl-C and SIGTERM ask, the loop stops at its next look; a second Ctrl-C does not wait."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def never() -> bool:
    return False


class Asked:
    """True when called once somebody has asked to stop; `by` names the signal (SIGTERM), None until then."""

    def __init__(self) -> None:
        self.by: str | None = None

    def __call__(self) -> bool:
        return self.by is not None


@contextmanager
def stop_on_signals() -> Generator[Asked]:
    """Within it the first SIGINT or SIGTERM only makes the given function true; the second raises KeyboardInterrupt.

    Main thread only, as Python asks of signal handlers. The handlers found are put back at the end.
    """
    asked = Asked()

    def ask(number: int, _frame: FrameType | None) -> None:
        if asked():
            raise KeyboardInterrupt
        asked.by = signal.Signals(number).name

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
