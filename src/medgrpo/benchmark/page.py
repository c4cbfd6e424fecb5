"""`report.html` of a run: one file that asks nothing of any network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from medgrpo.benchmark.board import board
from medgrpo.benchmark.cases import cases_html, worst_cases
from medgrpo.benchmark.clips import Pictures
from medgrpo.benchmark.finishing import Finished
from medgrpo.benchmark.outputs import Answered, Usage, scoring_records
from medgrpo.benchmark.strips import by_source, tallies_table
from medgrpo.core import length
from medgrpo.page import document, look, text
from medgrpo.scoring import Records, answer_all, score_leaderboard, usable

REPORT_NAME = "report.html"
_FAILURES_NAMED = 40


def render_run(finished: Finished, pictures: Pictures) -> str:
    """The whole page. Pictures of the worst cases are read from where they lie; one that is missing says why."""
    scores = finished.scores
    strict = scores["strict"] if scores else None
    cases = worst_cases(finished.answered, strict["records"]) if strict else []
    return document(
        f"MedVidBench run: {text(finished.settings.model.name)}",
        _template("report.html"),
        look() + _template("report.css"),
        "",
        model=text(finished.settings.model.name),
        summary=text(_summary(finished)),
        notes=_notes(finished),
        counts=_counts(finished),
        facts=_facts(finished),
        figures=board(finished, not_looking(finished.answered) if scores else {}),
        sources=by_source(strict["summary"] if strict else None),
        became=tallies_table(finished.tallies) + _failures(finished.answered),
        worst=cases_html(cases, pictures),
        made=_made(finished),
    )


def not_looking(answered: Sequence[Answered]) -> dict[str, Mapping[str, float]]:
    """Official figures of answers that do not look, on the same questions."""
    records = usable(Records(scoring_records(answered)))
    scripts = {"Best constant answer per source": "constant", "Reference of another row": "random"}
    return {name: score_leaderboard(answer_all(records, script)).rounded for name, script in scripts.items()}


def _template(name: str) -> str:
    return files("medgrpo.benchmark").joinpath("templates", name).read_text(encoding="utf-8")


def _totals(finished: Finished) -> tuple[int, int, int, int]:
    """Cut off, cannot be read, without pictures, without reply."""
    own = finished.tallies
    return (
        sum(one.truncated for one in own),
        sum(one.unparsed for one in own),
        sum(one.clips_missing for one in own),
        sum(one.model_failed for one in own),
    )


def _summary(finished: Finished) -> str:
    rows, sources = len(finished.answered), len({one.source for one in finished.tallies})
    tasks, used = len({one.task for one in finished.tallies}), finished.usage
    shared = (
        f", {used.rows_sharing_an_answer} of them the same as another row and asked with it" if used.rows_sharing_an_answer else ""
    )
    return f"{rows:,} rows of {finished.settings.data.name}{shared}: {tasks} tasks, {sources} sources."


def _notes(finished: Finished) -> str:
    settings, words = finished.settings, list[str]()
    if not settings.shard.whole:
        words.append(f"Part {settings.shard} of a run: no submission is written until the parts are merged.")
    if settings.seen == "nothing":
        words.append("No pictures were given to the model: the figures are those of the questions alone.")
    failed = sum(_totals(finished)[2:])
    if failed:
        words.append(f"{failed:,} rows have no answer. They count as wrong, and are named below.")
    return "".join(f'<p class="warned">{text(one)}</p>' for one in words)


def _counts(finished: Finished) -> str:
    cut, unread, blind, silent = _totals(finished)
    tiles = (
        ("", len(finished.answered), "row", "rows"),
        ("alert" if cut else "", cut, "answer cut off", "answers cut off"),
        ("alert" if unread else "", unread, "answer cannot be read", "answers cannot be read"),
        ("alert" if blind else "", blind, "row without its pictures", "rows without their pictures"),
        ("alert" if silent else "", silent, "row without a reply", "rows without a reply"),
    )
    return "".join(
        f'<li class="{style}"><a href="#became"><b>{count:,}</b> {one if count == 1 else many}</a></li>'
        for style, count, one, many in tiles
    )


def _facts(finished: Finished) -> str:
    used, data = finished.usage, finished.settings.data
    facts = (
        ("Data", f'{text(data.name)} <abbr title="{data.sha256}">{data.sha256[:12]}…</abbr>'),
        ("Backend", text(finished.settings.model.backend)),
        ("Model's time", _time(used)),
        ("Tokens read, written", f"{_number(used.prompt_tokens)}, {_number(used.completion_tokens)}"),
        ("Cost", "not known" if used.cost is None else f"{used.cost:.4f}"),
        ("Asked again", f"{used.asked_again:,}"),
    )
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _time(used: Usage) -> str:
    if used.seconds_median is None or used.seconds_95 is None:
        return "no answer came"
    left_out = f"; {used.without_pictures:,} never asked are left out" if used.without_pictures else ""
    return f"{length(used.seconds)}; one answer {used.seconds_median:.2f} s, 95 % within {used.seconds_95:.2f} s{left_out}"


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _failures(answered: Sequence[Answered]) -> str:
    failed = [one for one in answered if one.answer.failure is not None]
    if not failed:
        return ""
    lines = "".join(
        f"<li>row {one.row.place}, {text(one.row.clip)}: {text(one.answer.failure or '')}</li>" for one in failed[:_FAILURES_NAMED]
    )
    rest = f'<p class="quiet">{len(failed) - _FAILURES_NAMED:,} more in answers.jsonl.</p>' if len(failed) > _FAILURES_NAMED else ""
    return f'<h3>Rows without an answer</h3><ul class="failures">{lines}</ul>{rest}'


def _made(finished: Finished) -> str:
    settings, sampling = finished.settings, finished.settings.model.sampling
    used, judged = finished.usage, finished.scores
    seen = "no pictures"
    if sampling is not None and settings.seen != "nothing":
        seen = (
            f"from {settings.seen}, at most {sampling.most_frames} pictures, {sampling.least_pixels:,} to {sampling.most_pixels:,} "
            f"pixels, sides multiples of {sampling.side_multiple}"
        )
    facts = {
        "Model": f"{settings.model.name} {settings.model.revision}".strip(),
        "Details": ", ".join(f"{key} {value}" for key, value in settings.model.details.items()) or "none given",
        "Pictures": seen,
        "New tokens": ", ".join(f"{task.replace('_', ' ')} {count}" for task, count in settings.max_new_tokens.items()),
        "Temperature, seed": f"{settings.temperature:g}, {settings.seed}",
        "One-shot examples": "none" if settings.shots_sha256 is None else f"file {settings.shots_sha256[:12]}",
        "Captions": judged["leaderboard"]["summary"]["captions"] if judged else "not scored",
        "Lines cut off by a kill": f"{used.torn_lines}; their questions were asked again",
        "medgrpo": settings.medgrpo_version,
        "Settings": settings.fingerprint[:16],
    }
    entries = "".join(f"<dt>{name}</dt><dd>{text(value)}</dd>" for name, value in facts.items())
    return (
        "<p>A row without an answer is handed in empty and counts as wrong. Strict scores and the official ones are explained in "
        f"docs/metrics.md, files and settings in docs/running.md.</p><dl>{entries}</dl>"
    )
