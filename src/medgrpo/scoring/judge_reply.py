"""The caption judge of the leaderboard without the model: reading a reply, when to ask again, and how scores become one figure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

CODES = ("R2", "R3", "R8", "R5", "R4")
"""Medical terminology, anatomy and instruments, specificity, clinical context, actions and states: in the order of the request."""
CALLS = 5
_FORMS = {
    code: tuple(
        re.compile(form)
        for form in (
            rf"{code}:\s*(\d+)",
            rf"{code}\s*=\s*(\d+)",
            rf"{code}\s*:\s*(\d+)",
            rf"{code}\s+(\d+)",
            rf"\*\*{code}\*\*\s*:\s*(\d+)",
        )
    )
    for code in CODES
}

Scores = Mapping[str, int]


def parse_judge_reply(reply: str) -> dict[str, int] | None:
    """The five scores as the evaluator reads them (no range check), None unless all five are there.

    Per code the five forms are tried in turn on the whole reply, so the order of forms beats the order in the text.
    """
    scores: dict[str, int] = {}
    for code, forms in _FORMS.items():
        found = next((match for form in forms if (match := form.search(reply))), None)
        if found is None:
            return None
        scores[code] = int(found[1])
    return scores


@dataclass(frozen=True, slots=True)
class Asked:
    """How asking ended: the scores (None: failed), the number of calls, the waits in seconds, the replies verbatim."""

    scores: Scores | None
    calls: int
    waits_seconds: tuple[float, ...]
    replies: tuple[str | None, ...]
    error: str = ""


class JudgeCallFailed(Exception):
    """What a backend raises when one call gives no reply; `kind` is the class name of the backend's own error."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)

    @property
    def rate_limited(self) -> bool:
        return "rate_limit" in str(self) or "RateLimitError" in self.kind


async def ask_judge(
    call: Callable[[], Awaitable[str | None]],
    sleep: Callable[[float], Awaitable[object]],
    calls: int = CALLS,
    parse: Callable[[str], Scores | None] = parse_judge_reply,
) -> Asked:
    """Ask until a reply holds all five scores, at most `calls` times, waiting 1, 2, 4, 8 s between (4 times that at a rate limit).

    The wait's place in its sequence is the number of the call. An empty reply (None) counts as a failed call. `parse` reads
    the five scores of a reply; the default is the evaluator's reading.
    """
    waits: list[float] = []
    replies: list[str | None] = []
    error = ""
    for number in range(calls):
        factor = 1
        try:
            reply = await call()
            replies.append(reply)
            scores = None if reply is None else parse(reply)
            if scores is not None:
                return Asked(scores, number + 1, tuple(waits), tuple(replies))
            error = "no reply" if reply is None else "a score is missing in the reply"
        except JudgeCallFailed as failure:
            error = f"{failure.kind}: {failure}"
            factor = 4 if failure.rate_limited else 1
        if number + 1 < calls:
            waits.append(float(factor * 2**number))
            await sleep(waits[-1])
    return Asked(None, calls, tuple(waits), tuple(replies), error)


@dataclass(frozen=True, slots=True)
class JudgedCaptions:
    """A judged caption task: `score` None when no pair could be scored; of `asked` pairs `scored` got all five scores."""

    score: float | None
    aspects: Mapping[str, float]
    scored: int
    asked: int

    @property
    def success_rate(self) -> float:
        return self.scored / self.asked if self.asked else 0.0


def caption_score(pairs: Sequence[tuple[str, str, Scores | None]]) -> JudgedCaptions:
    """Video summary, region caption: mean over the codes of the mean over pairs; empty sides and failed pairs are left out."""
    asked = [scores for prediction, reference, scores in pairs if prediction and reference]
    known = [scores for scores in asked if scores is not None]
    if not known:
        return JudgedCaptions(None, {}, 0, len(asked))
    aspects = {code: sum(scores[code] for scores in known) / len(known) for code in CODES}
    return JudgedCaptions(sum(aspects.values()) / len(CODES), aspects, len(known), len(asked))


def dense_caption_score(scores_by_threshold: Mapping[str, Sequence[Scores | None]]) -> float:
    """One data source of dense captioning: codes and thresholds whose mean is 0 are dropped; 0 when nothing is left."""
    per_threshold: list[float] = []
    for scores in scores_by_threshold.values():
        known = [values for values in scores if values is not None]
        means = [sum(values[code] for values in known) / len(known) for code in CODES] if known else []
        kept = [mean for mean in means if mean != 0]
        per_threshold.append(sum(kept) / len(kept) if kept else 0.0)
    kept = [value for value in per_threshold if value != 0]
    return sum(kept) / len(kept) if kept else 0.0
