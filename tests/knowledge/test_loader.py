"""The shipped procedure is whole, and a broken file is refused with its file, entry and reason."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import INSTRUMENTS, PHASES, TRIPLETS, load_procedure

TEXT = files("medgrpo.knowledge").joinpath("procedures/laparoscopic_cholecystectomy.toml").read_text(encoding="utf-8")


def test_both_names_give_the_same_procedure() -> None:
    assert load_procedure("cholecystectomy") == load_procedure("laparoscopic_cholecystectomy")


def test_all_seven_phases_in_the_order_of_the_data_set_each_with_its_parts() -> None:
    procedure = load_procedure("cholecystectomy")
    assert tuple(phase.id for phase in procedure.phases) == PHASES
    for phase in procedure.phases:
        assert phase.goal
        assert phase.landmarks
        assert phase.structures_at_risk
        assert phase.steps
        assert phase.citations
        assert set(phase.instruments) <= set(INSTRUMENTS)
        assert sum(action.share for action in phase.actions) == pytest.approx(1)


def test_the_three_sub_goals_of_the_critical_view_are_steps() -> None:
    steps = {step.id: step for step in load_procedure("cholecystectomy").phase("carlot-triangle-dissection").steps}
    assert {"critical_view_triangle_cleared", "critical_view_cystic_plate", "critical_view_two_structures"} <= set(steps)
    assert all("sages-critical-view" in steps[name].citations for name in steps if name.startswith("critical_view"))


def test_every_action_of_a_step_is_a_triplet() -> None:
    names = {triplet.name for triplet in TRIPLETS}
    procedure = load_procedure("cholecystectomy")
    assert all(name in names for phase in procedure.phases for step in phase.steps for name in step.seen_by)


@pytest.mark.parametrize("key", ["sages-critical-view", "sages-strategies", "brunt-2020", "tg18-wakabayashi", "medgrpo-design"])
def test_what_the_reference_marks_confirm_is_not_checked_and_says_so(key: str) -> None:
    citation = load_procedure("cholecystectomy").citation(key)
    assert not citation.checked
    assert citation.note


def test_typical_durations_are_cited_as_design_values() -> None:
    assert all("medgrpo-design" in phase.citations for phase in load_procedure("cholecystectomy").phases)


BROKEN = [
    ('id = "preparation"', 'id = "warming-up"', "warming-up", "not a phase"),
    ("hook,cut,peritoneum", "hook,cut,bone", "open_peritoneum", "none of the 100 triplets"),
    (
        '{ triplet = "grasper,retract,liver", share = 0.08 }',
        '{ triplet = "grasper,retract,liver", share = 0.09 }',
        "preparation, actions",
        "sum to 1",
    ),
    (
        '{ phase = "carlot-triangle-dissection", share = 1.0 }',
        '{ phase = "lunch", share = 1.0 }',
        "preparation",
        "no phase in this file",
    ),
    ("share = 0.96 }", "share = 0.90 }", "carlot-triangle-dissection, followed_by", "sum to 1"),
    ('citations = ["gupta-2019", "connor-2013"]', 'citations = ["nobody-1999"]', "orient", "not among the citations"),
    ("typical_seconds = [30, 120, 300]", "typical_seconds = [300, 120, 30]", "preparation", "low <= middle <= high"),
    (
        'instruments = ["grasper", "hook", "bipolar"]',
        'instruments = ["grasper", "laser", "hook"]',
        "preparation",
        "no instrument 'laser'",
    ),
    ('key = "strasberg-2010"', 'key = "strasberg-1995"', "critical_view_triangle_cleared", "'strasberg-2010'"),
    ('priority = "medium"', 'priority = "urgent"', "hazards.3.priority", "Input should be"),
    ('goal = "Pull the closed bag out through the port."', 'gaol = "x"', "phases.6.steps.0.goal", "Field required"),
    ('id = "dangerous_zone"', 'id = "critical_view"', "hazards", "2 times"),
    ('note = "Not read by this project: confirm."', 'note = ""', "strasberg-2010", "needs a note"),
    ("[[phases]]", "[[phases", "file", "not TOML"),
]


@pytest.mark.parametrize(("old", "new", "entry", "reason"), BROKEN, ids=[row[2] + ": " + row[3] for row in BROKEN])
def test_a_broken_file_names_itself_the_entry_and_the_reason(tmp_path: Path, old: str, new: str, entry: str, reason: str) -> None:
    assert old in TEXT
    path = tmp_path / "broken.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_procedure(path)
    assert caught.value.path == path
    assert entry in caught.value.entry
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KnowledgeError, match="shipped are cholecystectomy"):
        load_procedure("appendectomy")


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="No such file"):
        load_procedure(tmp_path / "absent.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnowledgeError, match="not UTF-8"):
        load_procedure(str(binary))
