"""Critical view of safety (MedVidBench `cvs_assessment`): three criteria, each graded 0 to 2 as in Cholec80-CVS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.grading import grades_of, read_grades, score_grades
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.task import TaskCard

CRITERIA = ("Two structures", "Cystic plate", "Hepatocystic triangle")
_NAMES = {**{name.casefold(): name for name in CRITERIA}, "two structure": CRITERIA[0]}
_FORM = re.compile(r"(\d{1,3})(?:\s?/\s?2)?")
_ASK = (
    "Grade the critical view of safety: give 0, 1 or 2 for each of: two structures, cystic plate, hepatocystic triangle.",
    "For each criterion of the critical view of safety (two structures, cystic plate, hepatocystic triangle) grade 0, 1 or 2.",
    "How far is the critical view of safety reached? Give 0, 1 or 2 each to two structures, cystic plate, hepatocystic triangle.",
)


@dataclass(frozen=True, slots=True)
class CriticalViewAnswer:
    """Grades 0 to 2 by criterion, at least one; a criterion that was left out is absent."""

    grades: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.grades or any(name not in CRITERIA or not 0 <= grade <= 2 for name, grade in self.grades.items()):
            raise ValueError("grades are 0 to 2 for the three criteria")


class CriticalView:
    """The three criteria; what is left out is wrong."""

    card = TaskCard(
        name="critical_view",
        qa_types=("cvs_assessment",),
        leaderboard_keys=("cvs_acc",),
        sources=("Cholec80-CVS",),
        metric="share of the criteria with exactly the reference's grade; macro: balanced over the grades of each criterion",
        answer_tokens=64,
        constant_candidates=30,
    )

    def prompt(self, source: str = "Cholec80-CVS", variant: int = 0) -> str:
        """The question."""
        return question(source, variant, choose(_ASK, variant))

    def parse(self, reply: str) -> CriticalViewAnswer | Unparsed:
        """Grades by name, however they are separated."""
        found = read_grades(reply, _NAMES, 0, 2, _FORM)
        return Unparsed.of(reply, found) if isinstance(found, str) else CriticalViewAnswer(found)

    def write(self, answer: CriticalViewAnswer) -> str:
        """`Two structures: 2, Cystic plate: 1, Hepatocystic triangle: 0`"""
        return ", ".join(f"{name}: {answer.grades[name]}" for name in CRITERIA if name in answer.grades)

    def reference(self, struc_info: object, gnd: str) -> CriticalViewAnswer | Unparsed:
        """`cvs_scores` of the first item; the text where there is none."""
        items = cast("list[object]", struc_info) if isinstance(struc_info, list) else [struc_info]
        first: object = items[0] if items else None
        given: object = cast("dict[str, Any]", first).get("cvs_scores") if isinstance(first, dict) else None
        if not given:
            return self.parse(gnd)
        found = grades_of(given, _NAMES, 0, 2)
        return Unparsed.of(gnd, f"reference: {found}") if isinstance(found, str) else CriticalViewAnswer(found)

    def score(self, answer: CriticalViewAnswer | Unparsed, reference: CriticalViewAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, dict.fromkeys(reference.grades, 0.0), answer.reason)
        return score_grades(answer.grades, reference.grades)
