"""A language model may propose; only what the passage itself says passes."""

from __future__ import annotations

import json

import pytest

from medgrpo.library.mentions import MentionFinder
from medgrpo.library.proposals import Proposal, Refused, Unparsed, check_proposal, parse_reply, prompt_for

TEXT = (
    "The gallbladder, in nearly everybody, as a rule and with exceptions, is supplied by the cystic artery. "
    "The cystic duct must not be clipped if bleeding is seen. Does the celiac trunk supply the liver? "
    "The spleen is not supplied by the hepatic artery. The portal vein is wide and the splenic artery supplies the stomach."
)
FIRST, SECOND, THIRD, FOURTH, FIFTH = (
    TEXT[: TEXT.index(" The cystic duct")],
    "The cystic duct must not be clipped if bleeding is seen.",
    "Does the celiac trunk supply the liver?",
    "The spleen is not supplied by the hepatic artery.",
    "The portal vein is wide and the splenic artery supplies the stomach.",
)


@pytest.fixture
def check(table, passage):
    there = passage(TEXT)
    mentions = MentionFinder(table).mentions(there)

    def run(subject: str, relation: str, object_: str, quote: str, **more):
        proposal = Proposal(subject=subject, relation=relation, object=object_, quote=quote, **more)
        return check_proposal(proposal, there, mentions, table.by_id, "model:test")

    return run


@pytest.mark.parametrize(
    ("proposal", "more"),
    [
        (("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery", FIRST), {}),
        (("action:clip", "acts_on", "anatomy:cystic_duct", SECOND), {"modality": "must not", "condition": "if bleeding is seen"}),
        (("anatomy:spleen", "supplied_by", "anatomy:hepatic_artery", FOURTH), {"negated": True}),
        (("anatomy:stomach", "supplied_by", "anatomy:splenic_artery", FIFTH), {}),
        (("anatomy:stomach", "supplied_by", "anatomy:splenic_artery", "the splenic artery supplies the stomach."), {}),
    ],
)
def test_what_the_passage_says_passes(check, proposal, more):
    claim = check(*proposal, **more)
    assert not isinstance(claim, Refused), claim.reason
    assert (claim.subject, claim.object, claim.extractor, claim.status) == (proposal[0], proposal[2], "model:test", "candidate")
    assert proposal[3] in claim.quote
    assert TEXT[claim.quote_start_char : claim.quote_end_char] == claim.quote


@pytest.mark.parametrize(
    ("proposal", "more", "reason"),
    [
        (
            ("anatomy:spleen", "supplied_by", "anatomy:splenic_artery", "The splenic artery supplies the spleen."),
            {},
            "does not stand",
        ),
        (("anatomy:spleen", "supplied_by", "anatomy:splenic_artery", ""), {}, "does not stand"),
        (("anatomy:spleen", "supplied_by", "anatomy:splenic_artery", TEXT), {}, "not within one sentence"),
        (("anatomy:liver", "supplied_by", "anatomy:cystic_artery", FIRST), {}, "not mentioned in the quote"),
        (("anatomy:liver", "supplied_by", "anatomy:celiac_trunk", THIRD), {}, "a question"),
        (("anatomy:cystic_artery", "supplied_by", "anatomy:gallbladder", FIRST), {}, "does not hold"),
        (("anatomy:gallbladder", "branch_of", "anatomy:cystic_artery", FIRST), {}, "no cue"),
        (("anatomy:portal_vein", "drains_into", "anatomy:stomach", FIFTH), {}, "no cue"),
        (("anatomy:stomach", "supplied_by", "anatomy:portal_vein", FIFTH), {}, "no cue"),
        (("anatomy:gallbladder", "acts_on", "anatomy:cystic_artery", FIRST), {}, "does not hold"),
        (("anatomy:spleen", "supplied_by", "anatomy:hepatic_artery", FOURTH), {}, "the negation is not"),
        (("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery", FIRST), {"negated": True}, "the negation is not"),
        (("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery", FIRST), {"modality": "must"}, "the modality is not"),
        (("action:clip", "acts_on", "anatomy:cystic_duct", SECOND), {"modality": "must"}, "the modality is not"),
        (("action:clip", "acts_on", "anatomy:cystic_duct", SECOND), {"modality": "must not"}, "condition was left out"),
        (
            ("action:clip", "acts_on", "anatomy:cystic_duct", SECOND),
            {"modality": "must not", "condition": "if the duct is wide"},
            "not words of the sentence",
        ),
        (  # words of the sentence, but not its condition
            ("action:clip", "acts_on", "anatomy:cystic_duct", SECOND),
            {"modality": "must not", "condition": "if bleeding"},
            "condition is not that",
        ),
        (
            ("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery", FIRST),
            {"condition": "supplied"},
            "condition is not that",
        ),
        (
            ("anatomy:spleen", "supplied_by", "anatomy:hepatic_artery", FOURTH),
            {"negated": True, "strength": "spleen"},
            "strength of",
        ),
        (("anatomy:spleen", "supplied_by", "anatomy:spleen", FOURTH), {}, "are the same"),
    ],
)
def test_what_the_passage_does_not_say_is_refused(check, proposal, more, reason):
    refused = check(*proposal, **more)
    assert isinstance(refused, Refused)
    assert reason in refused.reason


def test_a_quote_cannot_leave_the_negation_out(check):
    quote = "supplied by the hepatic artery"
    assert isinstance(check("anatomy:spleen", "supplied_by", "anatomy:hepatic_artery", quote), Refused)


@pytest.mark.parametrize("reply", ["", "no JSON", '{"claims": "x"}', "[1]", '{"claims": [', "{" * 5000 + "}"])
def test_a_reply_that_is_no_answer_is_one_unparsed(reply):
    (found,) = parse_reply(reply)
    assert isinstance(found, Unparsed)


def test_each_proposal_of_a_reply_is_parsed_on_its_own():
    good = {"subject": "a", "relation": "causes", "object": "b", "quote": "a causes b"}
    reply = (
        "Here it is:\n```json\n" + json.dumps({"claims": [good, good | {"relation": "likes"}, 7, good | {"extra": 1}]}) + "\n```"
    )
    assert [isinstance(found, Proposal) for found in parse_reply(reply)] == [True, False, False, False]


def test_the_prompt_has_the_passage_and_its_concepts(table, passage):
    there = passage("The liver produces bile.")
    prompt = prompt_for(there, MentionFinder(table).mentions(there), table.by_id)
    assert prompt is not None
    assert all(words in prompt for words in ("anatomy:liver", "material:bile", "The liver produces bile.", "supplied_by"))
    assert prompt_for(passage("The liver."), MentionFinder(table).mentions(passage("The liver.")), table.by_id) is None
