"""`medgrpo knowledge learn`: procedures learned from annotated recordings."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers

SPLITS = ("train", "val", "test")


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "learn",
        help="learn procedures from annotated recordings",
        description="Learn which actions a procedure has, in which order and how long, from a data set: counts, pairs, "
        "quartiles. To evaluate a forecast, learn from `--split train` only.",
    )
    parser.add_argument("source", choices=["nurvid"], help="the data set")
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help="its folder")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="file to write (JSON)")
    parser.add_argument("--split", choices=SPLITS, action="append", help="read only this part; may be given again (default: all)")
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.cli.output import write_text
    from medgrpo.knowledge import LearnedSet, Recording, learn, learned_to_text, load_vocabulary
    from medgrpo.sources import read_nurvid

    splits = tuple(split for split in SPLITS if args.split is None or split in args.split)
    recordings = [
        Recording(video.id, video.concept, video.duration_seconds, tuple((one.concept, one.span) for one in video.segments))
        for video in read_nurvid(args.data)
        if video.split in splits
    ]
    citation = load_vocabulary().citation("nurvid-2023")
    learned = LearnedSet(system="nurvid", splits=splits, citation=citation, procedures=learn(recordings))
    write_text(args.out, learned_to_text(learned))
    segments = sum(one.segments for one in learned.procedures)
    sys.stdout.write(f"{args.out}: {len(learned.procedures)} procedures, {len(recordings)} videos, {segments} segments\n")
    return 0
