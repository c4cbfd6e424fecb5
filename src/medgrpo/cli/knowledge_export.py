"""`medgrpo knowledge export`: the vocabulary in a form that other systems read."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "export",
        help="write the vocabulary as SKOS",
        description="Write concepts and relations as SKOS in Turtle, checked with SHACL before it is written.",
    )
    parser.add_argument("--format", choices=["skos"], default="skos", help="the form to write (default: skos, as Turtle)")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write")
    parser.add_argument("--map", metavar="CSV", type=Path, help="your own map to SNOMED CT: columns concept,code,term")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cli.output import write_text
    from medgrpo.core import MedgrpoError
    from medgrpo.knowledge import load_map, load_vocabulary
    from medgrpo.ontology import check_skos, to_skos

    vocabulary = load_vocabulary()
    if args.map is not None:
        vocabulary = load_map(args.map, vocabulary)
    turtle = to_skos(vocabulary)
    violations = check_skos(turtle)
    if violations:
        first = violations[0]
        raise MedgrpoError(f"the export is not valid SKOS in {len(violations)} places, first {first.node}: {first.message}")
    write_text(args.out, turtle)
    sys.stdout.write(
        f"{args.out}: {len(vocabulary.concepts)} concepts, {len(vocabulary.relations)} relations, conforms to its shapes\n"
    )
    return 0
