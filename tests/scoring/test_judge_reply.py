"""The judge without a model: replies, retries, and figures from given scores."""

import asyncio

from medgrpo.scoring import JudgeCallFailed, ask_judge, caption_score, dense_caption_score, parse_judge_reply

GOOD = "R2: 4\nR3: 3\nR8: 5\nR5: 4\nR4: 5"


def ask(*replies):
    waits, left = [], list(replies)

    async def call():
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def sleep(seconds):
        waits.append(seconds)

    return asyncio.run(ask_judge(call, sleep)), waits


def test_waits_double_and_are_longer_at_a_rate_limit():
    asked, waits = ask("R2: 4", JudgeCallFailed("RateLimitError", ""), JudgeCallFailed("TimeoutError", ""), GOOD)
    assert asked.scores == {"R2": 4, "R3": 3, "R8": 5, "R5": 4, "R4": 5}
    assert waits == [1, 8, 4]
    asked, waits = ask(*[None] * 5)
    assert (asked.scores, asked.calls, waits) == (None, 5, [1, 2, 4, 8])
    assert asked.error == "no reply"


def test_the_order_of_forms_beats_the_order_in_the_text():
    assert parse_judge_reply("R2 = 1\n" + GOOD.replace("R2: 4", "R2: 5"))["R2"] == 5
    assert parse_judge_reply("r2: 4") is None


def test_figures_leave_out_what_failed():
    scores = {"R2": 4, "R3": 2, "R8": 1, "R5": 5, "R4": 2}
    judged = caption_score([("a", "b", scores), ("", "b", scores), ("a", "b", None)])
    assert (judged.score, judged.scored, judged.asked, judged.success_rate) == (2.8, 1, 2, 0.5)
    assert caption_score([("a", "b", None)]).score is None
    zero = {"R2": 0, "R3": 3, "R8": 0, "R5": 0, "R4": 0}
    assert dense_caption_score({"0.3": [zero], "0.5": [None], "0.7": []}) == 3
