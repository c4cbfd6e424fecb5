"""What `medgrpo evaluate run` and `merge` share: everything that is made from the answers, and the table that is printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from medgrpo.benchmark import (
    ANSWERS_NAME,
    REPORT_NAME,
    Finished,
    Pictures,
    Row,
    RunSettings,
    finish,
    read_answers,
    render_run,
    write_whole,
)
from medgrpo.cli.judges import protocol_ratings
from medgrpo.cli.score_tables import counted, show_scores
from medgrpo.cli.tables import table_console
from medgrpo.scoring import LazyMiniLM, Remembering, load_minilm


def end_run(folder: Path, rows: Sequence[Row], settings: RunSettings, pictures: Pictures, args: argparse.Namespace) -> None:
    """Write and print all results of a run whose answers are there; `args` say how captions are scored."""
    stored = read_answers(folder / ANSWERS_NAME)
    sentences = Remembering(load_minilm()) if args.captions == "similarity" else None
    finished = finish(
        folder,
        rows,
        settings,
        stored.by_asked,
        len(stored.torn),
        sentences or LazyMiniLM(),
        sentences,
        lambda records: protocol_ratings(args, records, "both"),
    )
    write_whole(folder / REPORT_NAME, render_run(finished, pictures))
    if finished.scores:
        show_scores(finished.scores)
    _show_tallies(finished)
    if finished.unseen is not None:
        sys.stderr.write(f"medgrpo: {finished.unseen}\n")


def _show_tallies(finished: Finished) -> None:
    table = Table(title=f"{counted(len(finished.answered), 'row')}, {counted(finished.usage.questions_asked, 'question')} asked")
    for heading in ("source, task", "rows", "truncated", "unread", "no pictures", "no reply"):
        table.add_column(heading, justify="left" if heading == "source, task" else "right")
    for tally in finished.tallies:
        counts = (tally.rows, tally.truncated, tally.unparsed, tally.clips_missing, tally.model_failed)
        table.add_row(f"{tally.source}, {tally.task}", *map(str, counts))
    table_console().print(table)
