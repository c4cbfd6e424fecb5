"""What commands with a judge share: its options, and how it is opened and asked."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from medgrpo.cli.command import positive, whole

if TYPE_CHECKING:
    from medgrpo.judging import Account, ModelJudge, OfflineJudge
    from medgrpo.scoring import Ratings, Records
    from medgrpo.tasks import CaptionPair, Rating, RubricKind

OFFLINE = "offline"


def add_caption_options(parser: argparse.ArgumentParser) -> None:
    """How captions are scored."""
    parser.add_argument(
        "--captions",
        choices=("none", "similarity"),
        default="none",
        help="how captions are scored without a judge: not at all (default), or by mean cosine similarity (extra `similarity`)",
    )
    parser.add_argument(
        "--judge",
        metavar="offline|URL|MODEL",
        help="score captions by a judge: `offline` (concepts and a sentence model, extra `similarity`), an endpoint that speaks "
        "OpenAI's chat completions, with --judge-model, or any model that `evaluate run` takes (docs/judging.md)",
    )
    add_judge_options(parser)


def check_caption_options(args: argparse.Namespace) -> None:
    """InputError when two ways were asked for."""
    from medgrpo.core import InputError

    if args.judge is not None and args.captions != "none":
        raise InputError("--judge and --captions similarity score the same captions: give one of them")


def add_judge_options(parser: argparse.ArgumentParser) -> None:
    """All but `--judge` itself, which each command words in its own way."""
    parser.add_argument("--judge-model", metavar="NAME", help="the model's name at the judge's endpoint")
    parser.add_argument(
        "--judge-replies",
        metavar="FILE",
        type=Path,
        default=Path("judge_replies.jsonl"),
        help="where a model's replies are kept, so that nothing is asked twice (default: judge_replies.jsonl)",
    )
    parser.add_argument("--judge-concurrency", metavar="N", type=whole, default=10, help="questions at once (default: 10)")
    parser.add_argument("--judge-timeout", metavar="SECONDS", type=positive, default=30.0, help="of one question (default: 30)")
    parser.add_argument("--judge-budget-tokens", metavar="N", type=whole, help="tokens that may be spent; the rest stays unscored")
    parser.add_argument("--judge-budget-money", metavar="X", type=positive, help="money that may be spent (with both prices)")
    parser.add_argument("--judge-price-in", metavar="X", type=positive, help="money per million tokens of questions")
    parser.add_argument("--judge-price-out", metavar="X", type=positive, help="money per million tokens of replies")


def judge_account(args: argparse.Namespace) -> Account:
    """One account for all judges of a command; InputError for a budget that makes no sense."""
    from medgrpo.judging import Account, Budget

    return Account(Budget(args.judge_budget_tokens, args.judge_budget_money, args.judge_price_in, args.judge_price_out))


def open_judge(args: argparse.Namespace, judge: str, kind: RubricKind, account: Account) -> OfflineJudge | ModelJudge:
    """The judge that `--judge` names, for one rubric: `offline`, or any model that `open_model` opens."""
    from medgrpo.core import InputError
    from medgrpo.judging import JudgeOptions, ModelJudge, OfflineJudge
    from medgrpo.library import Replies
    from medgrpo.models import ModelOptions, open_model

    if judge == OFFLINE:
        return OfflineJudge()
    if judge.startswith(("http://", "https://")) and args.judge_model is None:
        raise InputError("--judge with an endpoint needs --judge-model: the model's name there")
    options = JudgeOptions(args.judge_concurrency, timeout_seconds=args.judge_timeout)
    told = ModelOptions(
        endpoint_model=args.judge_model or "", concurrency=args.judge_concurrency, timeout_seconds=args.judge_timeout
    )
    return ModelJudge(open_model(judge, told), kind, Replies(args.judge_replies), options, account)


def protocol_ratings(args: argparse.Namespace, records: Records, protocol: str) -> dict[str, Ratings]:
    """What the judge says, by protocol: the leaderboard's rubric is absolute, ours comparative. The offline judge has only one.

    `protocol` is `leaderboard`, `strict` or `both`; empty without `--judge`.
    """
    from medgrpo.scoring import Ratings, caption_pairs
    from medgrpo.tasks import RubricKind

    found: dict[str, Ratings] = {}
    rubrics: tuple[tuple[Literal["leaderboard", "strict"], RubricKind], ...] = (
        ("leaderboard", RubricKind.ABSOLUTE),
        ("strict", RubricKind.COMPARATIVE),
    )
    asked: str | None = args.judge
    if asked is None:
        return found
    account = judge_account(args)
    for name, kind in rubrics:
        if protocol in (name, "both"):
            judge = open_judge(args, asked, kind, account)
            pairs = caption_pairs(records, name)
            found[name] = Ratings(judge.name, judge.kind, dict(zip(pairs, ask_judge(judge, pairs), strict=True)))
    return found


def ask_judge(judge: OfflineJudge | ModelJudge, pairs: Sequence[CaptionPair]) -> list[Rating | None]:
    """Ratings in order. For a model the estimate is told before, and what was not scored, by reason, after; progress on stderr.

    ModelError when a model rated no pair at all, naming the commonest reason.
    """
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import ModelError
    from medgrpo.judging import OfflineJudge

    if isinstance(judge, OfflineJudge):
        return asyncio.run(judge.rate(pairs))
    sys.stderr.write(f"medgrpo: judge {judge.name}: {judge.estimate(pairs)}\n")
    try:
        with titled_progress() as listen:
            ratings = asyncio.run(judge.rate(pairs, lambda done, total: listen(f"judging, {judge.kind.value}", done, total)))
    finally:
        tally, account = judge.tally, judge.account
        money = "" if account.cost is None else f", {account.cost:.4f} in money"
        spent = f"{account.prompt_tokens + account.reply_tokens} tokens{money}"
        reasons = "".join(f"; {count} unscored: {reason}" for reason, count in sorted(tally.unscored.items()))
        sys.stderr.write(
            f"medgrpo: {tally.scored} of {tally.pairs} pairs rated, {tally.asked} calls, {tally.from_cache} replies from "
            f"the cache, {spent} so far{reasons}\n"
        )
    if ratings and all(rating is None for rating in ratings):
        reason, _ = judge.tally.unscored.most_common(1)[0]
        raise ModelError(f"judge {judge.name}: 0 of {len(ratings)} pairs rated, most often: {reason}")
    return ratings
