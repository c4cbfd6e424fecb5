"""What the commands of `medgrpo cases` share: where the store is, a case by its id, a password that is never an argument."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medgrpo.cases import CaseStore, Found


def add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--store",
        metavar="WHERE",
        help="store of cases and users: a file, or postgresql://user@host/name (default: $MEDGRPO_CASES, else "
        "~/.local/share/medgrpo/cases.db)",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    add_where(parser)
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="signing key of reviews (default: ~/.config/medgrpo/record.pem, made if absent)"
    )


@contextmanager
def opened_store(where: str | None, key: Path | None) -> Generator[CaseStore]:
    """`where`: of --store; without it the environment's, else the usual one. `key` signs reviews."""
    import os

    from medgrpo.cases import open_store

    with open_store(where or os.environ.get("MEDGRPO_CASES"), key) as store:
        yield store


def opened(args: argparse.Namespace) -> AbstractContextManager[CaseStore]:
    return opened_store(args.store, args.key)


def print_cases(found: Iterable[Found], count: int, limit: int) -> None:
    """One case a line, tab between the columns, and how many there are beyond the limit."""
    import sys

    from medgrpo.core import clock, length

    for one in found:
        case = one.case
        columns = (case.id, case.opened[:16].replace("T", " "), case.state.value, case.report.value, length(case.duration_seconds))
        sentence = "" if one.text is None else f"\t{clock(one.seconds or 0)} {one.text}"
        line = "\t".join((*columns, f"alerts: {case.alerts}", f"corrections: {case.corrections}", case.name)) + sentence
        sys.stdout.write(" ".join(line.split(" ")).replace("\n", " ") + "\n")
    if count > limit:
        sys.stdout.write(f"{limit} of {count} cases: --limit N shows more\n")


def asked_password() -> str:
    """Typed twice without an echo; where stdin is no terminal its first line."""
    import getpass
    import sys

    from medgrpo.core import InputError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != password:
        raise InputError("the two passwords are not the same")
    return password
