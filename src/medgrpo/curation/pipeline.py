"""The whole build: sources in, a benchmark out. Stages are pure functions of what came before, so that a killed build goes on.

    read and cut and ask    one source at a time -> .work/questions/SOURCE.jsonl
    picture                 frames of the clips, where videos are given -> frames/, .work/pictured/SOURCE.jsonl
    describe and agree      two models' captions -> .work/captions/, .work/described/SOURCE.jsonl
    split, draw, write      train_large, train_standard, test, build.json, report.html

No result holds a time of day: the same sources, recipe and version give the same bytes, whether the build was killed or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

from medgrpo import __version__
from medgrpo.core import InputError
from medgrpo.curation.agreement import Agreement
from medgrpo.curation.built import Built, Split, UsedSource, licence_note
from medgrpo.curation.chance import draw
from medgrpo.curation.counts import StageCount, Tally, added
from medgrpo.curation.describing import Describer, Writers, wants_description
from medgrpo.curation.figures import Figures, SetFigures
from medgrpo.curation.footage import recording_of
from medgrpo.curation.page import report_page
from medgrpo.curation.questions import ABSENT, NO_FURTHER, Asker, case_of
from medgrpo.curation.recipe import Recipe
from medgrpo.curation.review import ReviewItem, review_items, review_page
from medgrpo.curation.sampling import Candidate, balanced
from medgrpo.curation.splitting import Side, check_leaks, side_of
from medgrpo.curation.work import FOLDER, Replies, print_of, print_of_folder, read_json, sha256_of, write_json, write_text
from medgrpo.sources import SOURCES, TEMPLATE, BenchmarkRecord, Problem, Source, read_medvidbench, write_medvidbench
from medgrpo.tasks import task_of

Form = Literal["jsonl", "json", "parquet"]
Progress = Callable[[str, int, int], None]
"""(title, done, total)."""
ABSENT_CASES = frozenset({ABSENT, NO_FURTHER})


def _quiet(_title: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built: folders of raw annotation by source name, where to, by which recipe."""

    sources: Mapping[str, Path]
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    form: Form = "jsonl"
    writers: Writers | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """The questions of one source after a stage: where they lie, their print, and the counts of all stages so far."""

    source: str
    path: Path
    print: str
    counts: tuple[StageCount, ...]
    cosines: Mapping[str, list[float]] = field(default_factory=dict[str, list[float]])


def build(order: Order, progress: Progress = _quiet, sources: Mapping[str, Source] = SOURCES) -> Built:
    """Build everything into `order.out` and give the content of its `build.json`.

    InputError, before anything is written, for a source that is not known or not there and a folder that holds another build;
    errors of the sources as they are.
    """
    unknown = [name for name in order.sources if name not in sources]
    if unknown or not order.sources:
        what = f"{unknown[0]}: no such source" if unknown else "no source given"
        raise InputError(f"{what}; there are {', '.join(sources)}")
    for path in order.sources.values():
        if not path.exists():
            raise InputError(f"{path}: there is no such file or folder")
    _claim(order)
    parts = [_asked(order, sources[name], order.sources[name], progress) for name in sorted(order.sources)]
    if order.writers is not None:
        with asyncio.Runner() as loop:
            parts = [_described(order, order.writers, part, loop, progress) for part in parts]
    return _written(order, parts, sources, progress)


def _claim(order: Order) -> None:
    """A folder belongs to one order: what is asked must be what was asked before.

    Only once it holds a build or a model's replies: a build that failed before does not stand in the way of a corrected command.
    """
    wanted = {
        "medgrpo": __version__,
        "recipe": order.recipe.model_dump(mode="json"),
        "form": order.form,
        "models": order.writers.names() if order.writers else [],
        "sources": {name: str(path.resolve()) for name, path in sorted(order.sources.items())},
    }
    path = order.out / FOLDER / "order.json"
    found = read_json(path)
    held = (order.out / "build.json").exists() or any((order.out / FOLDER / "replies").glob("*"))
    if found is not None and found != wanted and held and not order.force:
        changed = next(name for name in wanted if found.get(name) != wanted[name])
        raise InputError(f"{order.out}: holds another build ({changed} differs): give another --out, or --force to build anew")
    if found != wanted:
        write_json(path, wanted)


def _asked(order: Order, source: Source, folder: Path, progress: Progress) -> Part:
    """Read, cut and ask: the questions of one source. Kept from an earlier run when nothing that they depend on has changed."""
    name = source.card.name
    path = order.out / FOLDER / "questions" / f"{name}.jsonl"
    print_ = print_of([__version__, order.recipe.model_dump(mode="json"), name, print_of_folder(folder)])
    kept = _kept(path, print_, name)
    if kept is not None:
        return kept
    progress(f"reading {name}", 0, 1)
    read, asker, seen = Tally("read", "entries"), Asker(order.recipe, name), Tally("repeat", "questions")

    def records() -> Iterator[BenchmarkRecord]:
        for found in source.records(folder):
            read.take()
            if isinstance(found, Problem):
                read.drop("a problem that the source's reader named")
            else:
                yield found

    def questions() -> Iterator[BenchmarkRecord]:
        index = 0
        for _, group in groupby(records(), key=lambda record: record.video):
            held = list(group)
            recording = recording_of(held)
            for reason, count in recording.lost.items():
                read.drop(reason, count)
            read.keep(len(held) - sum(recording.lost.values()))
            asked: set[tuple[str, str, str, str]] = set()
            for record in asker.questions(recording):
                seen.take()
                key = (record.clip.start, record.clip.end, record.qa_type, record.question)
                if key in asked:
                    seen.drop("the same question about the same clip")
                    continue
                asked.add(key)
                seen.keep()
                yield replace(record, index=index)
                index += 1

    path.parent.mkdir(parents=True, exist_ok=True)
    write_medvidbench(path, questions())
    counts = (read.count(), asker.cut.count(), asker.ask.count(), seen.count())
    write_json(path.with_suffix(".json"), {"print": print_, "counts": [count.model_dump() for count in counts]})
    progress(f"reading {name}", 1, 1)
    return Part(name, path, print_, counts)


def _described(order: Order, writers: Writers, asked: Part, loop: asyncio.Runner, progress: Progress) -> Part:
    """The questions of one source with templates replaced by two models' captions. Not kept while a call has failed."""
    name = asked.source
    path = order.out / FOLDER / "described" / f"{name}.jsonl"
    print_ = print_of([asked.print, writers.names()])
    kept = _kept(path, print_, name)
    if kept is not None:
        return kept
    total = sum(1 for record in _records(asked) if wants_description(record))
    title = f"describing {name}"
    progress(title, 0, total)
    folder = order.out / FOLDER / "replies"
    replies = (Replies(folder / f"{name}.a.jsonl"), Replies(folder / f"{name}.b.jsonl"))

    def told(done: int) -> None:
        progress(title, done, total)

    describer = Describer(order.recipe, name, order.sources[name], replies, writers, loop, told)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_medvidbench(path, describer.questions(_records(asked)))
    counts = (*asked.counts, describer.describe.count(), describer.agree.count())
    note = {
        "print": "" if describer.failed else print_,
        "counts": [one.model_dump() for one in counts],
        "cosines": describer.cosines,
    }
    write_json(path.with_suffix(".json"), note)
    return Part(name, path, print_, counts, describer.cosines)


def _kept(path: Path, print_: str, source: str) -> Part | None:
    note = read_json(path.with_suffix(".json"))
    if note is None or note.get("print") != print_ or not path.exists():
        return None
    return Part(source, path, print_, tuple(StageCount.model_validate(count) for count in note["counts"]), note.get("cosines", {}))


def _records(part: Part) -> Iterator[BenchmarkRecord]:
    for found in read_medvidbench(part.path):
        if isinstance(found, Problem):
            raise InputError(f"{found}: delete {part.path.parent} and run the same command again")
        yield found


def _written(order: Order, parts: list[Part], sources: Mapping[str, Source], progress: Progress) -> Built:
    recipe = order.recipe
    split = Tally("split", "questions")
    pools: dict[Side, list[Candidate]] = {"train": [], "test": []}
    sides: set[tuple[Side, str, str]] = set()
    for part in parts:
        for record in _records(part):
            split.take()
            side = side_of(recipe, record.source, record.video)
            if side == "test" and case_of(record) in ABSENT_CASES and not recipe.absence_in_test:
                split.drop("asks about something absent: kept out of the test set")
                continue
            split.keep()
            split.make(side)
            sides.add((side, record.source, record.video))
            task = task_of(record.qa_type)
            order_ = draw(recipe.seed, "sample", record.id, record.qa_type, record.question)
            pools[side].append(Candidate(task.card.name if task else "", record.source, order_, (part.source, record.index)))
    recordings = check_leaks(sides)
    most = int(len(pools["train"]) * recipe.standard_most_share)
    standard = balanced(pools["train"], min(recipe.standard_questions, most))
    test = balanced(pools["test"], recipe.test_questions)
    chosen: dict[str, set[tuple[str, int]]] = {
        "train_large": {one.place for one in pools["train"]},
        "train_standard": standard,
        "test": test,
    }
    counts = [added(stage, [one for part in parts for one in part.counts if one.stage == stage]) for stage in _stages(parts)]
    counts.append(split.count())
    for name, pool in (("train_standard", pools["train"]), ("test", pools["test"])):
        draws = Tally(f"draw {name}", "questions")
        draws.take(len(pool))
        draws.keep(len(chosen[name]))
        draws.drop("not drawn: its task and source have their share", len(pool) - len(chosen[name]))
        counts.append(draws.count())
    sets: dict[str, SetFigures] = {}
    for done, (name, places) in enumerate(chosen.items()):
        progress("writing", done, len(chosen))
        figures = Figures()
        path = order.out / f"{name}.{order.form}"
        write_medvidbench(path, _set(parts, places, name != "test", figures))
        sets[name] = figures.summary(path.name, sha256_of(path))
    built = Built(
        medgrpo_version=__version__,
        recipe=recipe,
        sources={part.source: _used(part, sources[part.source]) for part in parts},
        licence=licence_note([(part.source, sources[part.source].card.licence) for part in parts]),
        stages=counts,
        by_source={part.source: list(part.counts) for part in parts},
        split=Split(
            videos=len(sides),
            distinct=recordings,
            test=sum(1 for side, _, _ in sides if side == "test"),
            asked_test_share=recipe.test_share,
        ),
        sets=sets,
        models=order.writers.names() if order.writers else [],
        agreement=_agreement(order, parts),
    )
    if order.writers is not None:
        items = review_items(_reviewed(order, parts), recipe.review_pairs)
        write_text(order.out / "review.html", review_page(items, recipe.seed))
    write_text(order.out / "report.html", report_page(built))
    write_json(order.out / "build.json", built.model_dump(mode="json"))
    progress("writing", len(chosen), len(chosen))
    return built


def _reviewed(order: Order, parts: list[Part]) -> Iterator[tuple[float, ReviewItem]]:
    """Every pair of captions that was kept, with its draw."""
    for part in parts:
        for first, second in pairwise(_records(part)):
            if first.author == TEMPLATE or (first.id, first.question) != (second.id, second.question) or not first.author:
                continue
            if not first.qa_type.endswith("_gpt") or not second.qa_type.endswith("_gemini"):
                continue
            key = print_of([first.id, first.qa_type, first.question])[:16]
            task = task_of(first.qa_type)
            title = f"{first.source}, {task.card.name.replace('_', ' ') if task else first.qa_type}"
            frames = tuple(order.sources[part.source] / frame for frame in first.frames)
            item = ReviewItem(key, title, frames, first.answer or "", second.answer or "")
            yield draw(order.recipe.seed, "review", key), item


def _agreement(order: Order, parts: list[Part]) -> Agreement | None:
    if order.writers is None:
        return None
    cosines: dict[str, list[float]] = {}
    for part in parts:
        for task, held in part.cosines.items():
            cosines.setdefault(task, []).extend(held)
    return Agreement.of(order.recipe.agreement, order.writers.embedder.name, cosines)


def _used(part: Part, source: Source) -> UsedSource:
    card = source.card
    return UsedSource(licence=card.licence, where=card.where, questions=sum(1 for _ in _records(part)), sha256=sha256_of(part.path))


def _stages(parts: list[Part]) -> list[str]:
    return list(dict.fromkeys(count.stage for part in parts for count in part.counts))


def _set(parts: list[Part], places: set[tuple[str, int]], train: bool, figures: Figures) -> Iterator[BenchmarkRecord]:
    index = 0
    for part in parts:
        for record in _records(part):
            if (part.source, record.index) in places:
                made = replace(_placed(record), index=index, train=train)
                figures.see(made)
                yield made
                index += 1


def _placed(record: BenchmarkRecord) -> BenchmarkRecord:
    """Frames are named from the source's folder on: in a set of several sources their names begin with the source's."""
    frames = tuple(f"{record.source}/{frame}" for frame in record.frames)
    region = record.region and replace(record.region, frame=f"{record.source}/{record.region.frame}")
    return replace(record, frames=frames, region=region)
