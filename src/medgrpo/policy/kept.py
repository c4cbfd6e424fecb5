"""What was worked out and may be wanted again: prompts as read, and what a frozen vision tower says of their clips."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


class Latest:
    """The latest values by key, in memory. A key says everything that its value depends on. For one thread at a time."""

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, most: int, make: Callable[[], Value]) -> Value:
        """The value of `key`, made where it is not there; afterwards at most `most` are kept."""
        if key in self._held:
            self._held.move_to_end(key)
            return cast("Value", self._held[key])
        value = make()
        self._held[key] = value
        while len(self._held) > most:
            self._held.popitem(last=False)
        return value


class Kept:
    """What several runs may share. Prompts are read in another thread than features are worked out in: two stores."""

    def __init__(self) -> None:
        self.prompts = Latest()
        self.features = Latest()
