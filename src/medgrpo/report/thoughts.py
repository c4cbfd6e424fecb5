"""The chain of thought beside the statement of its moment: cues with their frames, what is missing, rules with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medgrpo.core import length
from medgrpo.knowledge import Citation
from medgrpo.page import chip, text
from medgrpo.reasoning import Cue, Evidence, Expected, Finding, MissingCue, Thought, Timeline
from medgrpo.report.markup import footnotes, meter, moment, picture, thumb
from medgrpo.report.pictures import Pictures
from medgrpo.report.records import Report, Support
from medgrpo.report.words import capital

NO_PASSAGE = "No passage of these sources is at hand: this is what the procedure file knows of them."
_LATER = 0.1
_TITLE_CHARACTERS = 60
_BASIS = {"seen": "seen", "image measure": "seen", "inferred": "inferred"}


def evidence_of_cue(cue: Cue, timeline: Timeline) -> Evidence:
    """The cue's frames as evidence that can be shown."""
    return Evidence(cue.seconds, cue.key_seconds, ", ".join(timeline.models), cue.confidence)


def homes(report: Report) -> dict[str, list[tuple[int, Thought]]]:
    """Id of a finding -> the thoughts (with their numbers from 1) that open beside it: the one whose key frame is nearest."""
    placed: dict[str, list[tuple[int, Thought]]] = {}
    findings = [finding for section in report.sections for finding in section.statements]
    for number, thought in enumerate(report.timeline.thoughts, 1):
        if findings:
            nearest = min(findings, key=lambda finding: _distance(finding, thought))
            placed.setdefault(nearest.id, []).append((number, thought))
    return placed


def _distance(finding: Finding, thought: Thought) -> float:
    """Seconds between their key frames, and a little for what begins at another moment than the thought."""
    at = thought.cues_seen[0].key_seconds if thought.cues_seen else thought.seconds
    return abs(finding.evidence.key_seconds - at) + _LATER * abs(finding.span.start_seconds - thought.seconds)


def thought_block(report: Report, number: int, thought: Thought, pictures: Pictures) -> str:
    """One chain, folded: its sentence is the summary, the rest opens."""
    first = next(iter(thought.cues_seen), None)  # the cue that the moment is about
    shown = ""
    if first is not None:
        id = f"t{number}{first.id}"
        shown = thumb(id, first.words, picture(evidence_of_cue(first, report.timeline), pictures, first.words, "small"))
    sure = meter(thought.confidence) if thought.confidence is not None else chip("unknown", "ABSTAINS")
    rows = [
        ("Decision", text(thought.question)),
        ("Options", _list(text(capital(one.words)) for one in thought.options)),
        ("Seen", _list(_cues(number, thought.cues_seen))),
        ("Should be seen", _list(_missing(thought.cues_missing))),
        ("Rules", _list(_ground(report, thought))),
        ("Risks", _list(_risks(report, thought))),
        ("Expected next", _list(_expected(one) for one in thought.expected_next)),
        ("Confidence", f"{sure} {text(capital(thought.abstain)) if thought.abstain else 'that of the weakest cue'}"),
        ("Sources", _sources(report, thought)),
    ]
    body = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows if value)
    reworded = f" {chip('inferred', 'reworded')}" if thought.rephrased else ""
    return (
        f'<details class="thought" id="t{number}" tabindex="-1"><summary><span class="kicker">Chain of thought at '
        f'{moment(thought.seconds)}</span> <span class="sentence">{text(thought.text)}</span>{reworded}</summary>'
        f'<div class="chain">{shown}<dl>{body}</dl></div></details>'
    )


def _list(entries: Iterable[str]) -> str:
    items = "".join(f"<li>{entry}</li>" for entry in entries)
    return f"<ul>{items}</ul>" if items else ""


def _cues(number: int, cues: Sequence[Cue]) -> list[str]:
    """A line for each cue; cues of the same words share one, with all their moments and the least of their confidences."""
    alike: dict[tuple[str, str], list[Cue]] = {}
    for cue in cues:
        alike.setdefault((cue.words, cue.basis), []).append(cue)
    return [_cue(number, its) for its in alike.values()]


def _cue(number: int, its: Sequence[Cue]) -> str:
    links = ", ".join(
        f'<a class="moment" href="#t{number}" data-item="t{number}{cue.id}">{moment(cue.key_seconds)}</a>' for cue in its
    )
    basis = chip(_BASIS[its[0].basis], its[0].basis)
    return f"{links} {text(capital(its[0].words))} {basis} {meter(min(cue.confidence for cue in its))}"


def _missing(cues: Sequence[MissingCue]) -> list[str]:
    """A line for each missing cue with its reason; lines that read the same are one."""
    lines: dict[str, None] = {}
    for cue in cues:
        note = f' <span class="note">{text(capital(cue.note))}</span>' if cue.note else ""
        lines[f"{text(capital(cue.words))} {chip('unknown', cue.why.value)}{note}"] = None
    return list(lines)


def _ground(report: Report, thought: Thought) -> list[str]:
    said = {ground.words: ground.citations for ground in thought.grounds}
    return [f"{text(capital(words))}{footnotes(report, citations)}" for words, citations in said.items()]


def _risks(report: Report, thought: Thought) -> list[str]:
    return [
        f"<b>{text(capital(risk.words))}</b>{': ' if risk.structures else ''}{text(', '.join(risk.structures))}. "
        f"{text(risk.advice)}{footnotes(report, risk.citations)}"
        for risk in thought.risks
    ]


def _expected(one: Expected) -> str:
    share = f" <b>{one.probability:.0%}</b>" if one.probability is not None else ""
    soon = f' <span class="quiet">in about {length(one.in_seconds)}</span>' if one.in_seconds is not None else ""
    return f"{text(capital(one.words))}{share}{soon}"


def _sources(report: Report, thought: Thought) -> str:
    """Each citation opens its entry among the references; passages of the knowledge base open in place."""
    passages = report.support.get(thought.id, ())
    known = {citation.key: citation for citation in report.citations}
    opened = _list(_citation(report, known[key]) for key in thought.citations)
    found = "".join(_passage(one) for one in passages)
    if report.knowledge_base and not passages:
        found = '<p class="note">The knowledge base has no passage that joins two of the things named here.</p>'
    return opened + found


def _citation(report: Report, citation: Citation) -> str:
    """The short title and the year; the link opens the whole entry among the references."""
    number = report.footnote(citation.key)
    mark, spoken = ("", "") if citation.checked else ("°", ", not checked in the primary source")
    full = text(f"reference {number}, {citation.title}{spoken}")
    return f'<a href="#c{number}" aria-label="{full}">{number}{mark}. {text(_short(citation.title))}, {citation.year}</a>'


def _short(title: str) -> str:
    """The title without its subtitle, cut between words where it is still long."""
    head = title.split(": ")[0]
    return head if len(head) <= _TITLE_CHARACTERS else f"{head[:_TITLE_CHARACTERS].rsplit(' ', 1)[0]}…"


def _passage(one: Support) -> str:
    place = [" › ".join(one.section)] if one.section else []
    place += [f"page {one.page}"] if one.page is not None else []
    place += [one.licence or "licence not stated"]
    state = chip("checked", "accepted claim") if one.reviewed else chip("unchecked", "not reviewed")
    return (
        f'<details class="source passage"><summary>Passage: {text(one.document)} {state}</summary>'
        f'<p class="note">{text(", ".join(place))}. {text(capital(one.note))}.</p><blockquote>{_marked(one)}</blockquote></details>'
    )


def _marked(one: Support) -> str:
    """The passage with the claim's quote marked."""
    start = one.text.find(one.quote) if one.quote else -1
    if start < 0:
        return text(one.text)
    end = start + len(one.quote)
    return f"{text(one.text[:start])}<mark>{text(one.text[start:end])}</mark>{text(one.text[end:])}"


def thoughts_of(entries: Sequence[tuple[int, Thought]], report: Report, pictures: Pictures) -> str:
    return "".join(thought_block(report, number, thought, pictures) for number, thought in entries)
