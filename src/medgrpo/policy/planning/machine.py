"""How long work takes on a machine whose rates are told."""

from __future__ import annotations

from dataclasses import dataclass

from medgrpo.policy.planning.work import Work


@dataclass(frozen=True, slots=True)
class Machine:
    """Sustained rates: operations per second of matrix products, bytes per second of memory, seconds per call of the library.

    Products with few rows read each weight (`weight_bytes`) for them, so that bandwidth bounds them; attention is taken at half
    the rate of products.
    """

    products: float
    bandwidth: float
    call_seconds: float

    def seconds(self, work: Work, rows: int, weight_bytes: int) -> float:
        """`rows`: of the products that have few."""
        narrow = min(self.products, 2 * rows * self.bandwidth / weight_bytes)
        return (
            work.products / self.products + work.narrow / narrow + work.attention / (self.products / 2)
            + work.moved / self.bandwidth + work.calls * self.call_seconds
        )  # fmt: skip
