"""Where clips begin and end and how often they are sampled: like MedVidBench's, by draws that depend on the clip alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from medgrpo.core import Span
from medgrpo.curation.chance import draw, lognormal, pick
from medgrpo.curation.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a recording, in its seconds, and the nominal rate at which it is sampled."""

    source: str
    video: str
    span: Span
    frames_per_second: Fraction

    @property
    def id(self) -> str:
        """As MedVidBench writes ids; several questions may share it."""
        start, end = self.span.start_seconds, self.span.end_seconds
        return f"{self.video}&&{start}&&{end}&&{float(self.frames_per_second)}"

    @property
    def seconds(self) -> float:
        return self.span.duration_seconds

    @property
    def frame_count(self) -> int:
        """How many frames the rate gives, the first at the clip's start."""
        return max(1, int(Fraction(str(round(self.seconds, 3))) * self.frames_per_second))


def drawn_length(recipe: Recipe, *names: object) -> float:
    """A clip length in whole seconds, within the recipe's limits."""
    length = lognormal(recipe.median_seconds, recipe.length_spread, draw(recipe.seed, "length", *names))
    return float(round(min(max(length, recipe.shortest_seconds), recipe.longest_seconds)))


def drawn_rate(recipe: Recipe, seconds: float, fastest: float, *names: object) -> Fraction:
    """A sampling rate of the recipe up to `fastest`, of those that give the clip a number of frames within the limits; else the
    nearest.
    """
    share = draw(recipe.seed, "rate", *names)
    fitting = {
        rate: weight
        for rate, weight in recipe.rates.items()
        if float(rate) <= fastest and recipe.least_frames <= seconds * float(rate) <= recipe.most_frames and weight > 0
    }
    if fitting:
        return Fraction(pick(list(fitting), list(fitting.values()), share))
    ordered = sorted((rate for rate in recipe.rates if float(rate) <= fastest), key=float) or [str(fastest)]
    return Fraction(ordered[-1] if seconds * float(ordered[-1]) < recipe.least_frames else ordered[0])


def tiles(recipe: Recipe, source: str, video: str, span: Span, actions: Sequence[Span], fastest: float = 1000.0) -> list[Clip]:
    """The stretch cut into clips that follow one another without gap. [] where it is shorter than the shortest clip.

    A cut that falls into an action stays there with the recipe's `border_share`; else it moves to the action's nearer end, where
    that leaves both sides within the limits; `fastest` bounds the sampling rate. A rest too short goes to the last clip.
    """
    if span.duration_seconds < recipe.shortest_seconds:
        return []
    clips: list[Clip] = []
    start, end = span.start_seconds, span.end_seconds
    while start < end:
        names = (source, video, start)
        cut = start + drawn_length(recipe, *names)
        if cut < end and draw(recipe.seed, "border", *names) >= recipe.border_share:
            cut = _moved(recipe, start, cut, actions)
        if end - cut < recipe.shortest_seconds:
            cut = end if end - start <= recipe.longest_seconds else round((start + end) / 2, 2)
        piece = Span(start, cut)
        clips.append(Clip(source, video, piece, drawn_rate(recipe, piece.duration_seconds, fastest, *names)))
        start = cut
    return clips


def before(recipe: Recipe, source: str, video: str, stretch: Span, fastest: float = 1000.0) -> Clip | None:
    """A clip that ends where the stretch ends; it may begin earlier than the stretch. None where the recording is too short."""
    end = round(stretch.end_seconds, 2)
    start = round(max(0.0, end - drawn_length(recipe, source, video, "before", end)), 2)
    if end - start < recipe.shortest_seconds:
        return None
    return Clip(source, video, Span(start, end), drawn_rate(recipe, end - start, fastest, source, video, "before", end))


def _moved(recipe: Recipe, start: float, cut: float, actions: Sequence[Span]) -> float:
    held = [one for one in actions if one.start_seconds < cut < one.end_seconds]
    edges = {round(edge, 2) for one in held for edge in (one.start_seconds, one.end_seconds)}
    for place in sorted(edges, key=lambda edge: (abs(edge - cut), edge)):
        inside = any(one.start_seconds + 0.01 < place < one.end_seconds - 0.01 for one in actions)
        if not inside and recipe.shortest_seconds <= round(place - start, 2) <= recipe.longest_seconds:
            return place
    return cut
