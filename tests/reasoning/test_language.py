"""The verifier of rephrased sentences: faithful and unfaithful rewrites by hand, and what becomes of a model's sentences."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from medgrpo.core import ModelError, Span
from medgrpo.reasoning import ModelRephraser, Rejection, Thought, rephrase_thoughts, verify
from medgrpo.reasoning.language import joined, phrases
from medgrpo.reasoning.language_reading import read, stem

CASES = tomllib.loads(Path(__file__).with_name("data").joinpath("rewrites.toml").read_text(encoding="utf-8"))["case"]
HELD_OUT = tomllib.loads(Path(__file__).with_name("data").joinpath("rewrites_held_out.toml").read_text(encoding="utf-8"))["case"]


def shares(cases: list[dict]) -> tuple[float, float, int, int]:
    """The share of faithful rewrites that are taken, of unfaithful ones that are rejected, and how many of each there are."""
    faithful = [not verify(case["source"], one) for case in cases for one in case["faithful"]]
    unfaithful = [bool(verify(case["source"], one.split(": ", 1)[1])) for case in cases for one in case["unfaithful"]]
    return sum(faithful) / len(faithful), sum(unfaithful) / len(unfaithful), len(faithful), len(unfaithful)


def test_rewrites_that_change_what_is_said_are_rejected():
    taken, rejected, faithful, unfaithful = shares(CASES)
    assert faithful >= 20
    assert unfaithful >= 40
    assert rejected == 1.0
    assert taken >= 0.9


def test_held_out_rewrites_which_the_lexicon_was_not_fitted_to():
    taken, rejected, faithful, unfaithful = shares(HELD_OUT)
    assert faithful >= 12
    assert unfaithful >= 20
    assert rejected == 1.0  # at the first run 22 of 24, see docs/reasoning.md
    assert taken >= 0.7


@pytest.mark.parametrize("case", [*CASES, *HELD_OUT], ids=lambda case: case["source"][:40])
def test_a_sentence_may_stand_for_itself(case: dict):
    assert verify(case["source"], case["source"]) == ()


@pytest.mark.parametrize(
    ("source", "sentence", "reason"),
    [
        ("The cystic duct has been clipped.", "", Rejection.EMPTY),
        ("The cystic duct has been clipped.", "The cystic duct has been clipped. " * 3, Rejection.EMPTY),
        ("The cystic duct has been clipped.", "The cystic duct and the liver have been clipped.", Rejection.CONCEPT_ADDED),
        ("The cystic duct and the liver are seen.", "The cystic duct is seen.", Rejection.CONCEPT_OMITTED),
        ("The cystic duct has not been clipped.", "The cystic duct has been clipped.", Rejection.NEGATION),
        ("Two structures are seen.", "3 structures are seen.", Rejection.NUMBER),
        ("The duct lies left of the liver.", "The duct lies right of the liver.", Rejection.SIDE),
        ("The liver may bleed.", "The liver bleeds.", Rejection.CERTAINTY),
        ("Keep to the liver.", "You should keep to the liver.", Rejection.OBLIGATION),
        ("The liver is coagulated. The omentum is cut.", "The omentum is coagulated. The liver is cut.", Rejection.ROLE),
        ("Compress the liver first.", "Compress the liver first, quickly.", Rejection.WORD_ADDED),
        ("Compress the liver carefully.", "Compress the liver.", Rejection.WORD_OMITTED),
    ],
)
def test_each_reason_is_found(source: str, sentence: str, reason: Rejection):
    assert reason in verify(source, sentence)


def test_reading_puts_inflections_and_synonyms_together():
    assert stem("dissected") == stem("dissecting") == stem("dissection")
    assert stem("clipped") == stem("clips")
    assert stem("visible") == stem("seen") == stem("observed")
    (standing,) = [one for concept, one in read("The cystic plate has not been seen yet.").standings if "plate" in concept]
    assert (standing.open, standing.denied, standing.possible) == (False, True, False)
    assert joined(["a", "b", "c"]) == "a, b and c"


def test_every_phrase_for_a_state_can_be_said_in_both_ways():
    texts = phrases()
    assert set(texts["not_seen"]) <= set(texts["not_judged"])


@dataclass
class Scripted:
    """A model that answers from a table; an answer of None is no answer."""

    answers: dict[str, str | None]
    name: str = "scripted"
    asked: list[str] = field(default_factory=list)

    def rephrase(self, text: str) -> str:
        self.asked.append(text)
        answer = self.answers[text]
        if answer is None:
            raise ModelError("no connection")
        return answer


def thought(text: str) -> Thought:
    return Thought("", "view", "?", 1.0, Span(0, 1), (), (), (), (), (), (), (), None, "why", text)


def test_a_sentence_that_does_not_stand_is_counted_and_the_template_stays():
    good, bad, silent = "The cystic plate has not been seen so far.", "The view is lost.", "The liver is seen."
    model = Scripted({good: "So far the cystic plate has not been seen.", bad: "The view is fine.", silent: None})
    said, counts = rephrase_thoughts([thought(good), thought(bad), thought(silent), thought(good)], model)
    assert [one.text for one in said] == ["So far the cystic plate has not been seen.", bad, silent, said[0].text]
    assert [one.rephrased for one in said] == [True, False, False, True]
    assert (counts.asked, counts.taken) == (3, 1)
    assert counts.rejected["the model did not answer"] == 1
    assert counts.rejected[Rejection.WORD_ADDED.value] == 1
    assert len(model.asked) == 3


def test_a_model_that_completes_is_asked_to_rephrase_and_nothing_else():
    class Completes:
        name = "m"

        def complete(self, prompt: str) -> str:
            assert "add no" in prompt
            return f'"{prompt.splitlines()[-1]}"\n'

    assert ModelRephraser(Completes()).rephrase("The view is lost.") == "The view is lost."
