"""Captions made of labels alone: true sentences that say what the annotation says and nothing else.

MedVidBench's captions were written by language models. These are for building without one, and as the facts that a written caption
must not contradict. Each is one line; its author is `TEMPLATE` and is written into the record (`answer_author`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from medgrpo.core import length
from medgrpo.knowledge import label
from medgrpo.tasks import PixelBox

TEMPLATE = "template"
"""The author of every sentence made here."""

_DOES = {
    "grasp": "grasps",
    "retract": "retracts",
    "dissect": "dissects",
    "coagulate": "coagulates",
    "clip": "clips",
    "cut": "cuts",
    "aspirate": "aspirates",
    "irrigate": "irrigates",
    "pack": "packs",
}
_ARTICLES = {"adhesion": "an ", "blood_vessel": "a ", "fluid": "", "specimen_bag": "a "}
_SEVERAL = {"bipolar": "bipolar forceps", "scissors": "scissors"}
AVOS_CAPTIONS: Mapping[str, str] = {
    "cutting": "The surgeon cuts or dissects tissue.",
    "tying": "The surgeon ties a knot.",
    "suturing": "The surgeon sutures with needle and thread.",
}
"""By AVOS's label, in the meaning of its definitions (cutting covers scissors, scalpel, knife and electrocautery)."""
COPESD_CLAUSES: Mapping[str, str] = {
    "adjust camera": "the camera is adjusted",
    "dissect flap tissue with knife": "the knife dissects the tissue of the flap",
    "lift flap with forceps": "the forceps lift the flap",
    "position flap with forceps and knife": "forceps and knife together bring the flap into position",
    "position flap with forceps only": "the forceps bring the flap into position",
    "retract flap edge with forceps and knife": "forceps and knife together retract the edge of the flap",
    "retract flap edge with forceps only": "the forceps retract the edge of the flap",
    "stabilize flap with forceps": "the forceps hold the flap steady",
}
"""By CoPESD's motion, as MedVidBench names it."""
OPENINGS: Mapping[str, str] = {
    "CholecT50": "The clip shows a laparoscopic cholecystectomy.",
    "CoPESD": "The clip shows an endoscopic submucosal dissection.",
}
"""How a summary begins, by source."""
_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")


def sentence(clause: str) -> str:
    """With a capital letter and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


def listing(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def act_clause(instrument: str, verb: str, target: str) -> str:
    """A triplet of CholecT50 by its class names: `the hook dissects the gallbladder`."""
    return f"the {_SEVERAL.get(instrument, label(instrument))} {act_predicate(instrument, verb, target)}"


def act_predicate(instrument: str, verb: str, target: str) -> str:
    """The same without its subject: `dissects the gallbladder`."""
    several = instrument in _SEVERAL
    if verb == "null_verb":
        return f"{'are' if several else 'is'} in view without an action"
    return f"{verb if several else _DOES[verb]} {_ARTICLES.get(target, 'the ')}{label(target)}"


def act_caption(clause: str, phases: Sequence[str] = ()) -> str:
    """A triplet's clause and the phases in which it holds: `The hook dissects the gallbladder during clipping and division.`"""
    return sentence(f"{clause} during {listing([label(phase) for phase in phases])}" if phases else clause)


def step_caption(step: str, procedure: str) -> str:
    """A step of a nursing procedure, by the data set's names (NurViD)."""
    return f'The step "{step}" of the procedure "{procedure}" is carried out.'


def phase_caption(phase: str, things: Sequence[str] = ()) -> str:
    """A phase of an open operation and what is in view in it (EgoSurgery)."""
    seen = f"; in view: {listing(things)}" if things else ""
    return sentence(f"the operation is in the phase of {phase}{seen}")


def motion_caption(motion: str, directions: Sequence[str] = ()) -> str:
    """A motion of CoPESD and where it goes: `The knife dissects the tissue of the flap, to the right and upward.`"""
    return sentence(COPESD_CLAUSES[motion] + (f", {listing(directions)}" if directions else ""))


def summary_caption(opening: str, clauses: Mapping[str, float], clip_seconds: float) -> str:
    """A paragraph: how it opens, then what happens for how many seconds of the clip, in the order given."""
    told = [f"{clause} ({_share(seconds, clip_seconds)})" for clause, seconds in clauses.items()]
    return f"{opening} {sentence('; '.join(told))}" if told else opening


def _share(seconds: float, whole: float) -> str:
    return "throughout" if seconds >= whole else f"for {length(seconds)} of {length(whole)}"


def region_caption(thing: str, boxes: Sequence[PixelBox], width: float, height: float, does: str = "") -> str:
    """What the object in a box does between its first and its last box, in order of time.

    `width`, `height`: of the picture, in pixels. `does`: what the labels say it does, without a subject (`dissects the
    gallbladder`).
    """
    places = [place(box, width, height) for box in boxes]
    if len(set(places)) == 1:
        moves = f"stays in the {places[0]} of the picture"
    elif places[0] == places[-1]:
        moves = f"leaves the {places[0]} of the picture and returns to it"
    else:
        moves = f"moves from the {places[0]} to the {places[-1]} of the picture"
    return sentence(f"the {thing} {does} and {moves}" if does else f"the {thing} {moves}")


def place(box: PixelBox, width: float, height: float) -> str:
    """Where the middle of a box lies in a grid of three by three: `upper left`, `centre`, `lower middle`..."""
    column = _COLUMNS[min(2, max(0, int(3 * (box.x0 + box.x1) / 2 / width)))]
    row = _ROWS[min(2, max(0, int(3 * (box.y0 + box.y1) / 2 / height)))]
    if row and column:
        return f"{row} {column}"
    return f"{row} middle" if row else f"middle {column}" if column else "centre"
