"""`medgrpo evaluate score`: score a file of MedVidBench answers, as the leaderboard does, strictly, or both side by side."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medgrpo.cli.command import Subparsers
from medgrpo.cli.judges import add_caption_options, check_caption_options, protocol_ratings

if TYPE_CHECKING:
    from medgrpo.scoring import Records

NO_PREDICTION = "no prediction"


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
    add_caption_options(parser)
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
    check_caption_options(args)
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
        records, args.protocol, sentences or LazyMiniLM(), sentences, protocol_ratings(args, records, args.protocol)
    )
    if args.json is not None:
        write_text(args.json, as_json(result) + "\n")
    _refuse_all_broken(args.records or args.submission, records)
    show_scores(result)
    return 0


def _refuse_all_broken(path: Path, records: Records) -> None:
    """InputError when no record can be scored: a table without a figure would look like a result."""
    from medgrpo.core import InputError

    reasons = Counter(record.broken for record in records.records if record.broken is not None)
    if not reasons or reasons.total() < len(records.records):
        return
    reason = reasons.most_common(1)[0][0]
    advice = "; these are questions without answers: give a run's records.jsonl" if reason == NO_PREDICTION else ""
    raise InputError(f"{path}: no record can be scored; most often ({reasons[reason]} of {reasons.total()}): {reason}{advice}")
