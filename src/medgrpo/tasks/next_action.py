"""Next action (MedVidBench `next_action`): which step of the list follows the clip?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.labels import next_action_labels
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.reading import plain
from medgrpo.tasks.task import TaskCard

_LEAD = re.compile(r"^(?:the )?(?:final )?(?:answer|next (?:action|step|phase))\s{0,3}(?:is\b|:)\s{0,3}", re.IGNORECASE)
_AROUND = " \t\r\n\"'“”‘’."
_MAX_CHARACTERS = 120
NO_STEP = "no further step"
"""Offered in a list of steps, it is the answer where the recording ends with the clip's step."""
_ASK = (
    "The procedure has these steps: {steps}. Which step comes after this clip? Answer with the step alone.",
    "Steps of the procedure: {steps}. Name the one that follows what the clip shows, and nothing else.",
    "Which of these comes next once the clip is over: {steps}? Give only its name.",
    "The clip breaks off. Choose what is done next from this list: {steps}. Answer with one entry of the list.",
)


@dataclass(frozen=True, slots=True)
class NextActionAnswer:
    """One label, as given; `key` is what is compared."""

    label: str

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a label holds at least one letter or digit")

    @property
    def key(self) -> str:
        """Without regard to case, and with hyphens and underscores as spaces."""
        return " ".join(re.sub(r"[-_]", " ", self.label).casefold().split())


class NextAction:
    """The next step: right or wrong, no nearest label."""

    card = TaskCard(
        name="next_action",
        qa_types=("next_action",),
        leaderboard_keys=("nap_acc",),
        sources=("AVOS", "CholecT50", "CoPESD", "EgoSurgery", "NurViD"),
        metric="1 where the reply is the reference's label and nothing else (case, hyphens and old CoPESD names aside), else 0",
        answer_tokens=32,
        constant_candidates=50,
    )

    def prompt(self, source: str, steps: Sequence[str], variant: int = 0) -> str:
        """The question with its list of steps."""
        return question(source, variant, choose(_ASK, variant).format(steps=", ".join(steps)))

    def parse(self, reply: str) -> NextActionAnswer | Unparsed:
        """A reply of one line that can be a label; whether it is one of the list, the score says."""
        if len(reply) > _MAX_CHARACTERS * 4:
            return Unparsed.of(reply, "longer than any label")
        text = _bare(reply)
        if not text:
            return Unparsed.of(reply, "empty")
        if len(text.splitlines()) > 1:
            return Unparsed.of(reply, "more than one line")
        if len(text) > _MAX_CHARACTERS or _bare(text) != text:
            return Unparsed.of(reply, "longer than any label" if len(text) > _MAX_CHARACTERS else "more than a label")
        try:
            return NextActionAnswer(text)
        except ValueError:
            return Unparsed.of(reply, "no label")

    def write(self, answer: NextActionAnswer) -> str:
        """The label alone."""
        return answer.label

    def reference(self, struc_info: object, gnd: str) -> NextActionAnswer | Unparsed:
        """The text; the structured part is not needed."""
        del struc_info
        label = gnd.strip(_AROUND)
        return NextActionAnswer(label) if any(map(str.isalnum, label)) else Unparsed.of(gnd, "reference: no label")

    def score(self, answer: NextActionAnswer | Unparsed, reference: NextActionAnswer) -> Score:
        if isinstance(answer, Unparsed):
            return Score(0.0, {}, answer.reason)
        right = float(_renamed(answer).key == _renamed(reference).key)
        return Score(right, {"correct": right})


def _bare(reply: str) -> str:
    return _LEAD.sub("", plain(reply)).strip(_AROUND)


def _renamed(answer: NextActionAnswer) -> NextActionAnswer:
    new = next_action_labels().renamed.get(answer.label.casefold())
    return NextActionAnswer(new) if new else answer
