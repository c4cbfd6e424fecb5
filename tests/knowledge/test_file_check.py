"""`check_file` tells everything that is wrong with a procedure file, each with its place and what to do."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import PROCEDURES, check_file, load_procedure

TEXT = files("medgrpo.knowledge").joinpath("procedures/laparoscopic_cholecystectomy.toml").read_text(encoding="utf-8")

SMALL = """
id = "small"
name = "A small procedure"
vocabulary = "avos"
concept = "procedure:open_surgery"
hazards = []

[[phases]]
id = "cutting"
name = "cutting"
goal = "Cut."
typical_seconds = [5, 10, 20]
landmarks = ["wound"]
structures_at_risk = []
instruments = ["forceps"]
actions = [{ action = "cutting", share = 1.0 }]
followed_by = [{ phase = "suturing", share = 1.0 }]
citations = ["design"]

[[phases.steps]]
id = "open_skin"
name = "opening the skin"
goal = "Cut through the skin."
seen_by = ["cutting"]
citations = ["design"]

[[phases.sub_goals]]
id = "skin_open"
name = "skin open"
criterion = "The skin is cut through."
state = "state:haemostasis"
steps = ["open_skin"]
before = ["suturing"]
citations = ["design"]

[[phases]]
id = "suturing"
name = "suturing"
goal = "Sew."
typical_seconds = [5, 10, 20]
landmarks = []
structures_at_risk = []
instruments = ["needle driver"]
actions = [{ action = "suturing", share = 1.0 }]
steps = []
followed_by = [{ phase = "cutting", share = 0.5 }]
ends_share = 0.5
citations = ["design"]

[[rules]]
subject = "cutting"
kind = "before"
object = "suturing"
why = "What is sewn was cut."
citations = ["design"]

[[rules]]
subject = "suturing"
kind = "requires"
object = "skin_open"
why = "What is sewn was open."
citations = ["design"]

[[citations]]
key = "design"
title = "A test"
source = "this file"
year = 2026
checked = true
"""

FAULTS = [
    ('vocabulary = "avos"', 'vocabulary = "avoss"', "vocabulary", "no data set", "did you mean 'avos'?"),
    ('concept = "procedure:open_surgery"', 'concept = "procedure:opn_surgery"', "concept", "no concept", "procedure:open_surgery"),
    ('id = "cutting"', 'id = "cuttin"', "phase cuttin", "is not a phase of AVOS", "did you mean 'cutting'?"),
    (
        '"needle driver"',
        '"needle drver"',
        "phase suturing",
        "no instrument 'needle drver' in AVOS",
        "did you mean 'needle driver'?",
    ),
    ('seen_by = ["cutting"]', 'seen_by = ["cuting"]', "phase cutting, step open_skin", "'cuting' is none of the", "'cutting'"),
    ("ends_share = 0.5", "ends_share = 0.4", "phase suturing, followed_by", "sum to 1, they sum to 0.9", "change them"),
    ("[5, 10, 20]", "[nan, 10, 20]", "phase cutting", "typical_seconds must be", "rising order"),
    ("[5, 10, 20]", "[5, 10, inf]", "phase cutting", "typical_seconds must be", "rising order"),
    (
        'followed_by = [{ phase = "cutting", share = 0.5 }]\nends_share = 0.5',
        'followed_by = [{ phase = "cutting", share = 1.0 }]',
        "phases",
        "a circle that never ends: cutting -> suturing -> cutting",
        "`ends_share` above 0",
    ),
    (
        'followed_by = [{ phase = "suturing", share = 1.0 }]',
        "followed_by = []",
        "phase suturing",
        "cannot be reached from where the operation begins, cutting",
        "name it in the followed_by",
    ),
    (
        "share = 1.0 }]\ncit",
        'share = 0.5 }, { phase = "cutting", share = 0.5 }]\ncit',
        "phase cutting",
        "does not follow itself",
        "remove",
    ),
    (
        'object = "suturing"',
        'object = "suturin"',
        "rule cutting before suturin",
        "no phase, step or sub-goal",
        "did you mean 'suturing'?",
    ),
    (
        'subject = "cutting"\nkind = "before"\nobject = "suturing"',
        'subject = "suturing"\nkind = "before"\nobject = "skin_open"',
        "rules",
        "the order goes in a circle: suturing -> skin_open -> suturing",
        "remove one of these rules",
    ),
    (
        'subject = "cutting"\nkind = "before"\nobject = "suturing"',
        'subject = "suturing"\nkind = "forbids"\nobject = "skin_open"',
        "rules on suturing",
        "'suturing' requires 'skin_open' and is forbidden by it: both cannot hold",
        "remove one of the two",
    ),
    ('steps = ["open_skin"]', 'steps = ["open_skn"]', "sub_goal skin_open", "no step of this phase", "did you mean 'open_skin'?"),
    ('steps = ["open_skin"]', "steps = []", "sub_goal skin_open", "no step works towards it", "name at least one"),
    ('before = ["suturing"]', 'before = ["dinner"]', "sub_goal skin_open", "no phase or step in this file", "known are"),
    ('state = "state:haemostasis"', 'state = "state:hemostasi"', "sub_goal skin_open", "no concept", "state:haemostasis"),
    (
        'citations = ["design"]\n\n[[phases.steps]]',
        "citations = []\n\n[[phases.steps]]",
        "phase cutting",
        "has no citation",
        "[[citations]]",
    ),
    ("checked = true", "checked = false", "citation design", "needs a note", "`note`"),
]


def check(tmp_path: Path, text: str):
    path = tmp_path / "procedure.toml"
    path.write_text(text, encoding="utf-8")
    return check_file(path)


@pytest.mark.parametrize("name", sorted(set(PROCEDURES.values())))
def test_a_shipped_file_is_sound_and_summed_up(name: str):
    with_path = Path(str(files("medgrpo.knowledge").joinpath(f"procedures/{name}.toml")))
    result = check_file(with_path)
    assert result.sound
    assert result.summary[0].startswith(load_procedure(name).name)


def test_a_sound_file_says_what_it_holds(tmp_path: Path):
    result = check(tmp_path, SMALL)
    assert result.sound
    assert result.notes == ()
    assert result.summary[1] == "2 phases, 1 steps, 1 sub-goals; all phases once: about 0 min"
    assert result.summary[3] == "1 citations, 1 of them read in the source"


@pytest.mark.parametrize(("old", "new", "entry", "reason", "remedy"), FAULTS, ids=[row[3] for row in FAULTS])
def test_each_fault_has_its_place_and_its_remedy(tmp_path: Path, old: str, new: str, entry: str, reason: str, remedy: str):
    assert old in SMALL
    result = check(tmp_path, SMALL.replace(old, new, 1))
    assert any(entry in one.entry and reason in one.reason and remedy in one.remedy for one in result.faults), result.faults
    assert result.summary == ()
    with pytest.raises(KnowledgeError):
        load_procedure(result.path)


def test_all_faults_are_told_at_once(tmp_path: Path):
    text = TEXT.replace("hook,cut,peritoneum", "hook,cut,bone").replace(
        'concept = "anatomy:duodenum"', 'concept = "anatomy:duodenm"'
    )
    text = text.replace('object = "duct_clipped"', 'object = "duct_cliped"').replace(
        "typical_seconds = [30, 120, 300]", "typical_seconds = [300, 120, 30]"
    )
    result = check(tmp_path, text)
    assert [one.entry for one in result.faults] == [
        "phase preparation",
        "phase carlot-triangle-dissection, step open_peritoneum",
        "landmark anatomy:duodenm",
        "rule divide_structures requires duct_cliped",
    ]
    assert result.faults[1].remedy == "did you mean 'hook,cut,peritoneum'?"


def test_wrong_fields_are_all_told_with_the_field_that_was_meant(tmp_path: Path):
    text = SMALL.replace('goal = "Cut."', 'gaol = "Cut."').replace("year = 2026", 'year = "soon"').replace("rules]]", "rulez]]")
    result = check(tmp_path, text)
    told = {one.entry: (one.reason, one.remedy) for one in result.faults}
    assert told["phases.0 (cutting).goal"] == ("the field 'goal' is missing", "add it")
    assert told["phases.0 (cutting).gaol"] == ("'gaol' is no field here", "did you mean 'goal'? Otherwise remove it")
    assert told["rulez"] == ("'rulez' is no field here", "did you mean 'rules'? Otherwise remove it")
    assert "got 'soon'" in told["citations.0 (design).year"][0]


def test_a_file_that_cannot_be_read_at_all_is_one_fault(tmp_path: Path):
    assert "is not TOML" in check(tmp_path, "[[phases").faults[0].reason
    assert "No such file" in check_file(tmp_path / "absent.toml").faults[0].reason
    (tmp_path / "latin.toml").write_bytes('name = "Rouvière"'.encode("latin-1"))
    assert "is not UTF-8 text (byte" in check_file(tmp_path / "latin.toml").faults[0].reason


def test_a_file_nested_without_end_is_told(tmp_path: Path):
    assert "nested too deeply" in check(tmp_path, "a = " + "[" * 100_000).faults[0].reason


def test_a_further_vocabulary_is_checked_beside_the_shipped_one(tmp_path: Path):
    words = """
    concepts = [{ id = "anatomy:pelvis", preferred = "pelvis", definition = "A ring of bone." }]
    relations = [{ subject = "anatomy:rectum", kind = "adjacent_to", object = "anatomy:pelvis", citations = ["general-anatomy"] }]
    """
    assert check(tmp_path, words).summary == ("a vocabulary: 1 concepts, 1 relations beside the shipped ones",)
    wrong = check(tmp_path, words.replace("anatomy:rectum", "anatomy:rectm").replace('preferred = "pelvis"', 'preferred = "liver"'))
    assert [one.entry for one in wrong.faults] == ["anatomy:pelvis", "relation anatomy:rectm adjacent_to anatomy:pelvis"]
    assert check(tmp_path, words.replace("preferred", "prefered")).faults[0].entry == "concepts.0 (anatomy:pelvis).preferred"


def test_names_that_the_vocabulary_does_not_know_are_notes(tmp_path: Path):
    result = check(tmp_path, SMALL.replace('landmarks = ["wound"]', 'landmarks = ["the big thing"]'))
    assert result.sound
    assert "the big thing" in result.notes[0].entry
