"""The vocabulary agrees with itself, and a label vector survives the round trip."""

from __future__ import annotations

import pytest

from medgrpo.core import Box
from medgrpo.knowledge import INSTRUMENTS, PHASES, TARGETS, TRIPLETS, VERBS, Instance, label


def test_counts_and_indices() -> None:
    assert (len(INSTRUMENTS), len(VERBS), len(TARGETS), len(PHASES), len(TRIPLETS)) == (6, 10, 15, 7, 100)
    assert [triplet.index for triplet in TRIPLETS] == list(range(100))
    assert len({triplet.name for triplet in TRIPLETS}) == 100
    for triplet in TRIPLETS:
        assert triplet.instrument in INSTRUMENTS
        assert triplet.verb in VERBS
        assert triplet.target in TARGETS


@pytest.mark.parametrize(
    ("index", "name"),
    [
        (17, "grasper,retract,gallbladder"),
        (60, "hook,dissect,gallbladder"),
        (69, "scissors,cut,cystic_duct"),
        (79, "clipper,clip,cystic_duct"),
        (99, "irrigator,null_verb,null_target"),
    ],
)
def test_named_triplets(index: int, name: str) -> None:
    assert TRIPLETS[index].name == name


def test_a_vector_survives_the_round_trip() -> None:
    instance = Instance(79, 4, 4, 2, 2, Box(0.25, 0.5, 0.75, 1.0))
    vector = instance.to_vector()
    assert vector == [79, 4, 1.0, 0.25, 0.5, 0.5, 0.5, 4, 2, 1.0, -1.0, -1.0, -1.0, -1.0, 2]
    assert Instance.from_vector(vector) == instance


def test_absent_is_none() -> None:
    assert Instance.from_vector([-1.0] * 15) == Instance(None, None, None, None, None, None)


@pytest.mark.parametrize(
    ("values", "reason"), [([0.0] * 14, "15 values"), ([100.0] + [-1.0] * 14, "triplet"), ([1.5] + [-1.0] * 14, "triplet")]
)
def test_a_wrong_vector_is_refused(values: list[float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Instance.from_vector(values)


def test_people_see_the_corrected_label() -> None:
    assert label("carlot-triangle-dissection") == "dissection of the hepatocystic (Calot's) triangle"
    assert label("cystic_duct") == "cystic duct"
