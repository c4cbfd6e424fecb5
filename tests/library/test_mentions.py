"""Which words are mentions of which concepts, and what is said of them."""

from __future__ import annotations

import pytest

from medgrpo.library.mentions import MentionFinder


def named(found) -> list[str]:
    return [mention.concept_id.partition(":")[2] for mention in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Cystic Arteries", ["cystic_artery"]),
        ("the gall-bladder and the gallbladder's bile", ["gallbladder", "gallbladder", "bile"]),
        ("the common hepatic duct", ["common_hepatic_duct"]),  # not the duct, not the longest's parts
        ("the right hepatic artery", ["right_hepatic_artery"]),
        ("the accessory hepatic artery", []),  # another structure, which the vocabulary does not have
        ("the esophageal artery; an artery", ["artery"]),
        ("left gastric, common hepatic, and splenic arteries", ["left_gastric_artery", "common_hepatic_artery", "splenic_artery"]),
        ("the duct is clipped, and clipping goes on", ["clip", "clip"]),
        ("a clip; to clip", ["surgical_clip", "clip"]),
        ("the GB and the gb", ["gallbladder"]),
        ("it is divided into two lobes", []),
        ("livery, delivers", []),
    ],
)
def test_written_forms(mentions, text, expected):
    assert named(mentions(text)) == expected


def test_a_mention_points_at_its_words(mentions):
    text = "Near the porta, the Cystic  duct runs."
    (mention,) = mentions(text)
    assert text[mention.start_char : mention.end_char] == mention.text == "Cystic  duct"


def test_an_abbreviation_holds_from_the_passage_on_that_defines_it(table, passage):
    finder = MentionFinder(table)
    found = [finder.mentions(passage(text)) for text in ("The CD.", "The cystic duct (CD) is short.", "Clip the CDs.")]
    assert [[m.text for m in there if m.concept_id == "anatomy:cystic_duct"] for there in found] == [
        [],
        ["cystic duct", "CD"],
        ["CDs"],
    ]
    assert (
        MentionFinder(table).mentions(passage("Clip the CD."))[0].concept_id == "action:clip"
    )  # another document knows nothing of it


def test_an_abbreviation_that_the_text_defines_otherwise_is_not_ours(mentions):
    assert named(mentions("The chronic bowel disease (CBD) was seen. The CBD was mild.")) == []


@pytest.mark.parametrize(
    ("text", "negated", "uncertain"),
    [
        ("There was bleeding.", False, False),
        ("There was no bleeding.", True, False),
        ("No evidence of cirrhosis or bleeding was seen.", True, False),
        ("Bleeding was not seen.", True, False),
        ("No cirrhosis, but bleeding was brisk.", False, False),
        ("If the view is not clear, stop the bleeding.", False, False),
        ("Possible bleeding.", False, True),
        ("Bleeding cannot be excluded.", False, True),
        ("Not only bleeding was seen.", False, False),
        ("The duct was opened without difficulty; bleeding followed.", False, False),
    ],
)
def test_negation_and_doubt_reach_as_far_as_their_words_do(mentions, text, negated, uncertain):
    found = [mention for mention in mentions(text) if mention.concept_id == "complication:bleeding"]
    assert [(mention.negated, mention.uncertain) for mention in found] == [(negated, uncertain)]


@pytest.mark.parametrize(
    ("section", "text", "context"),
    [
        ((), "Cholecystitis was seen.", "current"),
        (("Operative note", "Past medical history"), "Cholecystitis.", "history"),
        (("Family history",), "Cholecystitis.", "family"),
        (("Plan",), "Cholecystitis.", "planned"),
        ((), "She has a history of cholecystitis.", "history"),
        ((), "Her mother had cholecystitis.", "family"),
    ],
)
def test_context_comes_from_the_heading_or_the_words(mentions, section, text, context):
    (mention,) = mentions(text, section)
    assert mention.context == context
