"""Review: what is decided is appended, signed and dated; what is not, stays a candidate."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from medgrpo import cli
from medgrpo.core import InputError
from medgrpo.library import Accept, BuildOptions, Quit, Reject, Skip, build_knowledge_base, open_knowledge_base, review_claims

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def base(guideline, tmp_path, vocabulary):
    guideline.write_text(guideline.read_text().replace("Do not clip the CBD.", "Do not clip the CBD. The CBD should be clipped."))
    build_knowledge_base([guideline], tmp_path / "kb", vocabulary, BuildOptions(), lambda *_: None, lambda: False)
    return tmp_path / "kb"


class Answers:
    """A reviewer with answers in order, who remembers what was shown."""

    def __init__(self, *answers) -> None:
        self.answers, self.shown, self.refusals = list(answers), [], []

    def __call__(self, shown, refused):
        self.shown.append(shown)
        self.refusals.append(refused)
        return self.answers.pop(0)


def sit(base, vocabulary, *answers, author="Dr A"):
    reviewer = Answers(*answers)
    return review_claims(open_knowledge_base(base), vocabulary, author, reviewer, lambda: NOW), reviewer


def test_claims_in_conflict_come_first_with_their_conflict(base, vocabulary):
    _, reviewer = sit(base, vocabulary, *[Skip()] * 5)
    assert [len(shown.conflicts) for shown in reviewer.shown] == [1, 1, 0, 0, 0]
    assert "must not" in reviewer.shown[0].conflicts[0].why
    assert reviewer.shown[0].passage.section[-1] == "Recommendations"
    assert reviewer.shown[0].document.title == "Safe cholecystectomy"


def test_decisions_are_signed_dated_and_final(base, vocabulary):
    summary, _ = sit(base, vocabulary, Accept({}), Reject(), Skip(), Quit())
    assert (summary.accepted, summary.rejected, summary.skipped, summary.left) == (1, 1, 1, 3)
    opened = open_knowledge_base(base)
    (accepted,) = opened.accepted()
    assert (accepted.author, accepted.time, accepted.modality) == ("Dr A", NOW, "must not")
    assert [claim.status for claim in opened.claims()].count("rejected") == 1
    assert opened.conflicts() == ()  # the one that contradicts it was rejected
    _, later = sit(base, vocabulary, *[Skip()] * 3)
    assert [shown.of for shown in later.shown] == [3, 3, 3]


def test_an_edit_keeps_what_was_there_before(base, vocabulary):
    summary, _ = sit(base, vocabulary, Accept({"modality": "should not", "condition": "if wide", "strength": ""}), Quit())
    assert (summary.accepted, summary.edited) == (0, 1)
    (decision,) = open_knowledge_base(base).decisions
    assert (decision.claim.modality, decision.claim.condition) == ("should not", "if wide")
    assert decision.edited_from is not None
    assert (decision.edited_from.modality, decision.edited_from.condition) == ("must not", None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"subject": "anatomy:elbow"}, "no concept"), ({"modality": "perhaps"}, "modality"), ({"quote": "x"}, "cannot be edited")],
)
def test_an_edit_that_is_not_valid_is_asked_again(base, vocabulary, changes, words):
    _, reviewer = sit(base, vocabulary, Accept(changes), Quit())
    assert words in reviewer.refusals[1]
    assert open_knowledge_base(base).decisions == ()


def test_an_edit_may_name_a_concept_by_its_term(base, vocabulary):
    sit(base, vocabulary, Accept({"object": "GB"}), Quit())
    (decision,) = open_knowledge_base(base).decisions
    assert decision.claim.object == "anatomy:gallbladder"


def test_a_concept_that_is_none_brings_the_nearest(base, vocabulary):
    _, reviewer = sit(base, vocabulary, Accept({"subject": "anatomy:gallblader"}), Quit())
    assert "nearest: anatomy:gallbladder" in reviewer.refusals[1]


def test_a_decision_outlives_its_document_and_a_torn_line(base, vocabulary):
    sit(base, vocabulary, Accept({}), Quit())
    with (base / "decisions.jsonl").open("ab") as stream:
        stream.write(b'{"claim_id": "torn')
    assert len(open_knowledge_base(base).decisions) == 1
    sit(base, vocabulary, Reject(), Quit())
    for path in sorted((base / "documents").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    opened = open_knowledge_base(base)
    assert [claim.status for claim in opened.claims()] == ["accepted", "rejected"]


def test_the_same_words_in_many_documents_are_decided_once(tmp_path, vocabulary):
    for number in range(3):
        (tmp_path / f"note{number}.txt").write_text(f"The liver produces bile. Note {number}.")
    build_knowledge_base([tmp_path], tmp_path / "kb", vocabulary, BuildOptions(), lambda *_: None, lambda: False)
    summary, reviewer = sit(tmp_path / "kb", vocabulary, Accept({}))
    assert [(shown.places, shown.of) for shown in reviewer.shown] == [(3, 1)]
    assert (summary.accepted, summary.left) == (3, 0)
    assert len(open_knowledge_base(tmp_path / "kb").accepted()) == 3


def test_a_review_needs_a_name(base, vocabulary):
    with pytest.raises(InputError, match="--author"):
        sit(base, vocabulary, author=" ")


def test_in_the_terminal(base, monkeypatch, capsys, vocabulary):
    import io

    monkeypatch.setattr("medgrpo.knowledge.load_vocabulary", lambda: vocabulary)
    lines = ["?", "e", "", "", "anatomy:elbow", "", "", "", "", "a", "r", "e", "", "", "", "may", "", "-", "", "s"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))
    assert cli.main(["knowledge", "review", str(base), "--author", "Dr A"]) == 0
    out = capsys.readouterr().out
    assert "not taken: object: 'anatomy:elbow' is no concept" in out
    assert "conflict: " in out
    assert "1 accepted, 1 accepted with changes, 1 rejected, 1 skipped; 2 candidates left" in out
