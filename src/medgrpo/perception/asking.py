"""Several networks asked about one picture: scaled once for all of one size, and asked at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import Box
from medgrpo.perception.specialist import RawLook, Specialist
from medgrpo.video import Image

Prepared = NDArray[np.uint8]


class Asking:
    """The specialists of a perceiver, by their number.

    Two networks one after the other are twice the wait for a decision. onnxruntime lets go of the interpreter while it computes, so
    on two cores both are done sooner; what each says of a picture does not depend on who is asked beside it.
    """

    def __init__(self, specialists: Sequence[Specialist]) -> None:
        self._specialists = tuple(specialists)
        self._beside = ThreadPoolExecutor(
            max(1, len(self._specialists) - 1), thread_name_prefix="specialist"
        )  # no thread before its first use

    def prepare(self, image: Image, circle: Box, wanted: Sequence[int]) -> dict[int, Prepared]:
        """Each wanted network's input, (1, height, width, 3)."""
        scaled: dict[tuple[int, int], Prepared] = {}
        prepared: dict[int, Prepared] = {}
        for number in wanted:
            specialist = self._specialists[number]
            size = (specialist.card.width, specialist.card.height)
            if size not in scaled:
                scaled[size] = specialist.prepare(image, circle)
            prepared[number] = scaled[size]
        return prepared

    def ask(self, prepared: Mapping[int, Prepared], circle: Box) -> dict[int, RawLook]:
        """What each says. At least one; the first is asked in the calling thread, the others beside it."""
        (first, picture), *others = prepared.items()
        begun = {number: self._beside.submit(self._specialists[number].look, other, circle) for number, other in others}
        said = {first: self._specialists[first].look(picture, circle)}
        return said | {number: future.result() for number, future in begun.items()}
