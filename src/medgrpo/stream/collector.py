"""Python's garbage collector beside a live loop: what was loaded before the case is not searched again and again."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def loaded_set_apart() -> Generator[None]:
    """Within it a full collection looks only at what was made since: not at the networks' and libraries' many thousand objects.

    One full collection among them stops every thread of the process for some 50 ms, in the middle of a decision (docs/log.md).
    Afterwards everything is collected as before.
    """
    gc.collect()  # what is garbage now would be kept until the end
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
