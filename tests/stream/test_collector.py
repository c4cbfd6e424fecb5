"""What was loaded before is set apart from the collector, and given back, also where the loop ends by an error."""

from __future__ import annotations

import gc
import weakref

import pytest

from medgrpo.stream.collector import loaded_set_apart


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_set_apart_and_what_comes_is_still_collected() -> None:
    old = weakref.ref(Ring())  # garbage from before: gone, not kept
    before = gc.get_freeze_count()
    with loaded_set_apart():
        assert old() is None
        assert gc.get_freeze_count() > before + 1000
        new = weakref.ref(Ring())
        gc.collect()
        assert new() is None
    assert gc.get_freeze_count() == 0


def test_an_error_gives_it_back_too() -> None:
    with pytest.raises(ValueError, match="lost"), loaded_set_apart():
        raise ValueError("lost")
    assert gc.get_freeze_count() == 0
