"""`medgrpo data build`: instruction data in MedVidBench's form from the annotation of data sets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers

if TYPE_CHECKING:
    from medgrpo.curation import Writers


MODELS = "ORG/NAME, a folder, http://HOST/v1, vllm:ORG/NAME or scripted:FILE"


def _named(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(f"NAME=DIR is needed, not {text!r}")
    return name, Path(folder)


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "build",
        help="make training and test sets in MedVidBench's form",
        description="Cut clips, ask questions, split by recording and draw the Standard (task-balanced), Large and test sets from "
        "the annotation of data sets. Killed at any moment, the same command goes on and gives the same bytes. docs/data-build.md.",
    )
    parser.add_argument(
        "--sources",
        metavar="NAME=DIR",
        type=_named,
        nargs="+",
        required=True,
        help="data sets with their folders of raw annotation",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the build")
    parser.add_argument("--recipe", metavar="FILE.toml", type=Path, help="numbers that differ from the vetted ones")
    parser.add_argument("--format", choices=("jsonl", "json", "parquet"), default="jsonl", help="form of the sets (default: jsonl)")
    for which, place in (("a", "first"), ("b", "second")):
        parser.add_argument(
            f"--model-{which}", metavar="MODEL", help=f"the {place} of two models that describe clips: {MODELS}; both or none"
        )
        parser.add_argument(f"--model-{which}-name", metavar="NAME", default="", help="its name at an endpoint")
    parser.add_argument("--force", action="store_true", help="build anew where DIR holds a build of something else")
    return parser


def run(args: argparse.Namespace) -> int:
    from rich.console import Console

    from medgrpo.cli.output import writing
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import InputError
    from medgrpo.curation import Order, Recipe, build, load_recipe

    named = dict(args.sources)
    if len(named) != len(args.sources):
        raise InputError("--sources: a data set is named twice; each stands for one folder")
    recipe = load_recipe(args.recipe) if args.recipe else Recipe()
    writers = _writers(args)
    with writing(args.out), titled_progress() as progress:
        content = build(Order(named, args.out, recipe, args.format, writers, args.force), progress)
    console = Console(highlight=False, soft_wrap=True)
    for count in content.stages:
        reasons = "; ".join(f"{number} {reason}" for reason, number in count.dropped.items())
        console.print(
            f"{count.stage}: {count.taken} {count.what}, {count.kept} kept" + (f"; dropped: {reasons}" if reasons else ""),
            markup=False,
        )
    for name, held in content.sets.items():
        tasks = ", ".join(f"{number} {task}" for task, number in held.tasks.items()) or "no question"
        console.print(
            f"{args.out / held.file} ({name}): {held.questions} questions of {held.recordings} recordings: {tasks}", markup=False
        )
        sources = ", ".join(f"{held.sources.get(source, 0)} {source}" for source in content.sources)
        console.print(f"  by source: {sources}", markup=False)
    for source in content.sources:
        if source not in content.sets["test"].sources:
            console.print(
                f"{source}: no recording in the test set; recordings go there by hash: another seed or a larger test_share in the "
                "recipe moves them",
                markup=False,
            )
    console.print(content.licence, markup=False)
    return 0


def _writers(args: argparse.Namespace) -> Writers | None:
    """The two models, loaded; None where none is named."""
    if args.model_a is None and args.model_b is None:
        return None
    from medgrpo.core import InputError
    from medgrpo.curation import Writers
    from medgrpo.models import ModelOptions, open_model
    from medgrpo.scoring import load_minilm

    first, second = str(args.model_a or ""), str(args.model_b or "")
    if not first or not second or (first, args.model_a_name) == (second, args.model_b_name):
        raise InputError("--model-a and --model-b: two models are needed, that the one does not repeat what the other says")
    embedder = load_minilm()
    models = (
        open_model(first, ModelOptions(endpoint_model=args.model_a_name)),
        open_model(second, ModelOptions(endpoint_model=args.model_b_name)),
    )
    return Writers(models, embedder)
