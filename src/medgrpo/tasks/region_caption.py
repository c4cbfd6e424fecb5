"""Region caption (MedVidBench `region_caption_*`): what does the object in the drawn box do?"""

from __future__ import annotations

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.captions import Caption, parse_caption, score_caption
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.task import TaskCard

_ASK = (
    "What does the object in the box at {at} seconds do between {start} and {end} seconds?",
    "A box is drawn at {at} seconds. Say in one sentence what the object in it does from {start} to {end} seconds.",
    "Describe in one sentence, from {start} to {end} seconds, what is done with the object that the box at {at} seconds marks.",
)


class RegionCaption:
    """A sentence about the object in a box that is drawn on one frame."""

    card = TaskCard(
        name="region_caption",
        qa_types=("region_caption_gpt", "region_caption_gemini"),
        leaderboard_keys=("rc_llm",),
        sources=("CholecTrack20", "EgoSurgery"),
        metric="five clinical dimensions, 1 to 5, by a judge; without one nothing is scored but an empty answer, which is wrong",
        answer_tokens=256,
        needs_judge=True,
    )

    def prompt(self, source: str, at: float, start: float, end: float, variant: int = 0) -> str:
        """The question about the box drawn at one time."""
        return question(source, variant, choose(_ASK, variant).format(at=f"{at:g}", start=f"{start:g}", end=f"{end:g}"))

    def parse(self, reply: str) -> Caption | Unparsed:
        """Any text."""
        return parse_caption(reply)

    def write(self, answer: Caption) -> str:
        """The text."""
        return answer.text

    def reference(self, struc_info: object, gnd: str) -> Caption | Unparsed:
        """The text."""
        del struc_info
        return parse_caption(gnd)

    def score(self, answer: Caption | Unparsed, reference: Caption) -> Score:
        del reference
        return score_caption(answer)
