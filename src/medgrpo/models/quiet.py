"""transformers draws bars wherever it runs, and its hub tells each retry: ours are drawn on a terminal, and told at the end."""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from logging import ERROR, getLogger


@contextmanager
def quiet_loading() -> Generator[None]:
    """Inside, transformers' progress bars are off unless stderr is a terminal, and the hub's retries are not told."""
    from transformers.utils import logging

    hub = getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(ERROR)
    hidden = logging.is_progress_bar_enabled() and not sys.stderr.isatty()
    if hidden:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        hub.setLevel(level)
        if hidden:
            logging.enable_progress_bar()
