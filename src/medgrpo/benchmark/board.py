"""The official figures of a run beside published ones, in a table: like with like, and what cannot be compared says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medgrpo.benchmark.finishing import Finished
from medgrpo.benchmark.published import HEADINGS, JUDGED, KEYS, PUBLISHED, Published, Setting
from medgrpo.page import table, text

OFFICIAL_QUESTIONS = 6245
"""In the public test file."""
_SETTINGS: Mapping[Setting, str] = {
    "as released": "Published: models as released, not trained on this benchmark",
    "trained on the 6,270 gated pairs": "Published: trained on the 6,270 gated pairs of the challenge",
    "trained on the unreleased 51,505 pairs": "Published: trained on the 51,505 pairs that were not released",
}
_CAPTION = "Leaderboard protocol; DVC, VS and RC from 1 to 5 by a judge, all else 0 to 1"
_ROW = Sequence[float | None]


def board(finished: Finished, baselines: Mapping[str, Mapping[str, float]]) -> str:
    """`baselines`: the official figures that answers which do not look get on the same data, by name."""
    scores = finished.scores
    summary = scores["leaderboard"]["summary"] if scores else {"judge": None}
    judged = summary["judge"] is not None
    ours = _ours(scores, judged)
    bodies = [f'<tbody><tr class="ours">{_cells("This run", ours)}</tr>']
    bodies += [f"<tr>{_cells(name, _by_key(values, judged=False))}</tr>" for name, values in baselines.items()]
    bodies.append("</tbody>")
    notes: list[str] = []
    for setting, words in _SETTINGS.items():
        rows = [one for one in PUBLISHED if one.setting == setting]
        bodies.append(f'<tbody><tr class="given"><th scope="rowgroup" colspan="{len(KEYS) + 1}">{text(words)}</th></tr>')
        for one in rows:
            bodies.append(f"<tr>{_cells(one.model, one.figures, _marks(one, notes))}</tr>")
        bodies.append("</tbody>")
    return (
        _comparable(finished)
        + table(
            "board",
            ("", *HEADINGS),
            "".join(bodies),
            _CAPTION,
        )
        + '<ul class="notes-list">'
        + "".join(f"<li>{text(note)}</li>" for note in (*_explained(summary["captions"] if judged else None), *notes))
        + "</ul>"
    )


def _ours(scores: Mapping[str, Any], judged: bool) -> _ROW:
    return [None] * len(KEYS) if not scores else _by_key(scores["leaderboard"]["summary"]["metrics"], judged)


def _by_key(metrics: Mapping[str, float], judged: bool) -> _ROW:
    return [None if key in JUDGED and not judged else metrics.get(key) for key in KEYS]


def _cells(name: str, figures: _ROW, marks: str = "") -> str:
    cells = "".join('<td class="none">–</td>' if one is None else f"<td>{one:.3f}</td>" for one in figures)
    return f'<th scope="row">{text(name)}{marks}</th>{cells}'


def _marks(one: Published, notes: list[str]) -> str:
    words = "" if one.mark == "official" else ' <abbr title="as third parties saw it, not checked">°</abbr>'
    if not one.note:
        return words
    notes.append(f"{one.model}: {one.note}.")
    return f'{words} <abbr title="{text(one.note)}">†</abbr>'


def _explained(judge: str | None) -> list[str]:
    notes = [
        "Sources: the main table of the project page of MedGRPO (arXiv 2512.06581, CVPR 2026); later rows from the MedVidBench "
        "leaderboard. ° as third parties saw it, not checked. † see the note.",
        "Compare a model with the group that had the same training data. The best constant answer is chosen on the references of "
        "this data: what a model that does not look can get at most.",
        "The official figures reward accidents (docs/metrics.md names each); the strict figures below do not.",
    ]
    if judge is None:
        return [*notes, "Captions were not scored by a judge: DVC, VS and RC are left empty for this run."]
    return [
        *notes,
        f"DVC, VS and RC of this run: {judge}. Another judge than the leaderboard's: compare the order of models at most.",
    ]


def _comparable(finished: Finished) -> str:
    questions, rows = finished.settings.data.questions, len(finished.answered)
    if not finished.scores:
        return '<p class="warned">The data holds no reference answers: upload submission.json to the board to have figures.</p>'
    if questions != OFFICIAL_QUESTIONS or rows != questions:
        return (
            f'<p class="warned">These are {rows:,} questions of {text(finished.settings.data.name)}, not the '
            f"{OFFICIAL_QUESTIONS:,} of the official test set: published rows are there for scale, not for comparison.</p>"
        )
    return ""
