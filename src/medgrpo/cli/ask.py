"""`medgrpo ask`: one question about one clip to one model, to see what it says and what that takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from medgrpo.cli.command import Subparsers, whole
from medgrpo.cli.model_options import add_model_arguments, given_model

if TYPE_CHECKING:
    from medgrpo.video import SampledClip, Sampling


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "ask",
        help="ask a video-language model about a clip or a picture",
        description="One question about one clip or one picture, or about text alone. The reply goes to stdout as it came; what "
        "the model is, what it saw and what that took goes to stderr.",
    )
    parser.add_argument("question", metavar="QUESTION")
    seen = parser.add_mutually_exclusive_group()
    seen.add_argument("--video", metavar="FILE", type=Path, help="a video file; with --span a part of it")
    seen.add_argument("--frames", metavar="FILE", nargs="+", type=Path, help="pictures, sampled already, at --rate (default: 1)")
    seen.add_argument("--image", metavar="FILE", type=Path, help="a single picture, shown as an image: at no time, of no rate")
    parser.add_argument("--span", metavar=("START", "END"), nargs=2, type=float, help="seconds of the video (default: all of it)")
    parser.add_argument("--max-new-tokens", metavar="N", type=whole, default=256, help="tokens of the reply (default: 256)")
    parser.add_argument("--temperature", metavar="T", type=float, default=0.0, help="0 (default): always the likeliest token")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of a draw at a temperature above 0")
    parser.add_argument("--system", metavar="TEXT", default="", help="a system turn before the question")
    add_model_arguments(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    import asyncio
    import sys

    from medgrpo.core import InputError, ModelError
    from medgrpo.models import Failure, Request

    if not 0 <= args.temperature < float("inf"):
        raise InputError(f"--temperature: a number of 0 or more is needed, not {args.temperature}")
    if args.span and not args.video:
        raise InputError("--span is a part of a video: give --video as well")
    model = given_model(args)
    clip = None if model.card.sampling is None else _clip(args, model.card.sampling)
    request = Request("question", args.question, clip, args.max_new_tokens, args.system, args.temperature, args.seed)
    (result,) = asyncio.run(model.generate([request]))
    if isinstance(result, Failure):
        raise ModelError(result.reason)
    sys.stdout.write(result.text + "\n")
    shown = "no clip" if clip is None else _shown(clip)
    tokens = "" if result.prompt_tokens is None else f", {result.prompt_tokens} + {result.completion_tokens} tokens"
    cut = ", cut by --max-new-tokens" if result.finish == "length" else ""
    sys.stderr.write(f"{model.card.name} ({model.card.backend}): {shown}{tokens}, {result.seconds:.1f} s{cut}\n")
    return 0


def _shown(clip: SampledClip) -> str:
    height, width = clip.images[0].shape[:2]
    return f"{'an image' if clip.still else f'{len(clip.images)} frames'} of {width}x{height}"


def _clip(args: argparse.Namespace, sampling: Sampling) -> SampledClip | None:
    from fractions import Fraction

    from medgrpo.core import InputError, Span
    from medgrpo.video import clip_from_frames, clip_from_video, open_video, still_from_file

    if args.image:
        return still_from_file(args.image, sampling)
    rate = sampling.frames_per_second or 1.0
    if args.frames:
        return clip_from_frames(args.frames, Fraction(rate).limit_denominator(1000), sampling)
    if not args.video:
        return None
    if args.span:
        try:
            span = Span(*args.span)
        except ValueError as error:
            raise InputError(f"--span: {error}") from error
    else:
        with open_video(args.video) as video:
            if video.info.duration_seconds is None:
                raise InputError(f"{args.video}: does not say how long it is; give --span")
            span = Span(0.0, video.info.duration_seconds)
    return clip_from_video(args.video, span, rate, sampling)
