"""What may leave the fast loop as a picture. Fails closed: unless the camera has been inside the body for a while, it is dimmed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field, field_validator

from medgrpo.core import Box, Config
from medgrpo.perception import Observation, ViewState
from medgrpo.stream.burned_in import Cells, TextFinder, TextLimits, blackened
from medgrpo.video import Image, resize

_DIMMED_WIDTH, _DIMMED_HEIGHT = 16, 9
COVER_LEAD_SECONDS = 5.0
"""Text that stands is found after 1.4 s of looks, and remembered for long after 4.2 s (TextLimits)."""
_SEEN_INSIDE = (ViewState.INSIDE, ViewState.OBSCURED, ViewState.BLURRED)


class Privacy(Config):
    """What is blackened in everything that is stored or shown: `masks_xyxy`, regions of burned-in text (0..1 of the picture), and,
    with `find_text`, whatever looks like text."""

    inside_seconds: float = Field(default=2.0, ge=0)
    """The camera must have been inside for so long before a picture is shown undimmed."""
    masks_xyxy: tuple[tuple[float, float, float, float], ...] = ()
    find_text: bool = True
    text: TextLimits = TextLimits()

    @field_validator("masks_xyxy")
    @classmethod
    def _boxes(cls, masks: tuple[tuple[float, float, float, float], ...]) -> tuple[tuple[float, float, float, float], ...]:
        for x0, y0, x1, y1 in masks:
            if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
                raise ValueError(f"a mask is left, top, right, bottom as shares of the picture, not {x0}, {y0}, {x1}, {y1}")
        return masks


@dataclass(frozen=True, slots=True)
class Black:
    """How much of a picture (0..1) was made black: `text`, what looks like burned-in text; `regions`, what the site names. They
    may lie over one another."""

    text: float = 0.0
    regions: float = 0.0

    @property
    def words(self) -> str:
        """What is black and why, for people."""
        parts = [f"{self.text:.1%} of the picture is black because it looks like burned-in text (unsure counts as text)"]
        parts += [f"{self.regions:.1%} is black because the site's settings name it"]
        told = [part for part, share in zip(parts, (self.text, self.regions), strict=True) if share]
        return "; ".join(told) or "nothing of the picture is black"

    def is_another(self, before: Black) -> bool:
        """Whether people should be told anew: it appears or goes, or has changed by CHANGE_TOLD of the picture."""
        pairs = ((self.text, before.text), (self.regions, before.regions))
        return any(bool(now) != bool(then) or abs(now - then) >= CHANGE_TOLD for now, then in pairs)


NOTHING_BLACK = Black()
CHANGE_TOLD = 0.05


class Cover:
    """Blackens burned-in text and named regions, and dims: one case's pictures, each looked at once and in order of time.

    Text is found by what was looked at before: a first picture hides only what looks like text at once, so whoever begins in the
    middle looks at `COVER_LEAD_SECONDS` of pictures first."""

    def __init__(self, settings: Privacy) -> None:
        self._masks = [Box.clipped(*mask) for mask in settings.masks_xyxy]
        self._finder = TextFinder(settings.text) if settings.find_text else None
        self.black = NOTHING_BLACK
        """Of the picture that `over` gave last."""

    @property
    def covers(self) -> bool:
        """Whether parts of pictures are, or may have to be, blackened before they leave."""
        return bool(self._masks) or self._finder is not None

    @property
    def knows(self) -> bool:
        """Whether text that stands would have been found by now."""
        return self._finder is None or self._finder.knows

    def look(self, seconds: float, image: Image) -> None:
        """The next picture, as it came."""
        if self._finder is not None:
            self._finder.look(seconds, image)

    def over(self, image: Image, clear: bool) -> Image:
        """The picture that was looked at last as it may leave: dimmed to 16 x 9 blocks unless `clear`, text and regions black."""
        height, width = image.shape[:2]
        text = 0.0
        if self._finder is not None:
            text = _share(self._finder.cells)
            image = blackened(image, self._finder.cells)
        if not clear:
            image = resize(resize(image, _DIMMED_WIDTH, _DIMMED_HEIGHT), width, height)
        if self._masks:
            image, named = image.copy(), np.zeros((height, width), np.bool_)
            for mask in self._masks:
                rows = slice(int(mask.y0 * height), -(-int(mask.y1 * height * 1000) // 1000) + 1)
                columns = slice(int(mask.x0 * width), -(-int(mask.x1 * width * 1000) // 1000) + 1)
                named[rows, columns] = True
            image[named] = 0
            self.black = Black(text, _share(named))
        else:
            self.black = Black(text)
        return image


def _share(black: Cells) -> float:
    """Rounded to a thousandth, but never nothing where there is something."""
    share = float(black.mean()) if black.size else 0.0
    return max(0.001, round(share, 3)) if share else 0.0


class PrivacyFilter:
    """Told of every look in order; turns its picture into one that may be shown, and counts how many were dimmed."""

    def __init__(self, settings: Privacy) -> None:
        self._cover = Cover(settings)
        self._needed = settings.inside_seconds
        self._inside_since: float | None = None
        self._clear = False
        self._seconds = 0.0
        self._size: tuple[int, ...] = ()
        self.dimmed = 0

    @property
    def clear(self) -> bool:
        """Whether the picture of the last look may be shown as it is (masks aside)."""
        return self._clear

    @property
    def masks(self) -> bool:
        """Whether parts of pictures are, or may have to be, blackened before they leave."""
        return self._cover.covers

    @property
    def black(self) -> Black:
        """How much of the picture that `shown` gave last was made black, and why."""
        return self._cover.black

    def look(self, observation: Observation) -> None:
        """Blurred and veiled views keep the state that was: neither proves that the camera left the body, nor that it came in."""
        state, self._seconds = observation.view.state, observation.seconds
        if state is ViewState.INSIDE and observation.seen is not None:
            since = observation.seconds if self._inside_since is None else self._inside_since
            self._inside_since = since
            self._clear = observation.seconds - since >= self._needed
        elif state not in _SEEN_INSIDE or observation.seen is None:
            self._inside_since, self._clear = None, False

    def shown(self, image: Image) -> Image:
        """The picture of the last look as it may leave: masked, and dimmed to 16 x 9 blocks unless `clear`. To be called once for
        each look; a picture of another size than the one before is as a beginning: nothing is known of its text yet."""
        if self._size not in ((), image.shape):
            self._inside_since, self._clear = None, False
        self._size = image.shape
        self._cover.look(self._seconds, image)
        self._clear = self._clear and self._cover.knows  # the finder counts looks: at few a second it takes longer than 2 s
        self.dimmed += not self._clear
        return self._cover.over(image, self._clear)
