"""Comparisons of ways to train, on simulated data: what they say holds for small models on drawings."""

from medgrpo.experiments.figures import changed, over_seeds, run_figures, study_figures
from medgrpo.experiments.grid import SAME, Run, planned, recipe_of, run_study
from medgrpo.experiments.short import SHORT_SOURCES, ShortSource, short_questions
from medgrpo.experiments.writing import tables, write_study

__all__ = [
    "SAME",
    "SHORT_SOURCES",
    "Run",
    "ShortSource",
    "changed",
    "over_seeds",
    "planned",
    "recipe_of",
    "run_figures",
    "run_study",
    "short_questions",
    "study_figures",
    "tables",
    "write_study",
]
