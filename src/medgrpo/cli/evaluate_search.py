"""`medgrpo evaluate search`: recall of search in a knowledge base on written queries."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "search",
        help="measure recall of search on written queries",
        description="Ask written queries whose relevant places are known, and measure recall and reciprocal rank by terms, by "
        "meaning and fused, with 95 % intervals by bootstrap over queries.",
    )
    parser.add_argument("--kb", metavar="KB", type=Path, required=True, help="knowledge base that holds the relevant places")
    parser.add_argument("--queries", metavar="FILE", type=Path, required=True, help="queries: one per line (docs/formats.md)")
    parser.add_argument("--top", metavar="K", type=whole, default=10, help="how many results count (default: 10)")
    parser.add_argument(
        "--half",
        choices=("tuning", "held-out"),
        help="only the queries on which search was tuned, or only the others: the half that a hash of the query's text says",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures there")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.table import Table

    from medgrpo.cli.evaluate_extraction import interval_words
    from medgrpo.cli.knowledge_search import open_searcher
    from medgrpo.cli.output import write_text
    from medgrpo.cli.tables import table_console
    from medgrpo.core import InputError
    from medgrpo.evaluation import LabelledQuery, evaluate_retrieval, held_out, read_labels
    from medgrpo.library import open_knowledge_base

    queries = [
        query
        for query in read_labels(args.queries, LabelledQuery)
        if args.half is None or held_out(query.query) == (args.half == "held-out")
    ]
    if not queries:
        raise InputError(f"{args.queries}: holds no queries" + ("" if args.half is None else f" of the half {args.half}"))
    base = open_knowledge_base(args.kb)
    result = evaluate_retrieval(base, open_searcher(base, with_meaning=True), queries, args.queries, args.top)
    table = Table(title=f"{result.queries} queries, {result.passages} passages")
    for column in ("ranking", f"recall@{result.k}", f"reciprocal rank@{result.k}"):
        table.add_column(column, justify="left" if column == "ranking" else "right")
    for name, recall in result.recall.items():
        table.add_row(name, interval_words(recall), interval_words(result.reciprocal_rank[name]))
    console = table_console()
    console.print(table)
    for row in result.per_query:
        if row.recall["fused"] < 1:
            shares = ", ".join(f"{name} {share:.2f}" for name, share in row.recall.items())
            console.print(f"not all found: {row.query}: {shares}", markup=False)
    if args.json is not None:
        write_text(args.json, result.model_dump_json(indent=1) + "\n")
    return 0
