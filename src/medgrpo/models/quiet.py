"""transformers draws its bars wherever it runs; ours are drawn on a terminal alone."""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def bars_on_a_terminal_alone() -> Generator[None]:
    """Inside, transformers' progress bars are off unless stderr is a terminal; after, they are as they were."""
    from transformers.utils import logging

    hidden = logging.is_progress_bar_enabled() and not sys.stderr.isatty()
    if hidden:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if hidden:
            logging.enable_progress_bar()
