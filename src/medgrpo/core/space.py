"""Places in a picture, normalised to 0..1 of its width and height so that they survive scaling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, corners in the order x0, y0 (top left), x1, y1 (bottom right), each 0..1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (0 <= self.x0 <= self.x1 <= 1 and 0 <= self.y0 <= self.y1 <= 1):
            raise ValueError(f"box must satisfy 0 <= x0 <= x1 <= 1 and 0 <= y0 <= y1 <= 1, got {self.xyxy}")

    @classmethod
    def clipped(cls, x0: float, y0: float, x1: float, y1: float) -> Box:
        """The part of the rectangle that lies in the picture; ValueError when the corners are in the wrong order."""
        return cls(*(min(1.0, max(0.0, value)) for value in (x0, y0, x1, y1)))

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    @property
    def centre_xy(self) -> tuple[float, float]:
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    @property
    def area(self) -> float:
        return (self.x1 - self.x0) * (self.y1 - self.y0)

    def iou(self, other: Box) -> float:
        """Intersection over union; two empty boxes give 0."""
        width = max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))
        height = max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))
        shared = width * height
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0
