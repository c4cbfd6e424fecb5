"""What all questions share: who the model is, and what the clip of a source shows. The task's own sentence is in its file.

Our wording, to the documented form: a role sentence, a sentence about the source, a sentence that asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ROLES = (
    "You are an expert in medical video analysis.",
    "You watch clinical procedures on video and report what you see.",
    "You are an experienced clinician who reviews recordings of procedures.",
)
CONTEXTS: Mapping[str, tuple[str, ...]] = {
    "CholecT50": (
        "The clip shows a laparoscopic cholecystectomy, seen through the laparoscope.",
        "This is endoscopic video of a gallbladder being removed by keyhole surgery.",
    ),
    "CholecTrack20": (
        "The clip shows a laparoscopic cholecystectomy in which the instruments are followed.",
        "This is laparoscopic video of a gallbladder removal with several instruments at work.",
    ),
    "Cholec80-CVS": (
        "The clip shows the dissection before clipping in a laparoscopic cholecystectomy.",
        "This is laparoscopic video of the time in which the critical view of safety is sought.",
    ),
    "CoPESD": (
        "The clip shows an endoscopic submucosal dissection with forceps and knife.",
        "This is endoscopic video of a submucosal dissection: forceps hold the flap, a knife cuts.",
    ),
    "AVOS": (
        "The clip shows open surgery, filmed from outside.",
        "This is video of an open operation in which tissue is cut, tied or sutured.",
    ),
    "EgoSurgery": (
        "The clip shows open surgery from a camera on the surgeon's head.",
        "This is first-person video of an open operation.",
    ),
    "JIGSAWS": (
        "The clip shows a training task on a robotic bench-top model.",
        "This is video of an exercise with a surgical robot on a bench-top model.",
    ),
    "Simulated": (
        "The clip shows a drawn, simulated operation.",
        "This is a simulated procedure, drawn by software.",
    ),
    "NurViD": (
        "The clip shows a nursing procedure.",
        "This is video of a nurse carrying out a procedure step by step.",
    ),
}
"""By source, in the paraphrases that a variant chooses from."""


def choose(texts: Sequence[str], variant: int) -> str:
    """One of several wordings; any whole number is a variant."""
    return texts[variant % len(texts)]


def question(source: str, variant: int, sentence: str) -> str:
    """Role, source and task sentence in one line; a source that is not known adds no sentence."""
    context = CONTEXTS.get(source)
    parts = (choose(ROLES, variant), choose(context, variant) if context else "", sentence)
    return " ".join(part for part in parts if part)
