"""How the commands that ask a model let a person name it and say how it is run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from medgrpo.cli.command import positive, whole

if TYPE_CHECKING:
    from medgrpo.models import Model, ModelOptions


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """`--model` and what belongs to it; `given_model` makes a model of them."""
    model = parser.add_argument_group("the model")
    model.add_argument(
        "--model",
        metavar="NAME",
        required=True,
        help="ORG/NAME or a folder (transformers), vllm:NAME, http://HOST/v1 with --model-name, or scripted:FILE",
    )
    model.add_argument("--model-name", metavar="NAME", default="", help="its name at an endpoint (key: MEDGRPO_MODEL_KEY)")
    model.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 (default: the first GPU where there is one)")
    model.add_argument("--dtype", choices=("auto", "float32", "bfloat16", "float16"), default="auto", help="its precision")
    model.add_argument(
        "--position-rule",
        choices=("maximum", "side"),
        default="maximum",
        help="how positions go on after a clip: as vLLM and the published models (maximum, default), or as transformers (side)",
    )
    model.add_argument("--batch-tokens", metavar="N", type=whole, default=32_768, help="tokens that one batch may hold")
    model.add_argument("--under-way", metavar="N", type=whole, default=8, help="requests under way at an endpoint (default: 8)")
    model.add_argument("--timeout", metavar="SECONDS", type=positive, default=300.0, help="time limit of a request there")
    model.add_argument("--send-as", choices=("images", "video"), default="images", help="how an endpoint is shown a clip")
    model.add_argument(
        "--prices",
        metavar=("PROMPT", "REPLY"),
        nargs=2,
        type=positive,
        help="per million tokens of an endpoint, so that costs are counted",
    )
    model.add_argument("--rate", metavar="N", type=positive, help="frames per second of videos (default: as the record states)")
    model.add_argument("--most-frames", metavar="N", type=whole, default=768, help="more are thinned out evenly (default: 768)")
    model.add_argument(
        "--side-patches",
        metavar="N",
        type=whole,
        default=1,
        help="sides are multiples of so many merged patches (default: 1; the official script of MedVidBench has 2)",
    )
    model.add_argument("--most-patches", metavar="N", type=whole, default=48, help="merged patches of a frame (default: 48)")


def given_model(args: argparse.Namespace) -> Model:
    """The model of these arguments, loaded."""
    from medgrpo.models import open_model

    return open_model(args.model, model_options(args))


def model_options(args: argparse.Namespace) -> ModelOptions:
    """How the model of these arguments is to be run."""
    from medgrpo.models import ModelOptions

    prices = args.prices or (None, None)
    return ModelOptions(
        frames_per_second=args.rate,
        most_frames=args.most_frames,
        most_patches=args.most_patches,
        side_patches=args.side_patches,
        position_rule=args.position_rule,
        device=args.device,
        dtype=args.dtype,
        batch_tokens=args.batch_tokens,
        endpoint_model=args.model_name,
        concurrency=args.under_way,
        timeout_seconds=args.timeout,
        send_video_as=args.send_as,
        price_in=prices[0],
        price_out=prices[1],
    )
