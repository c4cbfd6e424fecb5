"""`medgrpo watch SOURCE`: a case while it happens."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.command import Subparsers, part_of_picture, positive


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "watch",
        help="watch live video: what stands, what is said, and a record of everything",
        description="Watch a camera (/dev/video0), a network stream (rtsp, rtmp, srt, udp, http with HLS), what a WebRTC sender "
        "sends here (webrtc://127.0.0.1:8890/theatre), a file at its own speed, or the simulator. Every decision is printed as it "
        "is made, and the case is recorded, tamper-evident, in the folder. Ctrl-C ends the case. Research software, not for "
        "clinical use.",
    )
    parser.add_argument("source", metavar="SOURCE", help="file, /dev/videoN, address with a scheme, or simulator[:SEED]")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder of the case; an unfinished one is gone on with"
    )
    parser.add_argument("--site", metavar="FILE", type=Path, help="who may interrupt about what, budgets, gates (docs/live.md)")
    parser.add_argument(
        "--clips",
        action="store_true",
        help="keep a clip around each alert that is said, only where the camera was surely inside the body (docs/live.md)",
    )
    parser.add_argument("--role", choices=("watcher", "partner"), help="watcher records and shows; partner may interrupt")
    parser.add_argument(
        "--mask",
        metavar="L,T,R,B",
        type=part_of_picture,
        action="append",
        default=[],
        help="blacken this part of every picture that is kept or shown (shares of the picture, 0 to 1), beside the site's masks",
    )
    parser.add_argument(
        "--speed", metavar="N", type=float, default=1.0, help="of a file: 1 its own, 0 as fast as it is looked at (default: 1)"
    )
    parser.add_argument("--loops", metavar="N", type=int, default=1, help="play a file so often, 0 for ever (default: 1)")
    parser.add_argument(
        "--looks-per-second", metavar="N", type=positive, default=5.0, help="how often to look at the video (default: 5)"
    )
    parser.add_argument(
        "--key", metavar="FILE", type=Path, help="signing key of the record (default: ~/.config/medgrpo/record.pem, made if absent)"
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="a video-language model that remarks now and then, as of `medgrpo ask`; never part of an alert (default: none)",
    )
    parser.add_argument("--model-name", metavar="NAME", default="", help="its name at an endpoint (key: MEDGRPO_MODEL_KEY)")
    return parser


def run(args: argparse.Namespace) -> int:
    import json
    import sys
    from contextlib import ExitStack
    from dataclasses import asdict
    from functools import partial

    import medgrpo
    from medgrpo.analysis import stop_on_signals
    from medgrpo.audit import Journal, SigningKey
    from medgrpo.cli.watching import Screen, kept_until, summary
    from medgrpo.core import InputError
    from medgrpo.knowledge import load_procedure
    from medgrpo.models import ModelOptions, open_model
    from medgrpo.perception import load_perceiver
    from medgrpo.stream import (
        BegunSource,
        ClipKeeper,
        FastLoop,
        Inbox,
        LiveSession,
        ManualClock,
        Showing,
        SimulatedSource,
        Site,
        SlowLoop,
        SystemClock,
        load_site,
        open_source,
        stamped,
    )

    if args.loops < 0:
        raise InputError(f"--loops is {args.loops}: give 0 (for ever) or more")
    site = Site() if args.site is None else load_site(args.site)
    if args.mask:
        masks = (*site.privacy.masks_xyxy, *args.mask)
        site = site.model_copy(update={"privacy": site.privacy.model_copy(update={"masks_xyxy": masks})})
    if args.role is not None:
        site = site.model_copy(update={"role": args.role})
    if args.clips:
        site = site.model_copy(update={"clips": site.clips.model_copy(update={"keep": True})})
    clock = ManualClock() if args.speed == 0 else SystemClock()
    source = open_source(args.source, clock, args.speed, args.loops, site.packets_held)
    drawn = isinstance(source, SimulatedSource)
    if drawn:  # it draws no patient and no text but its own mark: a scene that stands as still as letters do is not to be blackened
        site = site.model_copy(update={"privacy": site.privacy.model_copy(update={"find_text": False})})
    perceiver = load_perceiver()
    loop = FastLoop(perceiver, load_procedure(site.procedure), site, clock, live=not source.waits)
    model = None if args.model is None else open_model(args.model, ModelOptions(endpoint_model=args.model_name))
    about = {
        "medgrpo": medgrpo.__version__,
        "model": perceiver.model,
        "source": source.name,
        "simulated": drawn or None,  # a drawn file is known by its looks alone
        "site": json.loads(site.model_dump_json()),
        "looks_per_second": args.looks_per_second,
        "look_holds_seconds": loop.reasoner.config.look.holds_seconds,
        "research_only": "not for clinical use",
    }
    with stop_on_signals() as stop, ExitStack() as stack:
        begun = BegunSource(source, stop)  # before anything is written: what cannot be watched leaves no case behind
        key = SigningKey.at(args.key or Path.home() / ".config" / "medgrpo" / "record.pem")
        journal = stack.enter_context(Journal(args.out / "record", key, partial(stamped, SystemClock()), about))
        screen = stack.enter_context(Screen())
        showing = stack.enter_context(Showing(args.out, lambda: loop.privacy.clear))
        slow = clips = None
        if site.clips.keep:
            clips = ClipKeeper(args.out, site.clips, waits=source.waits)
            sys.stdout.write(f"{kept_until(args.out, site.retention)}\n")
        if model is not None:
            slow = stack.enter_context(SlowLoop(model, clock))
        session = LiveSession(
            begun,
            loop,
            clock,
            journal,
            args.out,
            every_seconds=1 / args.looks_per_second,
            listeners=[screen.show, showing.show],
            slow=slow,
            on_remark=screen.remark,
            inbox=Inbox(args.out),
            clips=clips,
        )
        timeline = session.run(stop)
        told = {"coverage": asdict(timeline.coverage), "duration_seconds": timeline.duration_seconds, "domain": timeline.domain}
        journal.append("summary", {**told, "pictures": session.totals.pictures(), "black": session.totals.black()})
        if stop.by is not None and not loop.technical.ended:
            journal.ends(f"stopped by {stop.by}")
    sys.stdout.write(summary(session.totals, timeline, args.out))
    return 0
