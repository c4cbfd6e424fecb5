"""`medgrpo knowledge review KB --author NAME`: a person decides which candidate claims are knowledge."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers

if TYPE_CHECKING:
    from medgrpo.library import Answer, Shown

_QUESTION = "accept, edit, reject, skip or quit? [a/e/r/s/q] "


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "review",
        help="accept, edit or reject candidate claims",
        description="Show candidate claims one by one, those in conflict first, each with the sentence that it rests on. What you "
        "decide is appended with your name and the time; only accepted claims are knowledge. q, or the end of the input, stops.",
    )
    parser.add_argument("knowledge_base", metavar="KB", type=Path, help="folder of the knowledge base")
    parser.add_argument("--author", metavar="NAME", required=True, help="who decides")
    return parser


def run(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from medgrpo.knowledge import load_vocabulary
    from medgrpo.library import open_knowledge_base, review_claims

    base = open_knowledge_base(args.knowledge_base)
    done = review_claims(base, load_vocabulary(), args.author, _Terminal(), lambda: datetime.now(UTC))
    _say(
        f"{done.accepted} accepted, {done.edited} accepted with changes, {done.rejected} rejected, {done.skipped} skipped; "
        f"{done.left} candidates left"
    )
    return 0


class _Terminal:
    """Asks on standard output, reads standard input."""

    def __call__(self, shown: Shown, refused: str | None) -> Answer:
        from medgrpo.library import Accept, Quit, Reject, Skip

        if refused is None:
            _show(shown)
        else:
            _say(f"not taken: {refused}")
        while True:
            answer = _ask(_QUESTION)
            choice = "q" if answer is None else answer.strip().casefold()[:1]
            if choice == "e":
                changes = _edit(shown)
                return Quit() if changes is None else Accept(changes)
            if choice in {"a", "r", "s", "q"}:
                return {"a": Accept({}), "r": Reject(), "s": Skip(), "q": Quit()}[choice]


def _show(shown: Shown) -> None:
    from rich.text import Text

    from medgrpo.cli.knowledge_words import claim_words, conflict_words

    claim = shown.claim
    _say("")
    _say(Text(f"{shown.number} of {shown.of}  {claim_words(claim)}", style="bold"))
    place = [(shown.document.title or shown.document.name) if shown.document is not None else claim.passage_id]
    if shown.passage is not None:
        place += [" > ".join(shown.passage.section)] if shown.passage.section else []
        place += [f"page {shown.passage.page}"] if shown.passage.page is not None else []
        place += [shown.passage.date] if shown.passage.date else []
    place += [f"and {shown.places - 1} more places with the same words"] if shown.places > 1 else []
    _say(Text(f"{', '.join(place)} ({claim.extractor})", style="dim"))
    _say(f"“{claim.quote}”")
    for conflict in shown.conflicts:
        _say(Text(f"conflict: {conflict_words(conflict)}", style="red"))
        other = conflict.second if conflict.first.quote == claim.quote else conflict.first
        decided = f" ({other.status} by {other.author}, {other.time:%Y-%m-%d})" if other.time is not None else ""
        _say(Text(f"against it: “{other.quote}”{decided}", style="red"))


def _edit(shown: Shown) -> dict[str, str] | None:
    """The fields that were changed; None at the end of the input. An empty answer keeps a field, "-" empties it."""
    from medgrpo.library import EDITABLE

    changes: dict[str, str] = {}
    for name in EDITABLE:
        before = getattr(shown.claim, name)
        answer = _ask(f"{name} [{'' if before is None else before}]: ")
        if answer is None:
            return None
        if answer.strip():
            changes[name] = "" if answer.strip() == "-" else answer.strip()
    return changes


def _ask(question: str) -> str | None:
    import sys

    sys.stdout.write(question)
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _say(words: object) -> None:
    from rich.console import Console

    Console(soft_wrap=True, highlight=False, markup=False).print(words)
