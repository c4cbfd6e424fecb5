"""`medgrpo evaluate perception`: measure the specialist on labelled videos."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "perception",
        help="measure the embedded specialist on labelled videos",
        description="Run perception causally over the labelled frames of a folder of CholecT50's layout and measure it: average "
        "precision per component with its base rate and number of positives, calibration error, tip boxes. A video that the model "
        "was trained on is marked: its figures say nothing about new operations.",
    )
    parser.add_argument(
        "--data", metavar="DIR", type=Path, required=True, help="folder with videos/VIDxx/*.jpg and labels/VIDxx.json"
    )
    parser.add_argument("--videos", metavar="VIDxx", nargs="+", help="which videos (default: all in the folder)")
    parser.add_argument("--model", metavar="ONNX", type=Path, help="another model than the shipped one (its .json lies beside it)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--gallery", metavar="FILE", type=Path, help="write a page with the pictures on which it was most sure and wrong"
    )
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from medgrpo.cli.figures import show_figures
    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.evaluation import failure_gallery, measure_video, predict_videos, summarise
    from medgrpo.perception import load_perceiver
    from medgrpo.sources import list_videos

    perceiver = load_perceiver(() if args.model is None else (args.model,))
    names = args.videos or list_videos(args.data)
    with titled_progress() as progress:
        predictions = predict_videos(perceiver, args.data, names, progress)
    videos = [measure_video(video) for video in predictions]
    trained_on = sorted({name for card in perceiver.cards for name in card.trained_on} & set(names))
    summary = {"model": perceiver.model, "trained_on": trained_on, **summarise(videos)}
    show_figures(summary)
    if args.json is not None:
        write_text(args.json, json.dumps({**summary, "per_video": videos}, indent=1) + "\n")
    if args.gallery is not None:
        write_text(args.gallery, failure_gallery(predictions, perceiver.model))
    return 0
