"""`medgrpo record prune`: delete what is older than the rule allows, and record it."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, positive


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "prune",
        help="delete clips, evidence or whole closed cases that are older than a rule allows",
        description="Delete by rule: days after a case was closed. Without days given here, those of the case's own site file "
        "count ([retention]); without any, nothing is deleted. What goes is written first: clips and evidence into the case's own "
        "record, which still verifies, a whole case into the record `deletions` beside the cases. Open records, and records that "
        "are not as they were written, are left alone (exit code 4 for the latter).",
    )
    parser.add_argument("paths", metavar="DIR", nargs="+", type=Path, help="a case, or a folder of cases")
    parser.add_argument("--clips-days", metavar="N", type=positive, help="delete clips after so many days")
    parser.add_argument("--evidence-days", metavar="N", type=positive, help="delete evidence pictures after so many days")
    parser.add_argument("--case-days", metavar="N", type=positive, help="delete whole cases, records included, after so many days")
    parser.add_argument("--key", metavar="FILE", type=Path, help="the records' signing key (default: ~/.config/medgrpo/record.pem)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys
    from datetime import UTC, datetime
    from functools import partial

    from medgrpo.audit import Rule, SigningKey, cases_in, prune, remove_leftovers
    from medgrpo.core import InputError, RecordError
    from medgrpo.stream import SystemClock, stamped

    place: Path = args.key or Path.home() / ".config" / "medgrpo" / "record.pem"
    if not place.is_file():
        raise InputError(f"{place}: no signing key is there: give with --key the one that the records were written with")
    key, rule = SigningKey.at(place), Rule(args.clips_days, args.evidence_days, args.case_days)
    times = partial(stamped, SystemClock())
    code, done = 0, "would be deleted" if args.dry_run else "deleted"
    for path in args.paths:
        for case in cases_in(path):
            try:
                found = prune(case, rule, key, times, datetime.now(UTC), dry_run=args.dry_run)
            except RecordError as error:
                sys.stderr.write(f"medgrpo: {error}\n")
                code = error.exit_code
                continue
            if found.left_alone is not None:
                told = f"left alone: {found.left_alone}"
            elif found.whole:
                told = f"the whole case {done}"
            else:
                told = f"{', '.join(found.files)} {done}" if found.files else "nothing is due"
            sys.stdout.write(f"{case}: {told}\n")
        if not args.dry_run and path.is_dir():
            remove_leftovers(path)
    return code
