"""`medgrpo evaluate alerts`: what the live path says on simulated operations, and thresholds that keep a promise."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medgrpo.cli.command import Subparsers, positive, whole

if TYPE_CHECKING:
    from rich.console import Console


def add_parser(subparsers: Subparsers) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        "alerts",
        help="measure alerts on simulated operations, or calibrate a channel's threshold",
        description="Watch simulated operations (scripts only, no picture is drawn, seeds never used for design), faultless and "
        "with each deviation in turn, through a noise model and the live path's own rules, and tell of each channel: "
        "sensitivity, also at fixed alerts per hour, time to detect, predictive value, time in alarm, repeats, flicker, and what "
        "was not said and why. With --channel: the threshold that misses at most a share of its events, with a confidence, over "
        "whole operations. Says nothing about real surgery.",
    )
    parser.add_argument("--cases", metavar="N", type=whole, help="how many operations (default 15; with --channel 40)")
    parser.add_argument("--minutes", metavar="M", type=positive, help="length of each (default 20; with --channel 5)")
    parser.add_argument("--noise", metavar="LEVELS", help="low, medium, high, separated by commas (default all; --channel: medium)")
    parser.add_argument("--looks-per-second", metavar="F", type=positive, default=2.0, help="looks at each second (default 2)")
    parser.add_argument("--site", metavar="FILE", type=Path, help="a site's file (docs/live.md), instead of the defaults")
    parser.add_argument("--channel", metavar="NAME", help="calibrate this channel's threshold")
    parser.add_argument("--miss", metavar="SHARE", type=positive, default=0.1, help="of its events, at most missed (default 0.1)")
    parser.add_argument("--confidence", metavar="SHARE", type=positive, default=0.9, help="how sure of that (default 0.9)")
    parser.add_argument("--processes", metavar="N", type=whole, default=2, help="processes at work (default 2)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    return parser


def run(args: argparse.Namespace) -> int:
    import json

    from medgrpo.cli.output import write_text
    from medgrpo.cli.progress import titled_progress
    from medgrpo.cli.tables import table_console
    from medgrpo.stream import Site, load_site
    from medgrpo.trials import Demand, TrialSettings, alert_study, calibrate

    one = args.channel is not None
    settings = TrialSettings(
        cases=args.cases or (40 if one else 15),
        minutes=args.minutes or (5.0 if one else 20.0),
        noise=tuple(name.strip() for name in (args.noise or ("medium" if one else "low,medium,high")).split(",")),
        looks_per_second=args.looks_per_second,
        processes=args.processes,
    )
    site = Site() if args.site is None else load_site(args.site)
    console = table_console()
    with titled_progress() as progress:
        if one:
            demand = Demand(channel=args.channel, miss=args.miss, confidence=args.confidence)
            figures = calibrate(settings, site, demand, progress)
        else:
            figures = alert_study(settings, site, progress)
    for name, level in figures["levels"].items():
        if one:
            _show_threshold(console, figures, name, level)
        else:
            _show_level(console, figures, name, level)
    if args.json is not None:
        write_text(args.json, json.dumps(figures, indent=1) + "\n")
    return 0


def _show_level(console: Console, figures: Mapping[str, Any], name: str, level: Mapping[str, Any]) -> None:
    from rich.table import Table

    from medgrpo.trials import RATES_PER_HOUR, flat

    settings = figures["settings"]
    found = Table(
        title=f"noise {name}: {level['operations']} simulated operations of {settings['minutes']:g} minutes",
        caption="at N/h: sensitivity of the surest alerts, N an hour; to detect: p10, p50, p90 in seconds",
    )
    told = Table(caption="in alarm: share of the time, if nobody answers; unsaid: deliberately, by reason")
    found.add_column("channel")
    told.add_column("channel")
    for column in ("told", "sensitivity", *(f"{rate:g}/h" for rate in RATES_PER_HOUR), "to detect"):
        found.add_column(column, justify="right")
    for column in ("said/h", "PPV", "in alarm", "repeats", "flicker/h", "not assessed", "unsaid/h"):
        told.add_column(column, justify="right")
    for channel, row in flat(level).items():
        detection = row["detection_seconds"]
        found.add_row(
            channel,
            f"{row['told']} of {row['events']}",
            _interval(row["sensitivity"]),
            *(_share(value) for value in row["sensitivity_at_per_hour"].values()),
            "-" if detection is None else ", ".join(f"{detection[part]:.0f}" for part in ("p10", "p50", "p90")),
        )
        told.add_row(
            channel,
            f"{row['said_per_hour'][0]:.1f}",
            _interval(row["predictive_value"]),
            f"{row['time_in_alarm']:.1%}",
            _share(row["repeats"]),
            f"{row['flicker_per_hour']:.0f}",
            "-" if row["not_assessed"] is None else f"{row['not_assessed']:.0%}",
            ", ".join(f"{why} {rate:.1f}" for why, rate in row["unsaid_per_hour"].items()) or "-",
        )
    console.print(found)
    console.print(told)
    said = ", ".join(f"{priority} {rate:.1f}" for priority, rate in level["said_per_hour_by_priority"].items())
    quiet = level["faultless_said_per_hour"]
    console.print(
        f"said per hour, with the technical channels: {said}; escalated {level['escalated_per_hour']:.1f} (nobody answers); "
        f"in faultless operations {'-' if quiet is None else f'{quiet:.1f}'}"
    )


def _show_threshold(console: Console, figures: Mapping[str, Any], name: str, level: Mapping[str, Any]) -> None:
    from rich.table import Table

    from medgrpo.trials import site_lines

    demand, settings = figures["demand"], figures["settings"]
    table = Table(
        title=f"{demand['channel']}, noise {name}: {settings['cases']} simulated operations of {settings['minutes']:g} minutes",
        caption=f"threshold: {figures['measure']} (design value {figures['design']:g})",
    )
    for column in ("threshold", "missed", f"at most ({demand['confidence']:.0%})", "sensitivity", "alerts/h", "PPV"):
        table.add_column(column, justify="right")
    for row in level["curve"]:
        table.add_row(
            f"{row['threshold']:g}" + (" *" if row is level["chosen"] else ""),
            _share(row["missed"]),
            _share(row["missed_at_most"]),
            _share(row["sensitivity"]),
            f"{row['alerts_per_hour']:.1f}",
            _share(row["predictive_value"]),
        )
    console.print(table)
    console.print(_words(demand, level, settings["cases"]))
    if level["chosen"] is not None:
        console.print(site_lines(demand["channel"], level["chosen"]), markup=False)


def _words(demand: Mapping[str, Any], level: Mapping[str, Any], cases: int) -> str:
    asked = f"at most {demand['miss']:.0%} of the events missed, with {demand['confidence']:.0%} confidence"
    chosen = level["chosen"]
    if chosen is None:
        needed = level["operations_needed"]
        few = f" (at least {needed} are needed even if none is missed)" if cases < needed else ""
        order = "; a later threshold alone is not relied on, as the fixed order ended before it"
        late = order if level["best_bound"] <= demand["miss"] else ""
        return f"{asked}: not achievable with {cases} operations{few}; the best upper bound is {level['best_bound']:.0%}{late}"
    check = level["check"]
    quiet = check["alerts_per_hour_faultless"]
    return (
        f"{asked}: threshold {chosen['threshold']:g}; expect {chosen['alerts_per_hour']:.1f} alerts per hour in operations with "
        f"such events, sensitivity {chosen['sensitivity']:.2f}. On {cases} other operations, "
        f"{check['operations_with_events']} with events: missed {_share(check['missed'])}, {check['alerts_per_hour']:.1f} alerts "
        f"per hour ({'-' if quiet is None else f'{quiet:.1f}'} in faultless ones)."
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _interval(figure: Sequence[float | None] | None) -> str:
    if figure is None or figure[0] is None:
        return "-"
    value, low, high = figure
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f}-{high:.2f})"
