"""`medgrpo analyze VIDEO...`: the main job."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, positive


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "analyze",
        help="understand videos of an operation and draft their reports",
        description="Understand one or more videos (files, or folders of images): write analysis.jsonl and report.html for each. "
        "Ctrl-C keeps what was done; --resume goes on with it. Exit code 2 when a video could not be analysed.",
    )
    parser.add_argument("videos", metavar="VIDEO", nargs="+", type=Path, help="video file or image folder")
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="folder for the results; for several videos one folder each inside it (default: VIDEO_NAME.medgrpo here)",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="go on with unfinished analyses, keep finished ones")
    existing.add_argument("--force", action="store_true", help="replace analyses that exist already")
    parser.add_argument(
        "--looks-per-second", metavar="N", type=positive, default=5.0, help="how often to look at the video (default: 5)"
    )
    parser.add_argument("--procedure", default="cholecystectomy", help="knowledge to reason with (default: cholecystectomy)")
    parser.add_argument("--knowledge", metavar="KB", type=Path, help="knowledge base whose accepted claims back the citations")
    parser.add_argument(
        "--rephrase",
        metavar="URL",
        help="endpoint of a language model that may rephrase; a verifier checks each sentence",
    )
    parser.add_argument("--rephrase-model", metavar="NAME", help="its name there; needed with --rephrase")
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a video-language model, as of `medgrpo ask` (nano is shipped): what it says goes into model_words.jsonl: its own "
        "words, no part of the analysis (default: none)",
    )
    parser.add_argument("--model-name", metavar="NAME", default="", help="its name at an endpoint (key: MEDGRPO_MODEL_KEY)")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def run(args: argparse.Namespace) -> int:
    from medgrpo.analysis import Existing, analyze_batch, model_words, output_folders, stop_on_signals
    from medgrpo.cli.options import analysis_options, given_help
    from medgrpo.cli.progress import shown_progress
    from medgrpo.cli.summary import print_outcomes, print_words
    from medgrpo.models import ModelOptions, open_model
    from medgrpo.perception import load_perceiver

    options = analysis_options(args.looks_per_second, args.procedure, args.rephrase_model)
    help = given_help(args.knowledge, args.rephrase, args.rephrase_model)
    existing = Existing.RESUME if args.resume else Existing.RESTART if args.force else Existing.REFUSE
    folders = output_folders(args.videos, args.out)
    model = None if args.model is None else open_model(args.model, ModelOptions(endpoint_model=args.model_name))
    with stop_on_signals() as stop, shown_progress() as progress:
        outcomes = analyze_batch(folders, options, load_perceiver(), progress, existing=existing, stop=stop, help=help)
        told = (
            []
            if model is None
            else [
                (one, model_words(model, one.path, one.result.timeline.duration_seconds, one.out_dir, stop))
                for one in outcomes
                if one.result is not None
            ]
        )
    if len(outcomes) == 1 and outcomes[0].error is not None:
        raise outcomes[0].error
    print_outcomes(outcomes, as_json=args.json)
    if not args.json:
        print_words(told)
    return 2 if any(outcome.error is not None for outcome in outcomes) else 0
