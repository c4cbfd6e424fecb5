"""`medgrpo evaluate score`: score a file of MedVidBench answers, as the leaderboard does, strictly, or both side by side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from medgrpo.cli.command import Subparsers
from medgrpo.cli.judges import add_judge_options, ask_judge, judge_account, open_judge

if TYPE_CHECKING:
    from medgrpo.scoring import Ratings, Records


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "score",
        help="score a file of MedVidBench answers",
        description="Score answers to MedVidBench questions. RECORDS holds one record per line, an array of records, or the "
        "official results object; or give --submission and --ground-truth, which are joined by position as the leaderboard "
        "does. `leaderboard` gives the official figures, accidents included; `strict` ours, with baselines and intervals "
        "(docs/metrics.md).",
    )
    parser.add_argument("records", metavar="RECORDS", nargs="?", type=Path, help="records with their answers (JSONL or JSON)")
    parser.add_argument("--submission", metavar="FILE", type=Path, help="an uploaded submission (with --ground-truth)")
    parser.add_argument("--ground-truth", metavar="FILE", type=Path, help="the questions with their references, in the same order")
    parser.add_argument(
        "--protocol", choices=("leaderboard", "strict", "both"), default="both", help="which figures (default: both)"
    )
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
    parser.add_argument("--json", metavar="FILE", type=Path, help="write one score per record, in order, and the summary")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.cli.output import write_text
    from medgrpo.cli.score_tables import show_scores
    from medgrpo.core import InputError
    from medgrpo.scoring import (
        JoinError,
        LazyMiniLM,
        Remembering,
        as_json,
        load_minilm,
        read_records,
        read_submission,
        score_file,
        stopped,
    )

    if (args.submission is None) != (args.ground_truth is None):
        raise InputError("--submission and --ground-truth go together")
    if args.judge is not None and args.captions != "none":
        raise InputError("--judge and --captions similarity score the same captions: give one of them")
    if (args.records is None) == (args.submission is None):
        raise InputError("give either RECORDS or --submission with --ground-truth")
    try:
        records = read_records(args.records) if args.records is not None else read_submission(args.submission, args.ground_truth)
    except JoinError as error:
        if args.json is not None:
            write_text(args.json, as_json(stopped(error.kind, str(error))) + "\n")
        raise
    for warning in records.warnings:
        sys.stderr.write(f"medgrpo: warning: {warning}\n")
    sentences = Remembering(load_minilm()) if args.captions == "similarity" else None
    result: dict[str, Any] = score_file(
        records, args.protocol, sentences or LazyMiniLM(), sentences, {} if args.judge is None else _ratings(args, records)
    )
    show_scores(result)
    if args.json is not None:
        write_text(args.json, as_json(result) + "\n")
    return 0


def _ratings(args: argparse.Namespace, records: Records) -> dict[str, Ratings]:
    """What the judge says, by protocol: the leaderboard's rubric is absolute, ours comparative. The offline judge has only one."""
    from medgrpo.scoring import Ratings, caption_pairs
    from medgrpo.tasks import RubricKind

    found: dict[str, Ratings] = {}
    account = judge_account(args)
    rubrics: tuple[tuple[Literal["leaderboard", "strict"], RubricKind], ...] = (
        ("leaderboard", RubricKind.ABSOLUTE),
        ("strict", RubricKind.COMPARATIVE),
    )
    for protocol, kind in rubrics:
        if args.protocol in (protocol, "both"):
            judge = open_judge(args, args.judge, kind, account)
            pairs = caption_pairs(records, protocol)
            found[protocol] = Ratings(judge.name, judge.kind, dict(zip(pairs, ask_judge(judge, pairs), strict=True)))
    return found
