"""What the rules read, and what they refuse to read."""

from __future__ import annotations

import pytest


def said(claim) -> str:
    words = f"{claim.subject.partition(':')[2]} {claim.relation.value} {claim.object.partition(':')[2]}"
    return f"{words} {claim.modality.value}{' denied' if claim.negated else ''}{f' | {claim.condition}' if claim.condition else ''}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The gallbladder is supplied by the cystic artery.", ["gallbladder supplied_by cystic_artery stated"]),
        ("The cystic artery supplies the gallbladder.", ["gallbladder supplied_by cystic_artery stated"]),
        ("The hepatic artery delivers oxygenated blood from the heart to the liver.", ["liver supplied_by hepatic_artery stated"]),
        ("The hepatic artery does not supply the gallbladder.", ["gallbladder supplied_by hepatic_artery stated denied"]),
        (
            "The celiac trunk supplies the liver, the stomach and the spleen.",
            [f"{organ} supplied_by celiac_trunk stated" for organ in ("liver", "stomach", "spleen")],
        ),
        (
            "The liver and stomach are supplied by the hepatic artery and the left gastric artery, respectively.",
            ["liver supplied_by hepatic_artery stated", "stomach supplied_by left_gastric_artery stated"],
        ),
        ("The cystic duct joins the common hepatic duct.", ["cystic_duct drains_into common_hepatic_duct stated"]),
        ("The CBD lies behind the duodenum.", ["common_bile_duct adjacent_to duodenum stated"]),
        ("The cystic artery usually arises from the hepatic artery.", ["cystic_artery branch_of hepatic_artery stated"]),
        ("splenic artery: branch of the celiac trunk; supplies blood to the spleen", [
            "splenic_artery branch_of celiac_trunk stated", "spleen supplied_by splenic_artery stated",
        ]),
        ("The gallbladder stores bile.", ["gallbladder contains bile stated"]),
        ("The liver produces bile.", ["liver produces bile stated"]),
        ("The common bile duct may be injured during dissection.", ["common_bile_duct at_risk_during dissect may"]),
        ("The cystic duct must be identified before clipping.", ["cystic_duct identified_before clip must"]),
        ("The cystic duct should be clipped.", ["clip acts_on cystic_duct should"]),
        ("Do not clip the CBD.", ["clip acts_on common_bile_duct must not"]),
        (
            "The cystic duct must not be divided until the critical view is seen.",
            ["divide acts_on cystic_duct must not | until the critical view is seen"],
        ),
        ("If it bleeds, the cystic artery should be clipped.", ["clip acts_on cystic_artery should | If it bleeds"]),
        ("The hook should not be used near the common bile duct.", ["hook acts_on common_bile_duct should not"]),
        ("Cirrhosis contraindicates subtotal cholecystectomy.", ["cirrhosis contraindicates subtotal_cholecystectomy stated"]),
        (
            "In patients with cirrhosis, subtotal cholecystectomy should be considered.",
            ["cirrhosis indicates subtotal_cholecystectomy should"],
        ),
        ("The critical view prevents bile duct injury.", ["critical_view_of_safety prevents bile_duct_injury stated"]),
        ("Clipping precedes division.", []),  # "division" is no form of "divide" that is made by a rule
        ("Clipping precedes dissection.", ["clip precedes dissect stated"]),
        # subjects that do not stand right before their verb
        (
            "The cystic artery, which usually arises from the right hepatic artery, supplies the gallbladder.",
            ["cystic_artery branch_of right_hepatic_artery stated", "gallbladder supplied_by cystic_artery stated"],
        ),
        (
            "The splenic artery, a branch of the celiac trunk, supplies the spleen.",
            ["splenic_artery branch_of celiac_trunk stated", "spleen supplied_by splenic_artery stated"],
        ),
        (
            "Arising from the celiac trunk, the splenic artery supplies the spleen.",
            ["splenic_artery branch_of celiac_trunk stated", "spleen supplied_by splenic_artery stated"],
        ),
        (
            "The cystic duct does not join the liver but enters the common hepatic duct.",
            ["cystic_duct drains_into liver stated denied", "cystic_duct drains_into common_hepatic_duct stated"],
        ),
        (
            "The celiac trunk divides into several branches that supply the stomach and the spleen.",
            ["stomach supplied_by celiac_trunk stated", "spleen supplied_by celiac_trunk stated"],
        ),
        ("The blood supply of the gallbladder is mainly from the cystic artery.", ["gallbladder supplied_by cystic_artery stated"]),
        ("Bile leaves the liver through the common hepatic duct.", ["liver drained_by common_hepatic_duct stated"]),
        ("Blood from the stomach and the spleen drains into the portal vein.", [
            "stomach drains_into portal_vein stated", "spleen drains_into portal_vein stated"]),
        ("The cystic duct and the common hepatic duct unite to form the common bile duct.", [
            "cystic_duct drains_into common_bile_duct stated", "common_hepatic_duct drains_into common_bile_duct stated"]),
        ("Injury to the right hepatic artery may occur during dissection.", ["right_hepatic_artery at_risk_during dissect may"]),
        (
            "In most patients the cystic artery arises from the right hepatic artery.",
            ["cystic_artery branch_of right_hepatic_artery stated | In most patients"],
        ),
    ],
)  # fmt: skip
def test_what_is_read(claims, text, expected):
    assert [said(claim) for claim in claims(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "Does the cystic artery supply the gallbladder?",
        "The wall of the stomach is supplied by the celiac trunk.",  # not the stomach
        "The cystic artery supplies the gallbladder wall cells.",
        "It is not true that the cystic artery supplies the liver.",
        "If the hepatic artery supplies the stomach, stop.",
        "The liver is large. The cystic artery is small.",
        "The cystic artery, unlike the duct near the liver, is small.",
        "Possibly the cystic artery supplies the liver.",
        "This artery supplies the liver.",  # another sentence names it
        "The cystic artery runs with a nerve that supplies the liver.",  # the nerve is no concept here
        "The fascia behind the spleen supplies the liver.",
        "The cystic duct and the bile.",
    ],
)
def test_what_is_refused(claims, text):
    assert claims(text) == []


def test_strength_is_taken_where_it_is_stated(claims):
    (claim,) = claims("The cystic duct should be clipped (strong recommendation, level 2 evidence).")
    assert claim.strength == "strong recommendation, level 2 evidence"


def test_a_claim_quotes_its_whole_sentence(claims):
    text = "First. The gallbladder is supplied by the cystic artery (Fig. 3). Last."
    (claim,) = claims(text)
    assert text[claim.quote_start_char : claim.quote_end_char] == claim.quote
    assert claim.quote == "The gallbladder is supplied by the cystic artery (Fig. 3)."
    assert claim.status == "candidate"


def test_ids_depend_on_what_is_said_and_where(claims):
    once, again = claims("The liver produces bile. The liver produces bile.")
    assert once.id != again.id
    assert claims("The liver produces bile.")[0].id == claims("The liver produces bile.")[0].id
