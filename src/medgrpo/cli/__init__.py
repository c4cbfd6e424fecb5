"""The command line. A command is one file with `add_parser(subparsers)` and `run(args) -> int`, listed in COMMANDS.

Nothing but argparse is imported until a command runs, so that `medgrpo --help` answers at once. An error that medgrpo raises on
purpose is one line on stderr and its exit code; anything else is a bug and shows its traceback.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from medgrpo import __version__
from medgrpo.cli import (
    analyze,
    ask,
    bench_analyze,
    bench_console,
    bench_day,
    bench_grpo,
    bench_live,
    bench_plan,
    bench_reasoning,
    bench_score,
    bench_search,
    bench_sft,
    cases_export,
    cases_forget,
    cases_import,
    cases_list,
    cases_search,
    cases_show,
    cases_user_add,
    cases_user_change,
    cases_user_list,
    data_build,
    data_check,
    data_convert,
    data_review_stats,
    data_short,
    demo,
    evaluate_alerts,
    evaluate_baselines,
    evaluate_extraction,
    evaluate_forecast,
    evaluate_grounding,
    evaluate_judges,
    evaluate_merge,
    evaluate_overlays,
    evaluate_parity,
    evaluate_perception,
    evaluate_reasoning,
    evaluate_run,
    evaluate_score,
    evaluate_search,
    evaluate_validate,
    knowledge_build,
    knowledge_check,
    knowledge_export,
    knowledge_import,
    knowledge_learn,
    knowledge_review,
    knowledge_search,
    record_export,
    record_prune,
    record_show,
    record_verify,
    serve,
    simulate,
    train_calibrate,
    train_grpo,
    train_halve,
    train_perception,
    train_plan,
    train_report,
    train_sft,
    train_start,
    train_study,
    train_tiny,
    train_tower,
    train_verl,
    watch,
)

__all__ = ["main"]

COMMANDS = (
    ("", analyze),
    ("", demo),
    ("", watch),
    ("", serve),
    ("", simulate),
    ("", ask),
    ("evaluate", evaluate_perception),
    ("evaluate", evaluate_run),
    ("evaluate", evaluate_merge),
    ("evaluate", evaluate_score),
    ("evaluate", evaluate_judges),
    ("evaluate", evaluate_validate),
    ("evaluate", evaluate_parity),
    ("evaluate", evaluate_baselines),
    ("evaluate", evaluate_extraction),
    ("evaluate", evaluate_search),
    ("evaluate", evaluate_forecast),
    ("evaluate", evaluate_grounding),
    ("evaluate", evaluate_reasoning),
    ("evaluate", evaluate_alerts),
    ("evaluate", evaluate_overlays),
    ("data", data_check),
    ("data", data_convert),
    ("data", data_build),
    ("data", data_review_stats),
    ("data", data_short),
    ("train", train_perception),
    ("train", train_calibrate),
    ("train", train_plan),
    ("train", train_sft),
    ("train", train_grpo),
    ("train", train_report),
    ("train", train_study),
    ("train", train_tiny),
    ("train", train_verl),
    ("train", train_start),
    ("train", train_halve),
    ("train", train_tower),
    ("knowledge", knowledge_build),
    ("knowledge", knowledge_review),
    ("knowledge", knowledge_search),
    ("knowledge", knowledge_check),
    ("knowledge", knowledge_export),
    ("knowledge", knowledge_import),
    ("knowledge", knowledge_learn),
    ("record", record_verify),
    ("record", record_show),
    ("record", record_export),
    ("record", record_prune),
    ("cases", cases_import),
    ("cases", cases_list),
    ("cases", cases_search),
    ("cases", cases_show),
    ("cases", cases_export),
    ("cases", cases_forget),
    ("cases user", cases_user_add),
    ("cases user", cases_user_list),
    ("cases user", cases_user_change),
    ("bench", bench_analyze),
    ("bench", bench_live),
    ("bench", bench_day),
    ("bench", bench_console),
    ("bench", bench_reasoning),
    ("bench", bench_search),
    ("bench", bench_score),
    ("bench", bench_sft),
    ("bench", bench_grpo),
    ("bench", bench_plan),
)
"""The group a command belongs to ("" for none; "cases user" stands inside "cases") and its file."""

GROUPS = {
    "evaluate": "measure accuracy against labels",
    "data": "annotation of data sets as questions in MedVidBench's form",
    "train": "train models (needs the extra `train`)",
    "knowledge": "procedures, concepts, documents, search",
    "record": "the tamper-evident record of a case (needs the extra `live`)",
    "cases": "several cases: import, search, review, export (needs the extra `serve`)",
    "cases user": "who may use the console, and as what",
    "bench": "measure speed and memory",
}


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="medgrpo",
        description="What is happening, and what might happen next, on surgical video. Research software, not for clinical use.",
    )
    parser.add_argument("--version", action="version", version=f"medgrpo {__version__}")
    parser.set_defaults(run=_listing(parser))
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    groups = {"": commands}
    for group, command in COMMANDS:
        if group not in groups:
            text = GROUPS[group]
            outer, _, inner = group.rpartition(" ")
            group_parser = groups[outer].add_parser(inner, help=text, description=f"{text[:1].upper()}{text[1:]}.")
            dest = "subcommand" if not outer else "subsubcommand"
            group_parser.set_defaults(run=_listing(group_parser), parser=group_parser)
            groups[group] = group_parser.add_subparsers(title="commands", dest=dest, metavar="COMMAND")
        leaf = command.add_parser(groups[group])
        leaf.set_defaults(run=command.run, parser=leaf)
    return parser


def _listing(parser: argparse.ArgumentParser) -> Callable[[argparse.Namespace], int]:
    """What runs where no command is named: the list of them."""

    def run(_: argparse.Namespace) -> int:
        sys.stderr.write(f"{parser.format_help()}\n{parser.prog}: error: name one of these commands\n")
        return 2

    return run


def _parse(given: Sequence[str]) -> argparse.Namespace:
    """What nobody knows is refused by the command it was given to, which names its own options that read nearly the same."""
    parser = build_parser()
    parsed, unknown = parser.parse_known_args(given)
    if unknown:
        asked: argparse.ArgumentParser = getattr(parsed, "parser", parser)
        options = sorted(set(re.findall(r"--[a-z][a-z0-9-]*", asked.format_usage())))
        near = [name for one in unknown for name in get_close_matches(one.partition("=")[0], options, 1)]
        asked.error(f"unrecognized arguments: {' '.join(unknown)}{f' (is {near[0]} meant?)' if near else ''}")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parse(given)
    parsed.given = given  # for commands that start themselves again in several processes

    from medgrpo.core import MedgrpoError

    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except MedgrpoError as error:
        for line in error.lines:
            sys.stderr.write(f"medgrpo: error: {' '.join(line.split())}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone (`medgrpo ... | head`); what is left in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("medgrpo: stopped\n")
        return 130
    return code
