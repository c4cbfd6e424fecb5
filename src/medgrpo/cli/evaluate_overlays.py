"""`medgrpo evaluate overlays`: is burned-in text hidden, and how much else?"""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "overlays",
        help="draw names, dates and clocks into video and measure how much of them the live path hides",
        description="Draws texts of many sizes, places, colours and styles into the given clips, running clocks too, codes the "
        "pictures anew, and tells how many of the texts are blackened before a picture may leave the live path, and how much of "
        "the same clips is blackened where there is no text.",
    )
    parser.add_argument("clips", metavar="CLIP", nargs="+", type=Path, help="videos of ten seconds or more, without text")
    parser.add_argument("--font", metavar="FILE", action="append", default=[], type=Path, help="a font file; repeat for more")
    parser.add_argument("--seeds", metavar="N", type=whole, default=3, help="sets of texts drawn into each clip (default 3)")
    parser.add_argument("--first-seed", metavar="N", type=whole, default=100, help="the first of them (default 100)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import sys

    from medgrpo.cli.output import write_text
    from medgrpo.trials import text_study

    seeds = range(args.first_seed, args.first_seed + args.seeds)

    def told(name: str) -> None:
        sys.stderr.write(f"{name}: done\n")

    figures = text_study(args.clips, args.font, seeds, told)
    if args.json is not None:
        write_text(args.json, json.dumps(figures, indent=1) + "\n")
    lines = [f"{figures['texts']} texts, {figures['looks_each']} looks each: hidden {figures['hidden']:.1%}"]
    lines.append(f"the first two seconds, which are never shown undimmed, included: {figures['hidden_from_the_first_look']:.1%}")
    for group in ("by_kind", "by_size", "by_style"):
        shares = [f"{name} {one['hidden']:.0%} of {one['texts']}" for name, one in figures[group].items()]
        lines.append(f"{group.replace('_', ' ')}: {', '.join(shares)}")
    false = [f"{name} {one['mean']:.1%} (most {one['most']:.1%})" for name, one in figures["blackened_without_text"].items()]
    lines.append(f"blackened without text, share of the picture: {', '.join(false)}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0
