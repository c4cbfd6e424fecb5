"""`medgrpo cases import`: folders of cases into the store."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.cases_options import add_store, opened
from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "import",
        help="take folders of cases into the store, or read them anew",
        description="Take folders that `medgrpo watch --out`, `medgrpo analyze` or `medgrpo cases export` wrote into the store, "
        "where they lie: nothing is copied. A case that is known is read anew, also where its folder was moved. What people "
        "corrected, wrote and signed comes from the folder's own review journal. Of several folders one that cannot be read is "
        "named and left out (exit code not 0).",
    )
    parser.add_argument("folders", metavar="FOLDER", type=Path, nargs="+", help="folder of a case")
    parser.add_argument("--name", metavar="TEXT", help="what the case is called (one folder only; default: the folder's name)")
    parser.add_argument(
        "--video", metavar="FILE", type=Path, help="the video that was analysed, to show its pictures (one folder only)"
    )
    add_store(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cases import check_sums
    from medgrpo.core import InputError, RecordError

    if len(args.folders) > 1 and (args.name or args.video):
        raise InputError("--name and --video speak of one case: give one folder with them")

    def named(folder: Path, error: Exception) -> str:
        return f"{error}" if f"{folder}" in f"{error}" else f"{folder}: {error}"

    failed: list[InputError | RecordError] = []
    with opened(args) as store:
        for folder in args.folders:
            try:
                check_sums(folder)
                case = store.add(folder, name=args.name, video=args.video)
            except (InputError, RecordError) as error:
                if len(args.folders) == 1:
                    raise
                failed.append(error)
                sys.stderr.write(f"medgrpo: left out: {named(folder, error)}\n")
                continue
            told = f"statements: {case.statements}, corrections: {case.corrections}, versions of the report: {case.versions}"
            sys.stdout.write(f"{case.id}\t{case.name}\t{case.state.value}, {case.report.value}: {told}\n")
    return failed[0].exit_code if failed else 0
