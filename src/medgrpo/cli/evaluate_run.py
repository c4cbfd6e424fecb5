"""`medgrpo evaluate run`: ask a model every question of a MedVidBench file; kill it, go on, cut it into parts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, positive, whole
from medgrpo.cli.judges import add_caption_options, check_caption_options

if TYPE_CHECKING:
    from medgrpo.video import Sampling


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "run",
        help="ask a model every question of a MedVidBench file, score and report",
        description="Ask a model every question of DATA and write answers.jsonl as it goes, then records.jsonl, submission.json, "
        "summary.json, usage.json and report.html. Killed at any moment, the same command goes on; with another model, data or "
        "sampling it refuses. docs/running.md explains each file.",
    )
    parser.add_argument(
        "--model", metavar="M", required=True, help="scripted:FILE, a checkpoint (ORG/NAME or folder), vllm:NAME, or http://HOST/v1"
    )
    parser.add_argument("--model-name", metavar="NAME", default="", help="the model's name at an endpoint")
    parser.add_argument("--device", default="auto", help="for a checkpoint (default: the first GPU, else the processor)")
    parser.add_argument("--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto", help="for a checkpoint")
    parser.add_argument("--price-in", metavar="P", type=float, help="per million tokens read, at an endpoint")
    parser.add_argument("--price-out", metavar="P", type=float, help="per million tokens written, at an endpoint")
    parser.add_argument("--data", metavar="FILE", type=Path, required=True, help="questions in MedVidBench's form")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder of this run: new, or to go on with")
    parser.add_argument("--blind", action="store_true", help="ask without pictures: what the questions alone give away")
    parser.add_argument("--most-frames", metavar="N", type=whole, help="of one clip, an even choice of them (default: 768)")
    parser.add_argument(
        "--video-rate", metavar="R", type=positive, help="pictures per second of --videos (default: the question's)"
    )
    parser.add_argument("--shots", metavar="FILE", type=Path, help="one-shot examples by type, in MedVidBench's form with answers")
    parser.add_argument("--shard", metavar="I/N", type=_shard, default=(1, 1), help="ask part I of N only; merge them afterwards")
    parser.add_argument("--batch", metavar="N", type=whole, default=8, help="questions in one batch, alike in length (default: 8)")
    parser.add_argument("--concurrency", metavar="N", type=whole, default=1, help="batches under way at once (default: 1)")
    parser.add_argument("--max-new-tokens", metavar="N", type=whole, help="for every task (default: what its references need)")
    parser.add_argument("--temperature", metavar="T", type=float, default=0.0, help="of sampling (default: 0)")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of sampling (default: 0)")
    add_ending(parser)
    return parser


def add_ending(parser: argparse.ArgumentParser) -> None:
    """Where pictures lie, and how captions are scored: what the end of a run needs, however it was asked."""
    parser.add_argument(
        "--frames",
        metavar="FROM=TO",
        action="append",
        type=_moved,
        default=[],
        help="where frames lie now: paths in DATA that begin with FROM begin with TO here (may be given again)",
    )
    parser.add_argument("--videos", metavar="DIR", type=Path, help="take pictures from VIDEO_ID.mp4 (or a folder VIDEO_ID) in DIR")
    add_caption_options(parser)


def _moved(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f"FROM=TO is needed, not {text!r}")
    return old, new


def _shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"I/N with 1 <= I <= N is needed, not {text!r}")
    return int(number), int(count)


def run(args: argparse.Namespace) -> int:
    from medgrpo import __version__
    from medgrpo.analysis import stop_on_signals
    from medgrpo.benchmark import (
        Asked,
        ClipReader,
        Manner,
        Pictures,
        Row,
        RunSettings,
        Shard,
        ask_questions,
        identify_data,
        read_rows,
        read_shots,
        token_budgets,
    )
    from medgrpo.cli.benchmark_end import end_run
    from medgrpo.cli.progress import titled_progress
    from medgrpo.core import InputError
    from medgrpo.models import ModelOptions, open_model
    from medgrpo.video import SampledClip

    if args.blind and (args.frames or args.videos):
        raise InputError("--blind asks without pictures: leave --frames and --videos out")
    check_caption_options(args)
    pictures = Pictures(dict(args.frames), args.videos)
    pictures.check()
    if not 0 <= args.temperature < float("inf"):
        raise InputError(f"--temperature: a number of 0 or more is needed, not {args.temperature}")
    rows = read_rows(args.data)
    budgets, warnings = token_budgets(rows, args.max_new_tokens)
    for warning in warnings:
        sys.stderr.write(f"medgrpo: warning: {warning}\n")
    model = open_model(
        args.model,
        ModelOptions(
            endpoint_model=args.model_name,
            device=args.device,
            dtype=args.dtype,
            price_in=args.price_in,
            price_out=args.price_out,
        ),
    )
    sampling = None if args.blind or model.card.sampling is None else _sampling(model.card.sampling, args)
    reader = None if sampling is None else ClipReader(pictures, sampling)

    def clip_of(row: Row) -> SampledClip | None:
        return None if reader is None else reader(row)

    settings = RunSettings(
        medgrpo_version=__version__,
        model=model.card.model_copy(update={"sampling": sampling}),
        data=identify_data(args.data, len(rows)),
        seen="nothing" if reader is None else "videos" if args.videos else "frames",
        max_new_tokens=budgets,
        temperature=args.temperature,
        seed=args.seed,
        shots_sha256=None if args.shots is None else identify_data(args.shots, 0).sha256,
        shard=Shard(number=args.shard[0], count=args.shard[1]),
    )
    manner = Manner(
        budgets,
        read_shots(args.shots, rows, clip_of) if args.shots is not None else {},
        temperature=args.temperature,
        seed=args.seed,
        concurrency=args.concurrency,
    )
    with stop_on_signals() as stop, titled_progress() as show:

        def listen(asked: Asked) -> None:
            show("asking", asked.done, asked.total)

        ask_questions(args.out, rows, settings, model, clip_of, manner, args.batch, listen, stop)
    end_run(args.out, rows, settings, pictures, args)
    return 0


def _sampling(own: Sampling, args: argparse.Namespace) -> Sampling:
    """The model's own way, changed by what was asked for."""
    asked = {"most_frames": args.most_frames, "frames_per_second": args.video_rate}
    return own.model_copy(update={name: value for name, value in asked.items() if value is not None})
