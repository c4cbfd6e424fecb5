"""Annotation of data sets -> instruction data in MedVidBench's form: cut, asked, described, filtered, split, drawn, counted."""

from medgrpo.curation.built import Built
from medgrpo.curation.counts import StageCount
from medgrpo.curation.describing import Writers
from medgrpo.curation.pipeline import Order, build
from medgrpo.curation.recipe import Recipe, load_recipe
from medgrpo.curation.review import Review, ReviewStatistics, read_review, review_statistics

__all__ = [
    "Built",
    "Order",
    "Recipe",
    "Review",
    "ReviewStatistics",
    "StageCount",
    "Writers",
    "build",
    "load_recipe",
    "read_review",
    "review_statistics",
]
