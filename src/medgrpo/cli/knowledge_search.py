"""`medgrpo knowledge search TEXT --kb KB`: passages and claims by terms and by meaning."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, whole

if TYPE_CHECKING:
    from medgrpo.library import FoundPassage, KnowledgeBase, Searcher, SearchResult


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "search",
        help="find passages and claims by terms and by meaning",
        description="Find passages of a knowledge base, by the words of the query (BM25) and by its meaning (sentence vectors), "
        "and the claims in them with what people decided on them. The index is made at the first search and after every change of "
        "the knowledge base; stopped, it goes on at the next search.",
    )
    parser.add_argument("text", metavar="TEXT", help="what to look for")
    parser.add_argument("--kb", metavar="KB", type=Path, required=True, help="folder of the knowledge base")
    parser.add_argument("--top", metavar="N", type=whole, default=5, help="how many passages and claims at most (default: 5)")
    parser.add_argument("--terms-only", action="store_true", help="no search by meaning (the first index is made in seconds)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.library import open_knowledge_base

    searcher = open_searcher(open_knowledge_base(args.kb), with_meaning=not args.terms_only)
    result = searcher.search(args.text, args.top)
    if args.json:
        sys.stdout.write(result.model_dump_json(indent=1) + "\n")
    else:
        sys.stdout.write(result_lines(result, searcher.passages))
    return 0


def open_searcher(base: KnowledgeBase, with_meaning: bool) -> Searcher:
    """A searcher, its index made with progress where it is missing or stale. Without the sentence model results say so."""
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import Interrupted
    from medgrpo.library import Searcher, build_search_index, load_sentence_model, model_missing

    missing = model_missing() if with_meaning else "--terms-only was given"
    model = load_sentence_model() if missing is None else None
    try:
        with titled_progress() as listen:
            build_search_index(base, model, listen)
    except KeyboardInterrupt as error:
        raise Interrupted("stopped; what is indexed is kept, search again to go on") from error
    return Searcher(base, model, missing)


def result_lines(result: SearchResult, searched: int) -> str:
    """The result for people."""
    from medgrpo.cli.knowledge_words import claim_words

    lines = [f"by {' and '.join(result.by)}, {searched} passages, {result.milliseconds:.0f} ms"]
    if result.note is not None:
        lines.append(f"note: {result.note}")
    for number, found in enumerate(result.passages, start=1):
        lines += [
            "",
            f"{number}. {_place(found)}",
            f"   {_scores(found)}",
            *(f"   {line}" for line in found.passage.text.splitlines()),
        ]
    if result.claims:
        lines += ["", "claims in these passages (a candidate is no knowledge until a person accepts it):"]
    for found in result.claims:
        claim = found.claim
        decided = "" if claim.time is None else f" by {claim.author}, {claim.time:%Y-%m-%d}"
        lines.append(f"- {claim.status}{decided}: {claim_words(claim)}")
        lines.append(f"  {found.document}, passage {claim.passage_id}: {' '.join(claim.quote.split())}")
    if not result.passages:
        lines.append("nothing was found")
    return "\n".join(lines) + "\n"


def _place(found: FoundPassage) -> str:
    passage = found.passage
    section = " > ".join(passage.section)
    page = [] if passage.page is None else [f"page {passage.page}"]
    parts = [found.document, *([section] if section else []), *page, f"characters {passage.start_char}-{passage.end_char}"]
    return ", ".join([*parts, f"licence: {passage.licence or 'not stated'}"])


def _scores(found: FoundPassage) -> str:
    scores = found.scores
    by_terms = "-" if scores.terms is None else f"{scores.terms:.2f} (rank {scores.terms_rank})"
    by_meaning = "-" if scores.meaning is None else f"{scores.meaning:.2f} (rank {scores.meaning_rank})"
    return f"score {scores.fused:.4f}: terms {by_terms}, meaning {by_meaning}"
