"""Annotation of data sets -> instruction data in MedVidBench's form: cut, asked, described, filtered, split, drawn, counted."""

from medgrpo.curation.built import Built
from medgrpo.curation.counts import StageCount
from medgrpo.curation.pipeline import Order, build
from medgrpo.curation.recipe import Recipe, load_recipe

__all__ = ["Built", "Order", "Recipe", "StageCount", "build", "load_recipe"]
