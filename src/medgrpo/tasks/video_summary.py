"""Video summary (MedVidBench `video_summary_*`): the clip in a short paragraph."""

from __future__ import annotations

from medgrpo.core import Score, Unparsed
from medgrpo.tasks.captions import Caption, parse_caption, score_caption
from medgrpo.tasks.prompts import choose, question
from medgrpo.tasks.task import TaskCard

_ASK = (
    "Summarise the clip in a short paragraph: what is done, with what, and to what end.",
    "Write a short paragraph that says what happens in the clip and why.",
    "What is this clip about? Answer in a short paragraph that names the main actions and their purpose.",
)


class VideoSummary:
    """A paragraph about the whole clip."""

    card = TaskCard(
        name="video_summary",
        qa_types=("video_summary_gpt", "video_summary_gemini"),
        leaderboard_keys=("vs_llm",),
        sources=("CholecT50", "CoPESD"),
        metric="five clinical dimensions, 1 to 5, by a judge; without one nothing is scored but an empty answer, which is wrong",
        answer_tokens=512,
        needs_judge=True,
    )

    def prompt(self, source: str, variant: int = 0) -> str:
        """The question."""
        return question(source, variant, choose(_ASK, variant))

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
