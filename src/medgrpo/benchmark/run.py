"""One run over a data file: settings claimed, open questions asked, answers kept; killed at any moment, it goes on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgrpo.benchmark.answers import ANSWERS_NAME, Answer, AnswerFile, read_answers, settled
from medgrpo.benchmark.asking import ClipOf, Manner, ask_all
from medgrpo.benchmark.questions import Row, asked_once, batches, in_shard
from medgrpo.benchmark.settings import RunSettings, claim, claim_anew, stored_settings
from medgrpo.core import Interrupted
from medgrpo.models import Model


@dataclass(frozen=True, slots=True)
class Asked:
    """How far the run is: questions of this part, and how many of them have their answer (or a failure that lasts)."""

    done: int
    total: int


Listener = Callable[[Asked], None]


def ask_questions(
    folder: Path,
    rows: Sequence[Row],
    settings: RunSettings,
    model: Model,
    clip_of: ClipOf,
    manner: Manner,
    batch_size: int,
    listen: Listener,
    stop: Callable[[], bool],
) -> None:
    """Ask what the folder has no answer to yet. Interrupted when `stop` says so; what was answered is kept.

    Pictures may be looked for elsewhere, or sampled in another way, as long as no question of the folder had any.

    InputError when the folder holds another run, or another process writes it; ModelError when the model cannot be used at all.
    """
    earlier = stored_settings(folder)
    only_pictures = earlier is not None and earlier.same_but_pictures(settings)
    if not only_pictures:
        claim(folder, settings)
    questions = asked_once(in_shard(rows, settings.shard))
    with AnswerFile(folder / ANSWERS_NAME) as file:
        stored = read_answers(folder / ANSWERS_NAME)
        if only_pictures:
            if all(answer.failed_at == "clip" for answer in stored.by_asked.values()):
                claim_anew(folder, settings)
            claim(folder, settings)
        done = settled(stored, (row.asked for row in questions))
        listen(Asked(done, len(questions)))

        def keep(answers: Sequence[Answer]) -> None:
            nonlocal done
            file.append(answers)
            done += len(answers)
            listen(Asked(done, len(questions)))

        waiting = [row for row in questions if row.asked not in stored.by_asked or not stored.by_asked[row.asked].settled]
        asyncio.run(ask_all(batches(waiting, batch_size), model, clip_of, manner, keep, stop))
    if stop() and done < len(questions):
        raise Interrupted(
            f"stopped at {done} of {len(questions)} questions; all answers are kept in {folder}: give the same command to go on"
        )
