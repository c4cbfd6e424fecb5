"""Skill assessment (MedVidBench `skill_assessment`): six aspects, each 1 to 5 (the modified OSATS that JIGSAWS grades with)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.grading import grades_of, read_grades, score_grades
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.task import TaskCard

ASPECTS = (
    "Respect for tissue",
    "Suture/needle handling",
    "Time and motion",
    "Flow of operation",
    "Overall performance",
    "Quality of final product",
)
_NAMES = {name.casefold(): name for name in ASPECTS}
_FORM = re.compile(r"(\d{1,3})\s?(?:/|out of)\s?5")
_ASK = (
    "Grade the surgeon from 1 to 5 on each aspect, each as n/5: {aspects}.",
    "Give n/5 for each of these aspects of skill: {aspects}.",
    "How skilled is the operator? Rate each aspect from 1 to 5, written as n/5: {aspects}.",
)


@dataclass(frozen=True, slots=True)
class SkillAnswer:
    """Grades 1 to 5 by aspect, at least one; an aspect that was left out is absent."""

    grades: Mapping[str, int]

    def __post_init__(self) -> None:
        if not self.grades or any(name not in ASPECTS or not 1 <= grade <= 5 for name, grade in self.grades.items()):
            raise ValueError("grades are 1 to 5 for the six aspects")


class SkillAssessment:
    """The six aspects; what is left out is wrong."""

    card = TaskCard(
        name="skill_assessment",
        qa_types=("skill_assessment",),
        leaderboard_keys=("sa_acc",),
        sources=("JIGSAWS",),
        metric="share of the aspects with exactly the reference's grade; macro: balanced over the grades of each aspect",
        answer_tokens=128,
        constant_candidates=30,
    )

    def prompt(self, source: str = "JIGSAWS", variant: int = 0) -> str:
        """The question."""
        return question(source, variant, choose(_ASK, variant).format(aspects=", ".join(ASPECTS)))

    def parse(self, reply: str) -> SkillAnswer | Unparsed:
        """Grades by name, each as n/5, however they are separated."""
        found = read_grades(reply, _NAMES, 1, 5, _FORM)
        return Unparsed.of(reply, found) if isinstance(found, str) else SkillAnswer(found)

    def write(self, answer: SkillAnswer) -> str:
        """`Respect for tissue: 2/5, ...`"""
        return ", ".join(f"{name}: {answer.grades[name]}/5" for name in ASPECTS if name in answer.grades)

    def reference(self, struc_info: object, gnd: str) -> SkillAnswer | Unparsed:
        """`skill_scores` of the first item; the text where there is none."""
        items = cast("list[object]", struc_info) if isinstance(struc_info, list) else [struc_info]
        first: object = items[0] if items else None
        given: object = cast("dict[str, Any]", first).get("skill_scores") if isinstance(first, dict) else None
        if not given:
            return self.parse(gnd)
        found = grades_of(given, _NAMES, 1, 5)
        return Unparsed.of(gnd, f"reference: {found}") if isinstance(found, str) else SkillAnswer(found)

    def score(self, answer: SkillAnswer | Unparsed, reference: SkillAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, dict.fromkeys(reference.grades, 0.0), answer.reason)
        return score_grades(answer.grades, reference.grades)
