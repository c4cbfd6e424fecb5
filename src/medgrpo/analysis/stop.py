"""Stopping politely: Ctrl-C and SIGTERM ask, the loop stops at its next look; a second Ctrl-C does not wait."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def never() -> bool:
    return False


@contextmanager
def stop_on_signals() -> Generator[Callable[[], bool]]:
    """Within it the first SIGINT or SIGTERM only makes the given function true; the second raises KeyboardInterrupt.

    Main thread only, as Python asks of signal handlers. The handlers found are put back at the end.
    """
    asked = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
