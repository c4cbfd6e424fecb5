"""`medgrpo serve`: the console."""

from __future__ import annotations

import argparse
from pathlib import Path

from medgrpo.cli.cases_options import add_where, opened_store
from medgrpo.cli.command import Subparsers, whole


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "serve",
        help="the console: cases while they happen, in a browser (needs the extra `serve`)",
        description="Show the cases of a folder in a browser, live where `medgrpo watch` is watching them. Only this machine can "
        "reach it, unless --host, TLS files and users say otherwise (docs/console.md). Research software, not for clinical use.",
    )
    parser.add_argument("--cases", metavar="DIR", type=Path, required=True, help="folder whose folders are cases")
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1", help="address to listen at (default: this machine alone)")
    parser.add_argument("--port", metavar="N", type=whole, default=8600, help="port to listen at (default: 8600)")
    parser.add_argument("--certificate", metavar="FILE", type=Path, help="TLS certificate chain (PEM)")
    parser.add_argument("--key", metavar="FILE", type=Path, help="its private key (PEM)")
    add_where(parser)
    parser.add_argument(
        "--record-key",
        metavar="FILE",
        type=Path,
        help="signing key of reviews, as --key of `medgrpo watch` (default: ~/.config/medgrpo/record.pem, made if absent)",
    )
    parser.add_argument(
        "--name", metavar="NAME", action="append", default=[], help="a name that browsers may call this machine by; may be repeated"
    )
    parser.add_argument(
        "--watch",
        metavar="SOURCE",
        action="append",
        default=[],
        help="also run `medgrpo watch SOURCE` into a new case of DIR until the console ends; may be repeated",
    )
    return parser


def run(args: argparse.Namespace) -> int:
    import sys

    from medgrpo.console import Settings, StoreUsers, Watchers, listening, make_app, serve

    settings = Settings(args.cases, args.host, args.port, args.certificate, args.key, tuple(args.name))
    settings.check(users=True)  # whether there is anybody is asked of the store, which is not made for nothing
    # the address is had before anything is made, watched or told: one that is taken leaves nothing behind
    with listening(settings) as listener, opened_store(args.store, args.record_key) as store:
        app = make_app(settings, StoreUsers(store.users), store)
        with Watchers(args.cases, args.watch) as watchers:
            for one in watchers.watched:
                sys.stdout.write(f"watching {one.source}: {settings.address}cases/{one.folder.name}\n")
            sys.stdout.write(f"console: {settings.address} (Ctrl-C ends it). Research software, not for clinical use.\n")
            sys.stdout.flush()
            serve(app, listener)
    return 0
