"""`medgrpo knowledge import`: an OWL ontology as a vocabulary linked to ours."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "import",
        help="link an OWL ontology to the vocabulary",
        description="Read an OWL ontology, link its classes to our concepts by their names, and write it as SKOS. Nothing is "
        "fetched: what it imports is named. Links by name are proposals (skos:closeMatch) until a person has looked at them.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="OWL, RDF/XML, Turtle, N-Triples or JSON-LD")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write (Turtle)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cli.output import write_text
    from medgrpo.knowledge import load_vocabulary
    from medgrpo.ontology import linked_to_skos, read_ontology

    linked = read_ontology(args.file, load_vocabulary())
    write_text(args.out, linked_to_skos(linked))
    counts = f"{len(linked.matched)} linked by name, {len(linked.unmatched)} kept without a link"
    lines = [f"{args.out}: {len(linked.classes)} classes, {counts}"]
    lines += [f"not read, imported by the file: {iri}" for iri in linked.missing_imports]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
