"""The survey: one page on which people compare and rate the two captions of a clip, and what their answers say.

The page is self-contained and asks nothing of any network. Which caption stands first is drawn per item, so that nobody learns
which model is which; the exported answers name the variants.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from pydantic import Field, ValidationError

from medgrpo.core import Config, InputError
from medgrpo.curation.chance import draw
from medgrpo.curation.raters import Unit, alpha, kappa, percent
from medgrpo.curation.work import print_of
from medgrpo.video import encode_jpeg, evenly_spaced, read_image, resize

_FRAMES, _WIDTH = 4, 320
CHOICES = ("a", "b", "both", "neither")
_ASPECTS = (("choice", "nominal"), ("rating_a", "ordinal"), ("rating_b", "ordinal"))


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A clip and its two captions. `frames` are files on this machine."""

    key: str
    title: str
    frames: tuple[Path, ...]
    caption_a: str
    caption_b: str


class ReviewAnswer(Config):
    """What one person said of one item: how true each caption is of the clip (1 to 5), and which is better. None: not answered."""

    item: str
    rating_a: int | None = Field(ge=1, le=5)
    rating_b: int | None = Field(ge=1, le=5)
    choice: Literal["a", "b", "both", "neither"] | None


class Review(Config):
    """The file that the page exports. `review` names the set of items: only answers to the same items are compared."""

    format: Literal["medgrpo-review/1"]
    review: str
    rater: str = Field(min_length=1)
    answers: list[ReviewAnswer]


class Agreed(Config):
    """Of one thing that was asked: items with two or more answers, and how far people agree. `kappa`: for two people only."""

    aspect: str
    level: Literal["nominal", "ordinal"]
    items: int
    percent: float | None
    kappa: float | None
    alpha: float | None
    mean: float | None
    counts: dict[str, int]


class ReviewStatistics(Config):
    """What the answers of all people say together."""

    review: str
    raters: list[str]
    items: int
    agreed: list[Agreed]


def review_page(items: Sequence[ReviewItem], seed: int) -> str:
    """The page. VideoError where a picture cannot be read."""
    name = print_of([[one.key, one.caption_a, one.caption_b] for one in items])[:16]
    articles = "".join(_article(one, place, len(items), seed) for place, one in enumerate(items))
    template = (files("medgrpo.curation") / "templates" / "review.html").read_text(encoding="utf-8")
    return Template(template).substitute(review=name, count=len(items), articles=articles)


def read_review(path: Path) -> Review:
    """A file that the page exported. InputError names what is wrong with it."""
    try:
        return Review.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{path}: {where}: {first['msg']}; export it again from review.html") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as exported answers ({error})") from error


def review_statistics(reviews: Sequence[tuple[Path, Review]]) -> ReviewStatistics:
    """Over the answers of at least one person. InputError where files answer different items, or a person occurs twice."""
    name = reviews[0][1].review
    raters = [review.rater for _, review in reviews]
    for path, review in reviews:
        if review.review != name:
            raise InputError(f"{path}: answers another review ({review.review}, not {name})")
        if raters.count(review.rater) > 1:
            raise InputError(f"{path}: {review.rater} answered twice: give one file per person")
    by_rater = [{answer.item: answer for answer in review.answers} for _, review in reviews]
    items = sorted({item for held in by_rater for item in held})
    agreed: list[Agreed] = []
    for aspect, level in _ASPECTS:
        units = [[_value(held.get(item), aspect) for held in by_rater] for item in items]
        agreed.append(_agreed(aspect, "ordinal" if level == "ordinal" else "nominal", units))
    return ReviewStatistics(review=name, raters=raters, items=len(items), agreed=agreed)


def _agreed(aspect: str, level: Literal["nominal", "ordinal"], units: Sequence[Unit]) -> Agreed:
    values = [value for unit in units for value in unit if value is not None]
    categories = range(1, 6) if level == "ordinal" else range(len(CHOICES))
    names = [str(one) if level == "ordinal" else CHOICES[one] for one in categories]
    pairs = [(unit[0], unit[1]) for unit in units if len(unit) == 2]
    both = [(one, two) for one, two in pairs if one is not None and two is not None]
    return Agreed(
        aspect=aspect,
        level=level,
        items=sum(1 for unit in units if sum(value is not None for value in unit) > 1),
        percent=_rounded(percent(units)),
        kappa=_rounded(kappa(both, list(categories), level)),
        alpha=_rounded(alpha(units, level)),
        mean=_rounded(sum(values) / len(values)) if level == "ordinal" and values else None,
        counts={name: values.count(one) for name, one in zip(names, categories, strict=True)},
    )


def _value(answer: ReviewAnswer | None, aspect: str) -> int | None:
    if answer is None:
        return None
    if aspect == "choice":
        return None if answer.choice is None else CHOICES.index(answer.choice)
    return answer.rating_a if aspect == "rating_a" else answer.rating_b


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _article(item: ReviewItem, place: int, count: int, seed: int) -> str:
    first, second = ("a", "b") if draw(seed, "first", item.key) < 0.5 else ("b", "a")
    told = {"a": item.caption_a, "b": item.caption_b}
    pictures = "".join(
        f'<img src="{_picture(item.frames[one])}" alt="frame {one + 1} of {len(item.frames)}">'
        for one in evenly_spaced(len(item.frames), _FRAMES)
    )
    captions = "".join(
        f"<section><h3>{name} caption</h3><p>{_lines(told[variant])}</p>{_ratings(place, variant, name)}</section>"
        for variant, name in ((first, "First"), (second, "Second"))
    )
    choices = "".join(
        f'<label><input type="radio" name="choice-{place}" value="{value}" data-key="{key}"> {text} <kbd>{key}</kbd></label>'
        for value, text, key in (
            (first, "first", "f"),
            (second, "second", "s"),
            ("both", "both alike", "b"),
            ("neither", "neither", "n"),
        )
    )
    return (
        f'<article data-item="{escape(item.key, quote=True)}"><h2>{place + 1} of {count}: {escape(item.title)}</h2>'
        f'<div class="frames">{pictures}</div><div class="pair">{captions}</div>'
        f"<fieldset><legend>Which describes the clip better?</legend>{choices}</fieldset></article>"
    )


def _ratings(place: int, variant: str, name: str) -> str:
    options = "".join(
        f'<label><input type="radio" name="rating_{variant}-{place}" value="{value}"> {value}</label>' for value in range(1, 6)
    )
    return f"<fieldset><legend>{name}: true of the clip? 1 (no) to 5 (entirely)</legend>{options}</fieldset>"


def _lines(text: str) -> str:
    return "<br>".join(escape(line) for line in text.splitlines())


def _picture(path: Path) -> str:
    image = read_image(path)
    height, width = image.shape[:2]
    if width > _WIDTH:
        image = resize(image, _WIDTH, max(1, round(height * _WIDTH / width)))
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(image, 70)).decode("ascii")


def review_items(items: Iterable[tuple[float, ReviewItem]], most: int) -> list[ReviewItem]:
    """The `most` items drawn first, in that order; given with their draws."""
    return [item for _, item in sorted(items, key=lambda entry: (entry[0], entry[1].key))[:most]]
