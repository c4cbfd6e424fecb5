"""`medgrpo evaluate extraction`: mentions and claims read from documents, against hand labels."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers

if TYPE_CHECKING:
    from medgrpo.evaluation import ExtractionResult, Interval


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "extraction",
        help="measure what is read from documents against hand labels",
        description="Read the documents of a folder and compare mentions of concepts and claims with labels, sentence by sentence: "
        "precision, recall and F1 with 95 % intervals by bootstrap over sentences, and every difference.",
    )
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="folder of the labelled documents")
    parser.add_argument(
        "--labels", metavar="FILE", type=Path, required=True, help="labels: one sentence per line (docs/formats.md)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures and differences there, without any text")
    return parser


def run(args: argparse.Namespace) -> int:
    import tempfile

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import InputError
    from medgrpo.evaluation import LabelledSentence, evaluate_extraction, read_labels
    from medgrpo.knowledge import load_vocabulary
    from medgrpo.library import BuildOptions, build_knowledge_base, open_knowledge_base

    sentences = list(read_labels(args.labels, LabelledSentence))
    if not sentences:
        raise InputError(f"{args.labels}: holds no labels")
    with tempfile.TemporaryDirectory() as folder, titled_progress() as listen:
        place = Path(folder) / "kb"
        build_knowledge_base([args.data], place, load_vocabulary(), BuildOptions(), listen, lambda: False)
        result = evaluate_extraction(open_knowledge_base(place), sentences, args.labels)
    _print(result)
    if args.json is not None:
        write_text(args.json, result.model_dump_json(indent=1) + "\n")
    return 0


def _print(result: ExtractionResult) -> None:
    from rich.table import Table

    from medgrpo.cli.tables import table_console

    console = table_console()
    drawn = f"the {result.sentences_drawn} of them drawn at random"
    for title, measures in ((f"{result.sentences} sentences", result.measures), (drawn, result.measures_drawn)):
        table = Table(title=title)
        for column in ("measure", "right", "found", "labelled", "precision", "recall", "F1"):
            table.add_column(column, justify="left" if column == "measure" else "right", no_wrap=column == "measure")
        for name, one in measures.items():
            counts = (str(one.right), str(one.found), str(one.labelled))
            table.add_row(name, *counts, *(interval_words(figure) for figure in (one.precision, one.recall, one.f1)))
        console.print(table)
    for one in result.differences:
        console.print(f"{one.kind}: {one.what}  {one.document} {one.start_char}-{one.end_char}", markup=False)


def interval_words(interval: Interval) -> str:
    """`.83 [.54, 1.00]`; `-` where there is no figure."""
    if interval.value is None:
        return "-"
    ends = "" if interval.low is None or interval.high is None else f" [{interval.low:.2f}, {interval.high:.2f}]"
    return f"{interval.value:.2f}{ends}"
