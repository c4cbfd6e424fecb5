"""A chain of thought in words, from the templates of data/thoughts.toml: whole sentences, one per kind of thing there is to say."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from medgrpo.reasoning.chain import Absence, ConclusionKind, Cue, MissingCue, RiskNamed, Thought
from medgrpo.reasoning.graph import vocabulary

_SITES_NAMED = 3
_SURE = 0.5  # a less sure act stands among the cues, and is not spoken of


@cache
def phrases() -> dict[str, dict[str, str]]:
    """The phrases, by group and concept."""
    return tomllib.loads(files("medgrpo.reasoning").joinpath("data/thoughts.toml").read_text(encoding="utf-8"))


def say(thought: Thought) -> str:
    """The chain as a colleague would say it: what is going on, what was seen, what is missing, what to mind."""
    opening, told = _opening(thought)
    parts = [opening, *_acts(thought, told), *_shown(thought), *_missing(thought.cues_missing), *_advice(thought)]
    return " ".join(part for part in parts if part)


def joined(words: Sequence[str], last: str = "and") -> str:
    """a; a and b; a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _opening(thought: Thought) -> tuple[str, tuple[str, ...]]:
    """The first sentence, and the ids of the cues it tells."""
    texts, decision = phrases()["opening"], thought.decision
    acts = [cue for cue in thought.cues_seen if len(cue.concepts) == 3 and cue.basis != "inferred"]
    states = {cue.concepts[0] for cue in thought.cues_seen}
    if decision == "order":
        return f"{thought.grounds[0].words}.", ()
    if _clipped(thought):
        return _filled(texts["clip_act"], acts[0]), (acts[0].id,)
    if decision == "divide":
        return _filled(texts["divide"], acts[0]), (acts[0].id,)
    if decision == "bleeding" and "state:view_bleeding" not in states:
        return _filled(texts["bleeding_act"], acts[0]), tuple(cue.id for cue in acts)
    if decision == "view" and acts and not {"state:out_of_body", "state:view_occluded"} & states:
        return _filled(texts["view_act"], acts[0]), (acts[0].id,)
    return texts["view_outside" if "state:out_of_body" in states and decision == "view" else decision], ()


def _clipped(thought: Thought) -> bool:
    """The chain is about clips that were seen, not about clips to come: the first act among its cues is the clip."""
    first = next((cue for cue in thought.cues_seen if len(cue.concepts) == 3 and cue.basis != "inferred"), None)
    return thought.decision == "clip" and first is not None and first.concepts[1] == "action:clip"


def _acts(thought: Thought, told: Sequence[str]) -> list[str]:
    """What instruments were seen to do, one sentence per instrument and action."""
    sites: dict[tuple[str, str], list[str]] = {}
    for cue in thought.cues_seen:
        if cue.id not in told and len(cue.concepts) == 3 and cue.basis == "seen" and cue.confidence >= _SURE:
            named = sites.setdefault((cue.concepts[0], cue.concepts[1]), [])
            named += [cue.concepts[2]] if cue.concepts[2] not in named else []
    texts = phrases()["act"]
    return [
        texts[act].format(Tool=_capital(_the(tool)), sites=joined([_the(one) for one in its[:_SITES_NAMED]]))
        for (tool, act), its in sites.items()
        if act in texts
    ]


def _shown(thought: Thought) -> list[str]:
    shown = [one for one in thought.conclusions if one.kind is ConclusionKind.SHOWN]
    cues = [cue for one in shown for cue in thought.cues_seen if cue.id in one.premises]
    texts = phrases()["shown"]  # by the site where that says less than the state does
    named = [next((one for one in (cue.concepts[-1], cue.concepts[0]) if one in texts), None) for cue in cues]
    known = [texts[one] for one in dict.fromkeys(named) if one is not None]
    return [f"{_capital(joined(known))}."] if known else []


def _missing(missing: Sequence[MissingCue]) -> list[str]:
    texts, frame = phrases(), phrases()["frame"]
    unseen = [texts["not_seen"][one.concept] for one in missing if one.why is Absence.NOT_SEEN and one.concept in texts["not_seen"]]
    blind = [one for one in missing if one.why is Absence.NOT_PERCEIVED and one.concept in texts["not_judged"]]
    lost = [one for one in missing if one.why is Absence.NO_VIEW]
    has = "have" if len(unseen) > 1 else "has"
    parts = [frame["not_seen"].format(states=_capital(joined(unseen)), has=has)] if unseen else []
    if blind:
        parts.append(frame["judged"].format(states=joined([texts["not_judged"][one.concept] for one in blind], "or")))
    if any(not one.note for one in lost):
        parts.append(frame["field"])
    noted = [one for one in lost if one.note and one.concept in texts["not_judged"]]
    if noted:
        states = joined([texts["not_judged"][one.concept] for one in noted], "or")
        parts.append(frame["unseen"].format(states=states, note=noted[0].note))
    return parts


def _advice(thought: Thought) -> list[str]:
    """The advice of each risk, and which structures may run close."""
    texts, close = phrases()["advice"], phrases()["frame"]["close"]
    said: list[str] = []
    for risk in thought.risks:
        name = risk.hazard
        if name == "bleeding" and risk.structures:
            name = "bleeding_in_phase"
        elif name == "bile_duct_injury" and not risk.structures:
            name = "bile_duct_injury_plain"
        elif name == "gallbladder_perforation" and thought.decision == "bag":
            name = "gallbladder_perforation_bag"
        if name not in texts:
            continue
        if _clipped(thought) and risk.hazard == "bile_duct_injury":
            said.append(texts[f"{name}_after"].format(structures=_structures(risk)))
            continue
        said.append(texts[name].format(structures=_structures(risk)))
        if risk.hazard == "dangerous_zone" and risk.structures:
            said.append(close.format(structures=_structures(risk)))
    return [f"{_capital('; '.join(said))}."] if said else []


def _structures(risk: RiskNamed) -> str:
    return joined([f"the {one}" for one in risk.structures])


def _filled(text: str, cue: Cue) -> str:
    return text.format(Tool=_capital(_the(cue.concepts[0])), Site=_capital(_the(cue.concepts[2])))


def _the(concept: str) -> str:
    return f"the {vocabulary().concept(concept).preferred}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
