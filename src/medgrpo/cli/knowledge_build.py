"""`medgrpo knowledge build DOC... --out KB`: documents to passages, mentions and candidate claims."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "build",
        help="read documents into a knowledge base (needs the extra `knowledge`)",
        description="Read textbooks, guidelines and case reports (PDF, HTML, Markdown, plain text, CNXML, DOCX, OWL; files or "
        "folders) into a knowledge base: passages with their place, concepts mentioned, candidate claims. Give the same command "
        "again after a stop, or with more documents: what is unchanged is not read again. Exit code 2 when a document could not "
        "be read.",
    )
    parser.add_argument("documents", metavar="DOC", nargs="+", type=Path, help="document, or folder of documents")
    parser.add_argument("--out", metavar="KB", type=Path, required=True, help="folder of the knowledge base")
    parser.add_argument(
        "--licence", metavar="TEXT", help="licence of these documents, where they do not state it or state it wrongly"
    )
    parser.add_argument("--date", metavar="DATE", help="date of these documents, likewise")
    parser.add_argument("--model", metavar="URL", help="let a language model propose claims: base of an OpenAI-compatible endpoint")
    parser.add_argument("--model-name", metavar="NAME", help="the model's name there (key: MEDGRPO_MODEL_KEY in the environment)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.analysis import stop_on_signals
    from medgrpo.cli.knowledge_words import build_json, build_lines
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import InputError
    from medgrpo.knowledge import load_vocabulary
    from medgrpo.library import BuildOptions, build_knowledge_base
    from medgrpo.models import Endpoint

    if (args.model is None) != (args.model_name is None):
        raise InputError("--model and --model-name belong together: give both or neither")
    model = Endpoint(args.model, args.model_name) if args.model is not None else None
    options = BuildOptions(licence=args.licence, date=args.date)
    with stop_on_signals() as stop, titled_progress() as listen:
        summary = build_knowledge_base(args.documents, args.out, load_vocabulary(), options, listen, stop, model)
    for line in summary.failed:
        sys.stderr.write(f"medgrpo: error: {' '.join(line.split())}\n")
    sys.stdout.write(build_json(summary) if args.json else build_lines(summary, args.out))
    return 2 if summary.failed else 0
