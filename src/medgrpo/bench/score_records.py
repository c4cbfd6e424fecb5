"""Generated MedVidBench records for the benchmark of scoring: the test set's numbers per task, answers of the documented forms."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from medgrpo.tasks import ASPECTS, CRITERIA, next_action_labels

SHARES: Mapping[str, int] = {
    "tal": 1637, "stg": 780, "dense_captioning_gpt": 751, "dense_captioning_gemini": 728, "next_action": 670,
    "cvs_assessment": 648, "video_summary_gpt": 263, "video_summary_gemini": 302, "region_caption_gpt": 138,
    "region_caption_gemini": 168, "skill_assessment": 160,
}  # fmt: skip
"""Questions per type in the public test set (its data card): 6,245 in all."""
_WORDS = (
    "the", "surgeon", "retracts", "cuts", "irrigates", "dissects", "tissue", "near", "vessel", "with", "grasper", "hook",
    "scissors", "and", "checks", "for", "bleeding",
)  # fmt: skip


def make_rows(count: int, seed: int, free_share: float = 0.0) -> list[dict[str, Any]]:
    """As many records as asked for, in the test set's proportions and a random order. Answers are near the reference, not equal.

    `free_share` of the answers to next_action are a sentence around the label instead of the label.
    """
    rng = random.Random(seed)
    kinds = [kind for kind, number in SHARES.items() for _ in range(number)]
    kinds = [kinds[index % len(kinds)] for index in range(count)] if count >= len(kinds) else rng.sample(kinds, count)
    rng.shuffle(kinds)
    return [_row(kind, number, rng, free_share) for number, kind in enumerate(kinds)]


_FREE = ("The next step is {}.", "{}.", "Next: {}", "I think that {} comes next")


def _row(kind: str, number: int, rng: random.Random, free_share: float) -> dict[str, Any]:
    source, struc_info, gnd, prediction = _content(kind, rng)
    if kind == "next_action" and rng.random() < free_share:
        prediction = rng.choice(_FREE).format(prediction)
    video, fps = f"gen{number % 626:04d}", rng.choice(("0.5", "0.5", "1.0", "2.0"))
    return {
        "id": f"{video}&&{number}&&{fps}",
        "qa_type": kind,
        "data_source": source,
        "metadata": {"video_id": video, "fps": fps},
        "question": "What happens in the clip?",
        "struc_info": struc_info,
        "gnd": gnd,
        "prediction": prediction,
    }


def _content(kind: str, rng: random.Random) -> tuple[str, Any, str, str]:
    if kind == "tal":
        spans = _spans(rng, rng.choice((1, 1, 1, 2, 3)))
        near = [(max(0.0, start + rng.uniform(-4, 4)), end + rng.uniform(-4, 4)) for start, end in spans]
        text = ", ".join(f"{start:.1f}-{end:.1f}" for start, end in near) + " seconds."
        return rng.choice(("AVOS", "CholecT50", "CoPESD")), [{"spans": [_bounds(*span) for span in spans]}], text, text
    if kind == "stg":
        boxes = {f"{index * 4.0:.1f}": _box(rng) for index in range(rng.randint(3, 8))}
        text = " ".join(
            f"{time} seconds: [{', '.join(str(value + rng.randint(-20, 20)) for value in box)}]" for time, box in boxes.items()
        )
        return "CholecTrack20", [{"bbox_dict": boxes}], text, text
    if "dense" in kind:
        spans = _spans(rng, rng.randint(2, 8))
        events = [{**_bounds(*span), "caption": _sentence(rng, 14)} for span in spans]
        lines = [f"{start + rng.uniform(0, 2):.1f}-{end:.1f} seconds: {_sentence(rng, 14)}" for start, end in spans]
        return rng.choice(("AVOS", "NurViD", "CoPESD")), events, "\n".join(lines), "\n".join(lines)
    if kind == "next_action":
        source = rng.choice(("AVOS", "CholecT50", "CoPESD"))
        labels = next_action_labels().fixed[source]
        return source, [], rng.choice(labels), rng.choice(labels)
    if kind == "cvs_assessment":
        grades = {name: rng.choice((0, 0, 0, 1, 2)) for name in CRITERIA}
        text = ", ".join(f"{name}: {rng.choice((0, 0, 1))}" for name in CRITERIA)
        return (
            "Cholec80_CVS",
            [{"cvs_scores": {name.lower().replace(" ", "_"): grade for name, grade in grades.items()}}],
            text,
            text,
        )
    if kind == "skill_assessment":
        text = ", ".join(f"{name}: {rng.randint(1, 5)}/5" for name in ASPECTS)
        return "JIGSAWS", [{"skill_scores": {name: rng.randint(1, 5) for name in ASPECTS}, "skill_level": "N"}], text, text
    return "CholecT50", [], _sentence(rng, 40), _sentence(rng, 40)


def _spans(rng: random.Random, count: int) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    at = 0.0
    for _ in range(count):
        start = at + rng.uniform(1, 15)
        at = start + rng.uniform(3, 40)
        spans.append((round(start, 1), round(at, 1)))
    return spans


def _bounds(start: float, end: float) -> dict[str, float]:
    return {"start": start, "end": end}


def _box(rng: random.Random) -> list[int]:
    x, y = rng.randint(50, 500), rng.randint(50, 300)
    return [x, y, x + rng.randint(60, 300), y + rng.randint(60, 200)]


def _sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words)).capitalize() + "."
