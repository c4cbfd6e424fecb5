"""The shipped vocabulary is whole, and a file that contradicts itself or another is refused with file and entry."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from medgrpo.core import KnowledgeError
from medgrpo.knowledge import (
    INSTRUMENTS,
    PHASES,
    PROCEDURES,
    TARGETS,
    TRIPLETS,
    VERBS,
    ConceptKind,
    RelationKind,
    load_procedure,
    load_vocabulary,
    normal_term,
    read_vocabulary,
)

V = load_vocabulary()

KEYS = {
    "cholec80": [
        "Preparation",
        "CalotTriangleDissection",
        "ClippingCutting",
        "GallbladderDissection",
        "GallbladderPackaging",
        "CleaningCoagulation",
        "GallbladderRetraction",
        "Grasper",
        "Bipolar",
        "Hook",
        "Scissors",
        "Clipper",
        "Irrigator",
        "SpecimenBag",
    ],
    "cholectrack20": [
        "grasper",
        "bipolar",
        "hook",
        "scissors",
        "clipper",
        "irrigator",
        "specimen-bag",
        "blurred",
        "bleeding",
        "crowded",
        "occluded",
        "reflection",
        "smoke",
        "stainedlens",
        "undercoverage",
    ],
    "avos": ["cutting", "tying", "suturing", "background", "electrocautery", "forceps", "needle driver", "hand"],
    "jigsaws": [*(f"G{number}" for number in range(1, 16)), "Suturing", "Knot_Tying", "Needle_Passing"],
    "egosurgery": [
        *["disinfection", "design", "anesthesia", "incision", "dissection", "hemostasis", "irrigation", "closure", "dressing"],
        *(
            "Bipolar Forceps",
            "Electric Cautery",
            "Forceps",
            "Gauze",
            "Hook",
            "Mouth Gag",
            "Needle Holders",
            "Raspatory",
            "Retractor",
        ),
        *("Scalpel", "Scissors", "Skewer", "Suction Cannula", "Syringe", "Tweezers"),
        *("own left", "own right", "other left", "other right"),
        *(
            f"next:{name}"
            for name in [
                "closing",
                "closure",
                "design",
                "dissection",
                "dressing",
                "hemostasis",
                "incision",
                "irrigation",
                "preparation",
            ]
        ),
    ],
    "copesd": [
        "adjust camera",
        "position flap with forceps and knife",
        "dissect flap tissue with knife",
        "position flap with forceps only",
        "retract flap edge with forceps only",
        "retract flap edge with forceps and knife",
        "lift flap with forceps",
        "stabilize flap with forceps",
        "manipulate flap with forceps and knife",
        "dissect flap with knife",
        "manipulate flap with forceps",
        "retract flap with forceps",
        "retract flap with forceps and knife",
        "hold flap with forceps",
        "retracting mucosa flap with forceps and knife",
        "Forceps",
        "Knife",
        "mucosa flap",
    ],
    "endoscapes": ["cystic_plate", "calot_triangle", "cystic_artery", "cystic_duct", "gallbladder", "tool", "C1", "C2", "C3"],
    "nurvid": [*(f"procedure:{number}" for number in range(51)), *(f"action:{number}" for number in range(177))],
    "cholect50": [*INSTRUMENTS, *VERBS, *TARGETS, *PHASES, *(one.name for one in TRIPLETS), *(f"triplet:{n}" for n in range(100))],
}


@pytest.mark.parametrize("system", KEYS)
def test_every_key_of_a_data_set_is_one_concept_and_there_are_no_others(system: str):
    found = Counter(one.id for concept in V.concepts for one in concept.external if one.system == system)
    assert found == Counter(KEYS[system])
    assert all(V.by_external(system, key) is not None for key in KEYS[system])


@pytest.mark.parametrize(
    ("system", "key", "concept"),
    [
        ("cholect50", "hook", "instrument:hook"),
        ("cholect50", "carlot-triangle-dissection", "phase:carlot-triangle-dissection"),
        ("cholec80", "CalotTriangleDissection", "phase:carlot-triangle-dissection"),
        ("cholect50", "specimen_bag", "material:specimen_bag"),
        ("cholect50", "clipper,clip,cystic_duct", "action:clipper,clip,cystic_duct"),
        ("egosurgery", "Hook", "instrument:skin_hook"),  # a skin hook, not the electrode
        ("avos", "needle driver", "instrument:needle_holder"),
        ("jigsaws", "G3", "action:g3_push_needle"),
        ("nurvid", "action:130", "action:take_the_isolation_gown"),  # its English name repeats 23, its Chinese one does not
        ("nurvid", "action:75", "action:defibrillate"),
        ("nurvid", "action:64", "action:defibrillate"),
        ("uberon", "0002110", "anatomy:gallbladder"),
        ("mesh", "D003135", "anatomy:common_bile_duct"),
    ],
)
def test_a_key_leads_to_its_concept(system: str, key: str, concept: str):
    found = V.by_external(system, key)
    assert found is not None
    assert found.id == concept


def test_nurvid_names_are_those_of_its_own_table():
    path = Path(__file__).parents[3] / "shared" / "data" / "nurvid"
    if not path.exists():
        pytest.skip("no ../shared/data/nurvid")
    from medgrpo.sources import read_nurvid_names

    names = read_nurvid_names(path / "annotations" / "Procedure&Action_ID.xlsx")
    differ = [
        (kind, number, name)
        for kind, table in (("procedure", names.procedures), ("action", names.actions))
        for number, name in table.items()
        if normal_term(name) not in {normal_term(term) for term in V.by_external("nurvid", f"{kind}:{number}").terms}  # type: ignore[union-attr]
    ]
    assert differ == [("action", 95, "Cleanse inner surfaces of teeth"), ("action", 130, "Remove isolation gown")]


def test_terms_are_found_however_they_are_written():
    duct = V.concept("anatomy:common_bile_duct")
    assert V.by_term("common bile duct") == V.by_term("Common  Bile-Duct") == V.by_term("CBD") == (duct,)
    assert V.by_term("Rouviere\u2019s sulcus") == V.by_term("Rouvière's sulcus") != ()
    assert V.by_term("no such thing") == ()


def test_relations_are_read_both_ways():
    assert [one.id for one in V.related("anatomy:gallbladder", RelationKind.SUPPLIED_BY)] == ["anatomy:cystic_artery"]
    assert "anatomy:gallbladder" in [one.id for one in V.related("anatomy:liver", RelationKind.ADJACENT_TO)]
    at_risk = [one.id for one in V.subjects(RelationKind.AT_RISK_DURING, "phase:clipping-and-cutting")]
    assert {"anatomy:common_bile_duct", "anatomy:right_hepatic_artery", "complication:bile_duct_injury"} <= set(at_risk)


def test_every_kind_and_every_relation_is_used():
    assert {concept.kind for concept in V.concepts} == set(ConceptKind)
    assert {relation.kind for relation in V.relations} == set(RelationKind)


def test_every_ontology_id_says_where_it_was_read():
    systems = {system.key: system for system in V.systems if system.kind == "ontology"}
    given = [one for concept in V.concepts for one in concept.external if one.system in systems]
    assert len(given) > 80
    assert all("read" in one.source and one.source != systems[one.system].source for one in given)
    assert not [one for concept in V.concepts for one in concept.external if one.system == "snomed"]


def test_unread_citations_say_what_is_known_of_them():
    assert all(citation.checked or citation.note for citation in V.citations)
    used = {key for relation in V.relations for key in relation.citations}
    assert used <= {citation.key for citation in V.citations}


@pytest.mark.parametrize("name", sorted(set(PROCEDURES.values())))
def test_what_a_procedure_names_is_in_the_vocabulary(name: str):
    procedure = load_procedure(name)
    written = [
        text for phase in procedure.phases for part in (phase, *phase.steps) for text in (*part.landmarks, *part.structures_at_risk)
    ]
    assert [text for text in written if not V.by_term(text)] == []
    assert procedure.concept in V


def test_each_step_of_cholecystectomy_is_a_concept():
    steps = [step.id for phase in load_procedure("cholecystectomy").phases for step in phase.steps]
    assert [step for step in steps if f"step:{step}" not in V] == []


def test_the_triplet_table_is_the_hundred_actions():
    path = Path(__file__).parents[2] / "src/medgrpo/knowledge/data/cholect50_triplets.csv"
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        concept = V.by_external("cholect50", f"triplet:{row['triplet']}")
        assert concept is not None
        assert concept.id == f"action:{row['instrument']},{row['verb']},{row['target']}"
        assert concept.broader == (f"action:{row['verb']}",)


SOUND = """
systems = [{ key = "set", name = "A set", kind = "data set", licence = "CC BY", source = "its paper" }]
citations = [{ key = "book", title = "A book", source = "A press", year = 2020, checked = true }]
concepts = [
    { id = "anatomy:liver", preferred = "liver", definition = "A gland.", ids = { set = ["a", "b"] } },
    { id = "anatomy:lobe", preferred = "lobe", definition = "A part.", others = ["part"], broader = ["anatomy:liver"] },
    { id = "step:cut", preferred = "cut", definition = "Cutting." },
    { id = "step:sew", preferred = "sew", definition = "Sewing." },
]
relations = [
    { subject = "anatomy:lobe", kind = "part_of", object = "anatomy:liver", citations = ["book"] },
    { subject = "step:cut", kind = "precedes", object = "step:sew", citations = ["book"] },
    { subject = "step:sew", kind = "requires", object = "step:cut", citations = ["book"] },
]
"""

BROKEN = [
    ('"anatomy:lobe", preferred', '"anatomy:liver", preferred', "anatomy:liver", "the id anatomy:liver is claimed already"),
    ('others = ["part"]', 'others = ["Liver"]', "anatomy:lobe", "the term anatomy 'liver' is claimed already by anatomy:liver"),
    ('"Sewing."', '"Sewing.", ids = { set = "a" }', "step:sew", "the outside id a of set is claimed already by anatomy:liver"),
    ("ids = { set", "ids = { sett", "anatomy:liver", "no system"),
    ('broader = ["anatomy:liver"]', 'broader = ["anatomy:lung"]', "anatomy:lobe", "no concept"),
    ('broader = ["anatomy:liver"]', 'broader = ["step:cut"]', "anatomy:lobe", "another kind"),
    ('object = "anatomy:liver"', 'object = "anatomy:lung"', "relation anatomy:lobe part_of anatomy:lung", "no concept"),
    ('object = "step:sew", citations = ["book"]', 'object = "step:sew", citations = ["boook"]', "precedes", "cites 'boook'"),
    ('object = "step:sew", citations = ["book"]', 'object = "step:sew", citations = []', "relations.1.citations", "at least 1"),
    ('kind = "part_of"', 'kind = "is_in"', "relations.0.kind", "Input should be"),
    ('"anatomy:lobe", kind = "part_of"', '"anatomy:liver", kind = "part_of"', "part_of", "anatomy:liver -> anatomy:liver"),
    (
        'kind = "requires", object = "step:cut"',
        'kind = "precedes", object = "step:cut"',
        "precedes of step:cut",
        "goes in a circle: step:cut -> step:sew -> step:cut",
    ),
    (
        'object = "step:cut", citations = ["book"] },\n]',
        'object = "step:cut", citations = ["book"] },\n    { subject = "step:sew", kind = "contraindicates", object = "step:cut", '
        'citations = ["book"] },\n]',
        "relation step:sew contraindicates step:cut",
        "also requires step:cut: both cannot hold",
    ),
    ('preferred = "sew"', 'prefered = "sew"', "concepts.3 (step:sew)", "Field required"),
    ('"step:sew", preferred', '"stepp:sew", preferred', "stepp:sew, kind", "Input should be"),
    ('"step:sew", preferred = "sew"', '"step:sew", preferred = " "', "step:sew, preferred", "at least 1 character"),
]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "words.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_vocabulary_is_read(tmp_path: Path):
    vocabulary = read_vocabulary([written(tmp_path, SOUND)])
    assert [concept.id for concept in vocabulary.concepts] == ["anatomy:liver", "anatomy:lobe", "step:cut", "step:sew"]
    assert vocabulary.by_external("set", "b") == vocabulary.concept("anatomy:liver")
    assert vocabulary.concept("anatomy:liver").external[0].source == "its paper"


@pytest.mark.parametrize(("old", "new", "entry", "reason"), BROKEN, ids=[row[3] for row in BROKEN])
def test_a_broken_vocabulary_names_file_entry_and_reason(tmp_path: Path, old: str, new: str, entry: str, reason: str):
    assert old in SOUND
    path = written(tmp_path, SOUND.replace(old, new, 1))
    with pytest.raises(KnowledgeError) as caught:
        read_vocabulary([path])
    assert caught.value.path == path
    assert entry in caught.value.entry
    assert reason in caught.value.reason


def test_a_further_file_extends_the_shipped_vocabulary_and_may_not_contradict_it(tmp_path: Path):
    more = tmp_path / "more.toml"
    more.write_text(
        'concepts = [{ id = "anatomy:pelvis", preferred = "pelvis", definition = "A ring of bone." }]', encoding="utf-8"
    )
    assert load_vocabulary(more).concept("anatomy:pelvis").preferred == "pelvis"
    more.write_text('concepts = [{ id = "anatomy:hepar", preferred = "liver", definition = "The same again." }]', encoding="utf-8")
    load_vocabulary.cache_clear()
    with pytest.raises(KnowledgeError, match=r"more\.toml: anatomy:hepar: the term anatomy 'liver' is claimed already"):
        load_vocabulary(more)
