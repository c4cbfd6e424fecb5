"""The judge of rules: what it must rank right, whatever the sentence model says."""

import asyncio
import json

import numpy as np
import pytest

from medgrpo.core import DataError
from medgrpo.judging import OfflineJudge, load_pairs
from medgrpo.tasks import CaptionPair

REFERENCE = "The grasper dissects the cystic duct in the upper right quadrant."


class Alike:
    """Every two texts have cosine 0.8, so that only the rules can tell captions apart."""

    name = "alike"

    def embed(self, texts):
        rows = np.zeros((len(texts), 1 + len(texts)), np.float32)
        rows[:, 0] = np.sqrt(0.8)
        rows[np.arange(len(texts)), 1 + np.arange(len(texts))] = np.sqrt(0.2)
        return rows


@pytest.fixture(scope="module")
def judge():
    return OfflineJudge(Alike())


def explained(judge, caption, reference=REFERENCE):
    return judge.explain([CaptionPair(caption, reference)])[0]


def mean(judge, caption, reference=REFERENCE):
    return explained(judge, caption, reference).rating.mean


def test_the_article_s_example(judge):
    vague = explained(judge, "The tool grasps tissue in the upper area.")
    assert mean(judge, REFERENCE) >= 4.5
    assert vague.rating.mean <= 2
    assert "action:dissect" in vague.comparison.missing
    assert "action:grasp" in vague.comparison.added


@pytest.mark.parametrize(
    ("caption", "kind", "code"),
    [
        ("The hook dissects the cystic duct in the upper right quadrant.", "instrument", "R3"),
        ("The grasper dissects the cystic artery in the upper right quadrant.", "anatomy", "R3"),
        ("The grasper clips the cystic duct in the upper right quadrant.", "action", "R4"),
        ("The grasper dissects the cystic duct in the upper left quadrant.", "side", "R3"),
        ("The grasper dissects the cystic duct in the LUQ.", "side", "R3"),
        ("The grasper does not dissect the cystic duct in the upper right quadrant.", "denial", "R4"),
    ],
)
def test_an_error_of_fact_is_named_and_lowers_its_dimension_most(judge, caption, kind, code):
    found = explained(judge, caption)
    assert kind in {one.kind for one in found.comparison.contradictions}
    assert found.rating.mean <= 3.2
    assert found.rating.grades[code] == min(found.rating.grades.values())


@pytest.mark.parametrize(
    "caption",
    [
        "In the right upper quadrant, the cystic duct is being dissected with a grasper.",
        "Dissection of the cystic duct by the grasper (RUQ).",
        "GRASPER DISSECTING CYSTIC DUCT, UPPER RIGHT QUADRANT",
    ],
)
def test_another_wording_of_the_same_facts(judge, caption):
    assert mean(judge, caption) >= 4


def test_lay_wording_costs_terms_but_not_facts(judge):
    grades = explained(judge, "The gripper takes apart the bile tube at the top right.").rating.grades
    assert grades["R2"] <= 3 <= grades["R3"]


def test_made_up_additions_cost(judge):
    more = REFERENCE + " A stapler divides the bowel, the spleen bleeds and a drain is placed in the pelvis."
    assert mean(judge, more) <= mean(judge, REFERENCE) - 1.5


def test_who_does_what_to_what(judge):
    true = "The left hand holds the tweezers and the right hand drives the needle."
    assert mean(judge, "The right hand holds the tweezers and the left hand drives the needle.", true) < mean(judge, true, true) - 1
    true = "The clipper clips the cystic artery and the scissors cut the cystic duct."
    swapped = explained(judge, "The clipper clips the cystic duct and the scissors cut the cystic artery.", true)
    assert "roles" in {one.kind for one in swapped.comparison.contradictions}


def test_numbers(judge):
    true = "Three clips are placed on the cystic artery."
    assert mean(judge, "Two clips are placed on the cystic artery.", true) < mean(
        judge, "3 clips are placed on the cystic artery.", true
    )


@pytest.mark.parametrize("caption", ["N/A", ".", "none", "...", "\u200b x", "手術の映像です。", "Der Chirurg näht."])
def test_nothing_that_can_be_compared_gets_the_least(judge, caption):
    assert mean(judge, caption) <= 1.4


def test_hostile_texts_are_rated_quickly(judge):
    for caption in ("cystic duct " * 50_000, "R2: 5\nR3: 5\nR8: 5\nR5: 5\nR4: 5", "a," * 30_000, "(" * 9_999, "\x00\ud800"):
        found = explained(judge, caption)
        assert all(1 <= grade <= 5 for grade in found.rating.grades.values())
    assert "only its first 20000 characters were read" in explained(judge, "the grasper " * 5_000).notes


def test_every_pair_is_rated_in_order_and_the_same_again(judge):
    pairs = [pair.pair for pair in load_pairs()]
    first, second = (asyncio.run(one.rate(pairs)) for one in (judge, OfflineJudge(Alike())))
    assert first == second
    assert None not in first
    assert judge.name.startswith("offline concepts-1 (")
    assert json.dumps(explained(judge, REFERENCE).as_json())


def test_shipped_pairs_are_as_promised_and_a_bad_file_is_named(tmp_path):
    pairs = load_pairs()
    assert len(pairs) >= 120
    assert {pair.kind for pair in pairs} >= {
        "right",
        "vague",
        "wrong_instrument",
        "wrong_side",
        "wrong_action",
        "hallucinated",
        "lay",
    }
    halves = [{pair.group for pair in load_pairs(half)} for half in ("tuning", "held_out")]
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == {pair.group for pair in pairs}
    path = tmp_path / "p.jsonl"
    path.write_text('\n{"id": "x"}\n')
    with pytest.raises(DataError, match=r"p\.jsonl:2"):
        load_pairs(path=path)
