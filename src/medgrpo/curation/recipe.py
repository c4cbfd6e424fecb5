"""What is asked of a build: every number that changes a byte of its result, with vetted defaults."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from medgrpo.core import Config, read_settings

PUBLISHED_RATES = {"0.5": 0.633, "1.0": 0.22, "2.0": 0.075, "0.25": 0.018, "0.2": 0.018, "0.1": 0.018, "3.0": 0.018}
"""Share of MedVidBench's questions by sampling rate (frames per second). The first three are published; the other four together
have 7.2 %, which we divide evenly."""


class Recipe(Config):
    """`build.json` holds it as it was used. Lengths in seconds, rates in frames per second, shares 0..1."""

    seed: int = 0
    test_share: float = Field(default=0.15, gt=0, lt=1)
    """Of the recordings, by hash; MedVidBench's own ratio is said to be this one."""
    standard_questions: int = Field(default=51_505, ge=1)
    """Of the task-balanced training set; MedVidBench's Standard set has as many."""
    standard_most_share: float = Field(default=0.5, gt=0, le=1)
    """It never holds more than this share of all training questions, so that it is balanced where there are few."""
    test_questions: int = Field(default=6_245, ge=1)
    shortest_seconds: float = Field(default=20.0, ge=1)
    longest_seconds: float = Field(default=1800.0, ge=1)
    """MedVidBench's clips last 20 to 1800 s."""
    median_seconds: float = Field(default=60.0, gt=0)
    length_spread: float = Field(default=0.97, ge=0)
    """Standard deviation of the logarithm of the length: with the median, 97 % of clips stay under 370 s."""
    rates: dict[str, float] = Field(default=PUBLISHED_RATES, min_length=1)
    least_frames: int = Field(default=8, ge=1)
    most_frames: int = Field(default=768, ge=1)
    border_share: float = Field(default=0.2, ge=0, le=1)
    """Of the cuts that fall into an action, how many stay there; the others move to the action's nearer end where that can be."""
    whole_share: float = Field(default=0.25, ge=0, le=1)
    """Of the grounding questions whose action fills the whole clip, how many are kept: they ask for nothing that must be found."""
    absence_share: float = Field(default=0.25, ge=0, le=1)
    """Of the clips, in how many grounding questions allow that nothing is found, with one question about something absent."""
    absence_margin_seconds: float = Field(default=2.0, ge=0)
    """So far from the clip an action of the asked kind must be to count as absent."""
    absence_in_test: bool = False
    """The official evaluator gives nothing for an absent action and skips an empty next step."""
    caption_share: float = Field(default=1.0, gt=0, le=1)
    """Of the template captions whose clip has pictures, how many the two models describe; the others are dropped."""
    caption_frames: int = Field(default=12, ge=2)
    review_pairs: int = Field(default=60, ge=1)
    """At most so many pairs of captions stand on the review page."""
    agreement: float = Field(default=0.3, ge=-1, le=1)
    """Least cosine between the two models' captions; 0.3 as third parties read the paper."""

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        if self.longest_seconds < 2 * self.shortest_seconds or self.most_frames < self.least_frames:
            raise ValueError("longest_seconds is at least twice shortest_seconds, and most_frames at least least_frames")
        for rate, weight in self.rates.items():
            if not 0 < float(rate) < 1000 or not 0 <= weight < 1000:
                raise ValueError(f"rates: {rate!r} = {weight} is no rate with a weight")
        if sum(self.rates.values()) <= 0:
            raise ValueError("rates: one weight must be above 0")
        return self


def load_recipe(path: Path) -> Recipe:
    """A TOML file with any of the fields. SettingsError names every one that is wrong."""
    return read_settings(path, Recipe)
