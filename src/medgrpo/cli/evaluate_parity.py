"""`medgrpo evaluate parity`: how many recorded cases of the official evaluator the leaderboard protocol agrees with."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "parity",
        help="compare the leaderboard protocol with recorded cases of the official evaluator",
        description="Check every case of a folder in the layout of the golden vectors of MedVidBench (tal.jsonl, sets.jsonl, "
        "runs.jsonl, judge_*.jsonl ...) within its tolerance. Exit code 1 when any differs. Needs the extra `similarity`.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder with the recorded cases")
    parser.add_argument("--show", metavar="N", type=int, default=3, help="differences to print per file (default: 3)")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.cli.tables import table_console
    from medgrpo.scoring import Remembering, check_folder, load_minilm

    console = table_console()
    files = check_folder(args.folder, Remembering(load_minilm()))
    for file in files:
        console.print(f"{file.file}: {file.agree} of {file.total} agree", markup=False)
        for difference in file.differences[: max(0, args.show)]:
            console.print(f"  {difference}", markup=False)
    agree, total = sum(file.agree for file in files), sum(file.total for file in files)
    console.print(f"all: {agree} of {total} agree")
    return 0 if agree == total else 1
