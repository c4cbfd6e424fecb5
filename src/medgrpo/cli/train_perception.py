"""`medgrpo train perception`: train the embedded specialist on a folder of CholecT50's layout."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers

_CHOLECYSTECTOMY = "laparoscopic cholecystectomy"


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "perception",
        help="train the embedded specialist",
        description="Train the perception network on a folder of CholecT50's layout (videos/VIDxx/*.jpg, labels/VIDxx.json). "
        "Every video is left out once: the figures and the calibration come from operations that the network had not seen; the "
        "final network is trained on all of them. A stopped run goes on where it was when the same command is given again.",
    )
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="folder with videos/ and labels/")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of the run: checkpoints, models, figures")
    parser.add_argument("--name", default="cholecystectomy", help="name of the model file (default: cholecystectomy)")
    parser.add_argument("--domain", default=_CHOLECYSTECTOMY, help=f"what the videos show (default: {_CHOLECYSTECTOMY})")
    parser.add_argument(
        "--neighbour",
        metavar=("DOMAIN", "DIR"),
        nargs=2,
        action="append",
        default=[],
        help="another domain to tell it from, and its videos",
    )
    parser.add_argument(
        "--folds", metavar="N", type=int, help="leave out groups of videos, N in all (default: one video at a time)"
    )
    parser.add_argument("--recipe", metavar="FILE", type=Path, help="TOML file with settings that differ from the defaults")
    parser.add_argument("--credit", default="", help="who made the data, for the model card")
    parser.add_argument("--licence", default="", help="licence of the weights, as the data's licence demands")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import sys

    from medgrpo.core import needing

    with needing("medgrpo train perception", "train", "torch", "onnx"):
        from medgrpo.training import Order, read_recipe, train_perception
    from medgrpo.cli.progress import titled_progress

    order = Order(
        name=args.name,
        domain=args.domain,
        data=args.data,
        out=args.out,
        recipe=read_recipe(args.recipe),
        neighbours=tuple((domain, Path(folder)) for domain, folder in args.neighbour),
        fold_count=args.folds,
        data_credit=args.credit,
        licence=args.licence,
    )
    with titled_progress() as progress:
        card = train_perception(order, progress)
    sys.stdout.write(json.dumps({key: value for key, value in card.figures.items() if key != "videos"}, indent=1) + "\n")
    sys.stdout.write(f"{args.out / args.name}.onnx\n")
    return 0
