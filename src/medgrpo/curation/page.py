"""`report.html`: what was built, in one page that asks nothing of any network and runs no script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from medgrpo.curation.built import Built
from medgrpo.curation.charts import bars, curve
from medgrpo.curation.counts import StageCount
from medgrpo.curation.recipe import PUBLISHED_RATES

_PUBLISHED_TEST_TASKS = {
    "temporal_grounding": 1637, "spatiotemporal_grounding": 780, "dense_captioning": 1479, "next_action": 670, "critical_view": 648,
    "video_summary": 565, "region_caption": 306, "skill_assessment": 160,
}  # fmt: skip
"""Questions of MedVidBench's test set by task, its data card."""
_PUBLISHED_SHARES = {"share_under_370_seconds": None, "share_at_most_5_words": 0.281, "share_more_than_20_words": 0.518}
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7a;--paper:#fff;--edge:#d6dde4;
--a:#2f6f9f;--b:#c98a2b;--c:#7a8b99}
@media (prefers-color-scheme:dark){:root{--ink:#e3e9ee;--soft:#9fb0bf;--paper:#14191e;--edge:#33404b;
--a:#6fb1e0;--b:#e2b163;--c:#8a9aa8}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:980px;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}p.note{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--edge)}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}ul{margin:0;padding-left:1rem}
svg{width:100%;max-width:760px;height:auto;font:11px system-ui,sans-serif;fill:var(--ink)}
svg .name{text-anchor:end}svg .middle{text-anchor:middle}.s0{fill:var(--a)}.s1{fill:var(--b)}.s2{fill:var(--c)}
svg .grid{stroke:var(--edge)}svg .line{fill:none;stroke:var(--a);stroke-width:2}svg .chosen{stroke:var(--b);stroke-dasharray:4 3}
"""


def report_page(built: Built) -> str:
    """The whole page."""
    questions = built.sets["train_large"].questions + built.sets["test"].questions
    version = escape(built.medgrpo_version)
    sections = [
        f"<h1>Instruction data: {questions} questions of {len(built.sources)} sources</h1>",
        f'<p class="note">medgrpo {version}, seed {built.recipe.seed}. Research data, not for clinical use.</p>',
        f"<p>{escape(built.licence)}</p>",
        _sets(built),
        _stages("What each stage kept", built.stages),
        _agreement(built),
        _distributions(built),
        "".join(_stages(f"{name}, stage by stage", counts) for name, counts in built.by_source.items()),
        _sources(built),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Instruction data</title><style>{_STYLE}</style></head><body>{''.join(sections)}</body></html>\n"
    )


def _sets(built: Built) -> str:
    names = sorted({task for held in built.sets.values() for task in held.tasks})
    rows = [
        [name, str(held.questions), str(held.clips), str(held.recordings), *(str(held.tasks.get(task, 0)) for task in names)]
        for name, held in built.sets.items()
    ]
    split = built.split
    return (
        "<h2>The sets</h2>"
        + table(["set", "questions", "clips", "recordings", *(name.replace("_", " ") for name in names)], rows, numbers=1)
        + f"<p>{split.test} of {split.videos} recordings ({split.test / max(1, split.videos):.1%}) are tested; asked for: "
        f"{split.asked_test_share:.0%}. Seen as operations, however many sources show them, there are {split.distinct}.</p>"
    )


def _stages(title: str, counts: Sequence[StageCount]) -> str:
    rows = [
        [one.stage, one.what, str(one.taken), str(one.kept), str(one.taken - one.kept), _list(one.dropped), _list(one.made)]
        for one in counts
    ]
    columns = ["stage", "of", "taken", "kept", "dropped", "why", "made"]
    return f"<h2>{escape(title)}</h2>{table(columns, rows, numbers=2, plain=5)}"


def _distributions(built: Built) -> str:
    large, test = built.sets["train_large"], built.sets["test"]
    published = _shares(_PUBLISHED_TEST_TASKS)
    tasks = {name: value for name, value in published.items() if name in large.tasks or name in test.tasks}
    parts = ["<h2>Beside what is published of MedVidBench</h2>"]
    parts.append("<h3>Tasks</h3>")
    parts.append(
        bars(
            "Share of the questions by task",
            {
                "published (test)": tasks,
                "train_standard": _of(built.sets["train_standard"].tasks, tasks),
                "test": _of(test.tasks, tasks),
            },
        )
    )
    parts.append("<h3>Sampling rate, frames per second</h3>")
    rates = {f"{float(rate):g}": share for rate, share in PUBLISHED_RATES.items()}
    rates = dict(sorted(rates.items(), key=lambda entry: float(entry[0])))
    parts.append(bars("Share of the questions by rate", {"published": rates, "train_large": _of(large.rates, rates)}))
    parts.append('<p class="note">Published: 0.5, 1 and 2; the rest (7.2 %) is divided evenly here.</p>')
    for title, field in (("Clip length, seconds", "lengths"), ("Answer, words", "words")):
        held: dict[str, int] = getattr(large, field)
        tested: dict[str, int] = getattr(test, field)
        names = {name: 0.0 for name in held if held[name] or tested.get(name)}
        parts.append(f"<h3>{title}</h3>")
        parts.append(bars(f"{title}: share of the questions", {"train_large": _of(held, names), "test": _of(tested, names)}))
    rows = [
        [
            name.replace("share_", "share ").replace("_", " "),
            "most" if value is None else f"{value:.1%}",
            *(_percent(getattr(built.sets[one], name)) for one in built.sets),
        ]
        for name, value in _PUBLISHED_SHARES.items()
    ]
    parts.append(table(["", "published", *built.sets], rows, numbers=1))
    return "".join(parts)


def _agreement(built: Built) -> str:
    held = built.agreement
    if held is None:
        return ""
    rows = [[task.replace("_", " "), f"{mean:.3f}"] for task, mean in held.mean.items()]
    return (
        "<h2>Do the two models say the same?</h2>"
        f"<p>{held.pairs} template captions were described by both; a pair is kept where the cosine of its sentences "
        f"({escape(held.embedder)}, mean over a clip's events) is at least {held.threshold:g}.</p>"
        + curve("Share of the pairs kept by threshold", held.curve, held.threshold, "threshold", "share kept")
        + table(["task", "mean cosine"], rows, numbers=1)
    )


def _sources(built: Built) -> str:
    rows = [[name, one.licence, one.where, str(one.questions)] for name, one in built.sources.items()]
    cells = sorted({cell for held in built.sets.values() for cell in held.source_tasks})
    counts = [
        [cell.replace("/", ": ", 1), *(str(held.source_tasks.get(cell, 0)) for held in built.sets.values())] for cell in cells
    ]
    return (
        f"<h2>Sources</h2>{table(['source', 'licence', 'where', 'questions'], rows, numbers=3)}"
        f"<h2>Questions by source and task</h2>{table(['', *built.sets], counts, numbers=1)}"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int, plain: int = 99) -> str:
    """Cells are text but from column `plain` on, which are HTML; columns `numbers` to `plain` are set right."""
    kind = [' class="n"' if numbers <= place < plain else "" for place in range(len(columns))]
    heads = "".join(f'<th scope="col"{kind[place]}>{escape(name)}</th>' for place, name in enumerate(columns))
    body = "".join(
        "<tr>"
        + "".join(f"<td{kind[place]}>{cell if place >= plain else escape(cell)}</td>" for place, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _list(counts: Mapping[str, int]) -> str:
    return "<ul>" + "".join(f"<li>{number} {escape(name)}</li>" for name, number in counts.items()) + "</ul>" if counts else ""


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: number / total if total else 0.0 for name, number in counts.items()}


def _of(counts: Mapping[str, int], names: Iterable[str]) -> dict[str, float | None]:
    held = _shares(counts)
    return {name: held.get(name, 0.0) for name in names}


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
