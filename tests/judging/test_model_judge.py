"""A judge over a model that does everything that models do wrong."""

import asyncio
import multiprocessing
from pathlib import Path

import pytest

from medgrpo.core import DataError, InputError, ModelError
from medgrpo.judging import Account, Budget, JudgeOptions, ModelJudge, prompt_for, prompt_hash
from medgrpo.library import Replies
from medgrpo.models import Completion, Failure, ModelCard
from medgrpo.tasks import CaptionPair, RubricKind

GOOD = "R2: 4\nR3: 3\nR8: 5\nR5: 4\nR4: 5"


class FakeModel:
    """`replies` are given in the order of the calls, the last one again and again; an exception is raised, a number is a pause."""

    def __init__(self, *replies, tokens=None):
        self.card = ModelCard(name="fake", backend="fake", revision="7", sampling=None)
        self.replies, self.tokens = list(replies), tokens
        self.asked, self.under_way, self.most_at_once = [], 0, 0

    async def generate(self, requests):
        self.under_way += len(requests)
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            return [await self._one(request) for request in requests]
        finally:
            self.under_way -= len(requests)

    async def _one(self, request):
        self.asked.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await asyncio.sleep(reply if isinstance(reply, float) else 0)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Failure):
            return reply
        prompt, words = self.tokens or (None, None)
        return Completion(GOOD if isinstance(reply, float) else reply, "stop", prompt, words, 0.0)


PAIRS = [CaptionPair(f"caption {number}", "reference") for number in range(6)]
ABSOLUTE, COMPARATIVE = RubricKind.ABSOLUTE, RubricKind.COMPARATIVE


def judge_of(model, kind=COMPARATIVE, replies=None, account=None, **options):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    judge = ModelJudge(model, kind, replies, JudgeOptions(**options), account, sleep)
    judge.waits = waits
    return judge


def rate(judge, pairs=PAIRS):
    return asyncio.run(judge.rate(pairs))


def test_one_rating_per_pair_in_order_and_none_is_asked_twice():
    model = FakeModel(GOOD, GOOD.replace("R2: 4", "R2: 1"), GOOD)
    judge = judge_of(model, concurrency=1)
    ratings = rate(judge, [PAIRS[0], PAIRS[1], PAIRS[0]])
    assert [rating.grades["R2"] for rating in ratings] == [4, 1, 4]
    assert len(model.asked) == 2
    assert judge.tally.success_rate == 1
    assert '"caption 0"' in model.asked[0].prompt
    assert judge.name == f"fake@7 comparative-1 ({prompt_hash(COMPARATIVE)})"


@pytest.mark.parametrize(
    "garbage", ["", "I would say 4", GOOD.replace("R4: 5", "R4: 9"), GOOD.replace("R4: 5", ""), GOOD + "\nR4: 1"]
)
def test_garbage_is_asked_again_and_then_unscored(garbage):
    model = FakeModel(garbage, garbage, GOOD)
    judge = judge_of(model)
    assert rate(judge, PAIRS[:1])[0].mean == 4.2
    assert judge.waits == [1, 2]
    model = FakeModel(garbage)
    judge = judge_of(model)
    assert rate(judge, PAIRS[:1]) == [None]
    assert len(model.asked) == 5
    assert sum(judge.tally.unscored.values()) == 1
    assert judge.tally.success_rate == 0


def test_the_absolute_rubric_is_read_as_the_evaluator_does_but_within_range():
    assert rate(judge_of(FakeModel("**R2**: 4, R3 = 3; R8 5 R5: 4 R4: 5/5"), ABSOLUTE), PAIRS[:1])[0].mean == 4.2
    assert rate(judge_of(FakeModel(GOOD.replace("R2: 4", "R2: 40")), ABSOLUTE, calls=2), PAIRS[:1]) == [None]
    assert prompt_hash(ABSOLUTE) != prompt_hash(COMPARATIVE)


def test_a_call_that_takes_too_long_is_tried_again():
    judge = judge_of(FakeModel(5.0, GOOD), timeout_seconds=0.01)
    assert rate(judge, PAIRS[:1])[0] is not None
    judge = judge_of(FakeModel(5.0), timeout_seconds=0.01, calls=2)
    assert rate(judge, PAIRS[:1]) == [None]
    assert judge.tally.unscored == {"Failure: no reply within 0.01 s": 1}


def test_failures_are_tried_again_unless_they_last():
    model = FakeModel(Failure("502", lasting=False), GOOD)
    assert rate(judge_of(model), PAIRS[:1])[0] is not None
    model = FakeModel(Failure("refused by a filter", lasting=True))
    judge = judge_of(model)
    assert rate(judge, PAIRS[:1]) == [None]
    assert (len(model.asked), judge.tally.unscored) == (1, {"refused by a filter": 1})


def test_a_model_that_is_gone_ends_the_run():
    model = FakeModel(GOOD, Failure("connection refused", lasting=False))
    with pytest.raises(ModelError, match="50 calls in a row failed, the last: connection refused"):
        rate(judge_of(model, concurrency=2), [CaptionPair(str(number), "x") for number in range(100)])
    assert len(model.asked) <= 53


@pytest.mark.parametrize(("concurrency", "first"), [(1, 3), (5, 5)])
def test_a_model_that_was_never_there_ends_the_run_at_once(concurrency, first):
    model = FakeModel(Failure("connection refused", lasting=False))
    with pytest.raises(ModelError, match=f"the first {first} calls failed, the last: connection refused"):
        rate(judge_of(model, concurrency=concurrency))
    assert len(model.asked) <= first + concurrency


def test_a_missing_key_ends_the_run_and_keeps_what_was_replied(tmp_path):
    replies = Replies(tmp_path / "r.jsonl")
    with pytest.raises(ModelError, match="401"):
        rate(judge_of(FakeModel(GOOD, GOOD, ModelError("no key: 401")), replies=replies, concurrency=1))
    judge = judge_of(FakeModel(GOOD), replies=Replies(tmp_path / "r.jsonl"))
    assert None not in rate(judge)
    assert (judge.tally.asked, judge.tally.from_cache) == (4, 2)


def test_no_more_at_once_than_allowed():
    model = FakeModel(0.002)
    assert None not in rate(judge_of(model, concurrency=3))
    assert model.most_at_once == 3


def test_a_reached_budget_leaves_the_rest_unscored_and_is_never_passed():
    tokens = len(prompt_for(COMPARATIVE, PAIRS[0])) // 3  # more than the estimate reckons with
    most = 3 * tokens + 2000
    for budget in (Budget(tokens=most), Budget(money=most / 1e6, price_in=1, price_out=1)):
        judge = judge_of(FakeModel(GOOD, tokens=(tokens, 20)), concurrency=2, account=Account(budget))
        ratings = rate(judge, [CaptionPair(f"caption {number:02}", "reference") for number in range(20)])
        assert 2 <= sum(rating is not None for rating in ratings) < 8
        assert judge.tally.unscored == {"budget reached": ratings.count(None)}
        assert judge.account.prompt_tokens + judge.account.reply_tokens <= most


def test_a_budget_that_is_enough_is_not_lost_to_calls_under_way():
    most = len(prompt_for(COMPARATIVE, PAIRS[0])) + 400  # one call can be set aside for at a time, all six can be paid
    judge = judge_of(FakeModel(0.001, tokens=(20, 20)), concurrency=3, account=Account(Budget(tokens=most)))
    assert None not in rate(judge)


def test_judges_with_one_account_have_one_budget():
    tokens = len(prompt_for(COMPARATIVE, PAIRS[0])) // 3
    account = Account(Budget(tokens=3 * tokens + 2000))
    both = [judge_of(FakeModel(GOOD, tokens=(tokens, 20)), kind, account=account) for kind in (COMPARATIVE, ABSOLUTE)]
    assert [len([one for one in rate(judge) if one is not None]) < 6 for judge in both] == [True, True]
    assert account.prompt_tokens + account.reply_tokens <= 3 * tokens + 2000


def test_the_estimate_counts_what_the_cache_answers(tmp_path):
    budget = Budget(price_in=2, price_out=8)
    judge = judge_of(FakeModel(GOOD), replies=Replies(tmp_path / "r.jsonl"), account=Account(budget))
    before = judge.estimate(PAIRS)
    assert (before.pairs, before.known) == (6, 0)
    assert before.cost == (before.prompt_tokens * 2 + before.reply_tokens * 8) / 1e6
    assert before.worst_cost > before.cost
    rate(judge)
    assert judge.estimate(PAIRS).prompt_tokens == 0
    assert "6 pairs, 6 answered by the cache" in str(judge.estimate(PAIRS))


@pytest.mark.parametrize("wrong", [{"money": 1.0}, {"price_in": 1.0}, {"tokens": -1}, {"price_in": float("nan"), "price_out": 1.0}])
def test_a_budget_that_makes_no_sense(wrong):
    with pytest.raises(InputError):
        Budget(**wrong)


def test_a_second_run_asks_nothing_also_for_what_failed(tmp_path):
    path = tmp_path / "r.jsonl"
    first = judge_of(FakeModel("nonsense"), replies=Replies(path), calls=2)
    assert rate(first, PAIRS[:2]) == [None, None]
    again = judge_of(FakeModel(GOOD), replies=Replies(path), calls=2)
    assert rate(again, PAIRS[:2]) == [None, None]
    assert (again.tally.asked, again.tally.from_cache, again.waits) == (0, 4, [])
    other = judge_of(FakeModel(GOOD), ABSOLUTE, Replies(path))
    assert other.estimate(PAIRS[:2]).known == 0


def test_cancelled_in_the_middle_and_resumed(tmp_path):
    async def stopped(judge):
        task = asyncio.ensure_future(judge.rate(PAIRS))
        while judge.tally.scored < 2:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    path = tmp_path / "r.jsonl"
    model = FakeModel(0.005)
    judge = judge_of(model, replies=Replies(path), concurrency=1)
    asyncio.run(stopped(judge))
    assert model.under_way == 0
    resumed = judge_of(FakeModel(GOOD), replies=Replies(path))
    assert None not in rate(resumed)
    assert resumed.tally.from_cache >= 2
    assert resumed.tally.asked + resumed.tally.from_cache == 6


def test_a_torn_last_line_is_none_and_a_damaged_one_is_named(tmp_path):
    path = tmp_path / "r.jsonl"
    rate(judge_of(FakeModel(GOOD), replies=Replies(path)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    judge = judge_of(FakeModel(GOOD), replies=Replies(path))
    assert None not in rate(judge)
    assert judge.tally.asked == 1
    assert path.read_bytes().count(b"\n") == 6
    path.write_bytes(b"{broken\n" + whole)
    with pytest.raises(DataError, match="line 1 is damaged"):
        Replies(path)


def _write(path, name):
    replies = Replies(Path(path))
    for number in range(40):
        replies.keep(f"{name}-{number}", f"reply {number}\nof {name}")


def test_processes_share_the_file(tmp_path):
    path = tmp_path / "r.jsonl"
    mine = Replies(path)
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_write, args=(str(path), name)) for name in "ab"]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert all(mine.get(f"{name}-{number}") == f"reply {number}\nof {name}" for name in "ab" for number in range(40))
    assert mine.get("c-0") is None
    assert len(path.read_text().splitlines()) == 80
