"""Template captions: sentences that say what the labels say."""

from __future__ import annotations

import pytest

from medgrpo.knowledge import TRIPLETS
from medgrpo.sources import (
    COPESD_CLAUSES,
    OPENINGS,
    act_caption,
    act_clause,
    motion_caption,
    phase_caption,
    place,
    region_caption,
    step_caption,
    summary_caption,
)
from medgrpo.tasks import Caption, PixelBox, next_action_labels


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (("hook", "dissect", "gallbladder"), "the hook dissects the gallbladder"),
        (("bipolar", "coagulate", "blood_vessel"), "the bipolar forceps coagulate a blood vessel"),
        (("scissors", "cut", "adhesion"), "the scissors cut an adhesion"),
        (("irrigator", "aspirate", "fluid"), "the irrigator aspirates fluid"),
        (("irrigator", "irrigate", "abdominal_wall_cavity"), "the irrigator irrigates the abdominal wall or cavity"),
        (("clipper", "null_verb", "null_target"), "the clipper is in view without an action"),
        (("scissors", "null_verb", "null_target"), "the scissors are in view without an action"),
    ],
)
def test_acts_read_well(act: tuple[str, str, str], said: str) -> None:
    assert act_clause(*act) == said


def test_each_triplet_of_cholect50_and_each_motion_of_copesd_has_one_clause_of_its_own() -> None:
    assert len({act_clause(one.instrument, one.verb, one.target) for one in TRIPLETS}) == len(TRIPLETS) == 100
    assert set(COPESD_CLAUSES) == set(next_action_labels().fixed["CoPESD"])
    assert len(set(COPESD_CLAUSES.values())) == 8


def test_captions_by_hand() -> None:
    clause = act_clause("grasper", "retract", "gallbladder")
    assert act_caption(clause) == "The grasper retracts the gallbladder."
    assert act_caption(clause, ["clipping-and-cutting", "gallbladder-packaging"]) == (
        "The grasper retracts the gallbladder during clipping and division and packaging of the gallbladder."
    )
    assert step_caption("Check", "Bed Rubbing") == 'The step "Check" of the procedure "Bed Rubbing" is carried out.'
    assert phase_caption("incision") == "The operation is in the phase of incision."
    assert phase_caption("incision", ["a scalpel", "gauze", "tweezers"]) == (
        "The operation is in the phase of incision; in view: a scalpel, gauze and tweezers."
    )
    assert motion_caption("dissect flap tissue with knife", ["to the right", "upward"]) == (
        "The knife dissects the tissue of the flap, to the right and upward."
    )


def test_a_summary_tells_shares_of_the_clip() -> None:
    told = summary_caption(OPENINGS["CoPESD"], {"the camera is adjusted": 20.0, "the forceps lift the flap": 5.0}, 20.0)
    assert told == (
        "The clip shows an endoscopic submucosal dissection. The camera is adjusted (throughout); "
        "the forceps lift the flap (for 5 s of 20 s)."
    )
    assert Caption(told).text == told
    assert Caption(summary_caption("Nothing is labelled.", {}, 20.0))


def _at(x: float, y: float) -> PixelBox:
    return PixelBox(x - 5, y - 5, x + 5, y + 5)


def test_places_are_a_grid_of_three_by_three() -> None:
    found = [[place(_at(x, y), 90, 90) for x in (10, 45, 80)] for y in (10, 45, 80)]
    assert found == [
        ["upper left", "upper middle", "upper right"],
        ["middle left", "centre", "middle right"],
        ["lower left", "lower middle", "lower right"],
    ]
    assert place(PixelBox(-50, -50, -40, -40), 90, 90) == "upper left"
    assert place(PixelBox(90, 90, 90, 90), 90, 90) == "lower right"


def test_a_region_is_told_by_where_its_box_goes() -> None:
    there, back, away = _at(10, 10), _at(12, 12), _at(80, 80)
    assert region_caption("hook", [there, back], 90, 90) == "The hook stays in the upper left of the picture."
    assert region_caption("hook", [there, away], 90, 90, "dissects the liver") == (
        "The hook dissects the liver and moves from the upper left to the lower right of the picture."
    )
    assert region_caption("hook", [there, away, back], 90, 90) == (
        "The hook leaves the upper left of the picture and returns to it."
    )
