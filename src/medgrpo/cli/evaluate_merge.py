"""`medgrpo evaluate merge`: the parts of a run that was cut with --shard, put together, scored and reported."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers
from medgrpo.cli.evaluate_run import add_ending
from medgrpo.cli.judges import check_caption_options


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "merge",
        help="put the parts of a sharded run together",
        description="Put the folders of a run that was cut with --shard together in a new one: every part, once, finished, of one "
        "run. Parts that are missing, given twice or of another run are named. Then everything is written as for a whole run.",
    )
    parser.add_argument("parts", metavar="DIR", nargs="+", type=Path, help="folder of one part")
    parser.add_argument("--data", metavar="FILE", type=Path, required=True, help="the questions that were asked")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="new folder")
    add_ending(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.benchmark import Pictures, merge_answers, read_rows
    from medgrpo.cli.benchmark_end import end_run

    check_caption_options(args)
    rows = read_rows(args.data)
    settings = merge_answers(args.parts, args.data, rows, args.out)
    end_run(args.out, rows, settings, Pictures(dict(args.frames), args.videos), args)
    return 0
