"""Operative notes and guideline sentences in varied styles, of our own wording, read with the shipped vocabulary."""

from __future__ import annotations

import pytest

from medgrpo.knowledge import load_vocabulary
from medgrpo.library.claims import extract_claims
from medgrpo.library.mentions import MentionFinder
from medgrpo.library.terms import TermTable


@pytest.fixture(scope="module")
def shipped() -> TermTable:
    return TermTable(load_vocabulary())


@pytest.fixture
def read(shipped, passage):
    def both(text: str, section: tuple[str, ...] = ()):
        there = passage(text, section)
        found = MentionFinder(shipped).mentions(there)
        return found, extract_claims(there, found, shipped.by_id)

    return both


def marks(mention) -> str:
    flags = ["no"] * mention.negated + ["maybe"] * mention.uncertain
    context = mention.context.value
    return " ".join([mention.concept_id.partition(":")[2], *flags, *([context] if context != "current" else [])])


def said(claim) -> str:
    words = f"{claim.subject.partition(':')[2]} {claim.relation.value} {claim.object.partition(':')[2]}"
    return f"{words} {claim.modality.value}{' denied' if claim.negated else ''}{f' | {claim.condition}' if claim.condition else ''}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Lap chole converted to open, dense adhesions.", {"laparoscopic_cholecystectomy", "adhesion"}),
        ("GB distended; omentum stuck to it.", {"gallbladder", "omentum"}),
        ("CVS not obtained.", {"critical_view no"}),
        ("Critical view of safety could not be achieved.", {"critical_view no"}),
        ("No evidence of bile leak.", {"bile_leak no"}),
        ("Bile leak: none.", {"bile_leak no"}),
        ("Bile leak - nil. Bleeding: nil.", {"bile_leak no", "bleeding no"}),
        ("There was no bleeding, bile leak or perforation.", {"bleeding no", "bile_leak no", "perforation no"}),
        ("The common bile duct was not visualised.", {"common_bile_duct no"}),
        ("CBD could not be seen.", {"common_bile_duct no"}),
        ("No drain was placed.", {"drain no"}),
        ("Drain not required.", {"drain no"}),
        ("Do not use the hook near the CBD.", {"hook", "common_bile_duct"}),
        ("?bile leak from the liver bed", {"bile_leak maybe", "gallbladder_bed"}),
        ("Possible bile duct injury.", {"bile_duct_injury maybe"}),
        ("Bile duct injury could not be excluded.", {"bile_duct_injury maybe"}),
        ("Findings in keeping with acute cholecystitis.", {"acute_cholecystitis maybe"}),
        ("Known cirrhosis.", {"cirrhosis history"}),
        ("Hx of acute cholecystitis.", {"acute_cholecystitis history"}),
        ("Mother had acute cholecystitis.", {"acute_cholecystitis family"}),
        ("Listed for lap chole on 12/03/2024 at 08:30.", {"laparoscopic_cholecystectomy planned"}),
        ("Proposed procedure: laparoscopic cholecystectomy", {"laparoscopic_cholecystectomy planned"}),
        ("gallblader oedematous, no bleding", {"gallbladder", "bleeding no"}),
        ("Irritation and rotation of the port.", {"trocar"}),  # words of their own, no slips of irrigation and retraction
        ("EBL 20 ml, 3 x 5-mm ports, 0.5 % bupivacaine.", {"trocar"}),
        ("The veins drain directly into the liver.", {"liver"}),
    ],
)  # fmt: skip
def test_mentions_of_notes(read, text, expected):
    found = {marks(mention) for mention in read(text)[0]}
    assert expected <= found
    named = {words.split()[0] for words in expected}
    assert not {words for words in found if words.split()[0] in named} - expected
    if text.startswith(("Irritation", "EBL", "The veins")):
        assert not {words for words in found if words.split()[0] in {"irrigation", "irrigate", "drain", "retract", "irrigator"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cystic artery identified, clipped x2 and divided.", {
            "clip acts_on cystic_artery stated", "cut acts_on cystic_artery stated"}),
        ("The cystic artery was identified, doubly clipped and divided.", {
            "clip acts_on cystic_artery stated", "cut acts_on cystic_artery stated"}),
        ("GB dissected off the liver bed.", {"dissect acts_on gallbladder stated"}),
        ("gallblader dissected from liver bed", {"dissect acts_on gallbladder stated"}),
        ("Cystic duct was carefully dissected free, doubly clipped and then divided.", {"dissect acts_on cystic_duct stated"}),
        ("The Hartmann's pouch was grasped and retracted laterally.", {
            "grasp acts_on hartmanns_pouch stated", "retract acts_on hartmanns_pouch stated"}),
        ("Right hepatic artery seen running posterior to the common hepatic duct.", {
            "right_hepatic_artery adjacent_to common_hepatic_duct stated"}),
        ("The right hepatic artery may run anterior to the common hepatic duct.", {
            "right_hepatic_artery adjacent_to common_hepatic_duct may"}),
        ("Never divide the cystic duct until the CVS is confirmed.", {
            "cut acts_on cystic_duct must not | until the CVS is confirmed"}),
        ("The cystic duct must not be clipped before the critical view has been achieved.", {
            "clip acts_on cystic_duct must not | before the critical view has been achieved"}),
        ("The cystic artery should be clipped after the cystic duct has been identified.", {
            "clip acts_on cystic_artery should | after the cystic duct has been identified"}),
        ("In patients with acute cholecystitis, early laparoscopic cholecystectomy is recommended (strong recommendation).", {
            "acute_cholecystitis indicates laparoscopic_cholecystectomy should"}),
        ("Cirrhosis is a relative contraindication to laparoscopic cholecystectomy.", {
            "cirrhosis contraindicates laparoscopic_cholecystectomy stated"}),
        ("Coagulation near the common bile duct can cause bile duct injury.", {"coagulate causes bile_duct_injury may"}),
        ("Bleeding from the stump was controlled with a clip.", set()),  # what was done once is no rule
        ("Cystic duct not clipped.", set()),
        ("No cystic artery clipped.", set()),
        ("?cystic duct clipped", set()),
        ("Possible bile duct injury; cystic artery spared.", set()),
    ],
)  # fmt: skip
def test_claims_of_notes(read, text, expected):
    found = {said(claim) for claim in read(text)[1]}
    assert expected <= found
    if not expected:
        assert not {words for words in found if "requires" in words or "acts_on" in words}


def test_headings_of_a_note_give_context(read):
    assert {marks(m) for m in read("Laparoscopic cholecystectomy", ("PLAN",))[0]} == {"laparoscopic_cholecystectomy planned"}
    assert {marks(m) for m in read("Acute cholecystitis", ("PMH",))[0]} == {"acute_cholecystitis history"}
    assert {marks(m) for m in read("Bile leak seen", ("FINDINGS",))[0]} == {"bile_leak"}
