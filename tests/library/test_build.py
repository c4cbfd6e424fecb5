"""Building: the same knowledge base whether it was made at once, in parts, or killed on the way."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medgrpo.core import DataError, InputError, Interrupted, ModelError
from medgrpo.library import BuildOptions, build_knowledge_base, open_knowledge_base
from medgrpo.library import reading as reading_module

NOTES = {f"note{number}.txt": f"FINDINGS: The liver produces bile. Seen {number} times.\n\nThe CBD (duct)." for number in range(4)}


def quiet(*_: object) -> None:
    """Hears progress."""


def build(sources, out, vocabulary, options=None, stop=lambda: False, model=None):
    return build_knowledge_base(sources, out, vocabulary, options or BuildOptions(), quiet, stop, model)


def content(base: Path) -> dict[str, bytes]:
    return {str(path.relative_to(base)): path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()}


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    (folder / "picture.png").write_bytes(b"not text")
    return folder


def test_a_document_becomes_passages_mentions_and_claims(guideline, tmp_path, vocabulary):
    summary = build([guideline], tmp_path / "kb", vocabulary)
    base = open_knowledge_base(tmp_path / "kb")
    (document,) = base.documents
    assert (document.title, document.licence, document.date, document.format) == (
        "Safe cholecystectomy",
        "CC BY 4.0",
        "2024-05-01",
        "Markdown",
    )
    text = base.text(document.id)
    assert document.characters == len(text)
    passages = {passage.id: passage for passage in base.passages()}
    assert [passage.section[-1] for passage in passages.values()] == ["Anatomy", "Recommendations"]  # no references
    for passage in passages.values():
        assert text[passage.start_char : passage.end_char] == passage.text
        assert passage.licence == "CC BY 4.0"
        assert base.passage(passage.id) == passage
    for mention in base.mentions():
        assert passages[mention.passage_id].text[mention.start_char : mention.end_char] == mention.text
    claims = list(base.claims())
    for claim in claims:
        assert passages[claim.passage_id].text[claim.quote_start_char : claim.quote_end_char] == claim.quote
    assert {(claim.subject, claim.relation.value, claim.object, claim.modality.value) for claim in claims} == {
        ("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery", "stated"),
        ("anatomy:common_bile_duct", "adjacent_to", "anatomy:duodenum", "stated"),
        ("action:clip", "acts_on", "anatomy:cystic_duct", "must"),
        ("action:clip", "acts_on", "anatomy:common_bile_duct", "must not"),
    }
    assert base.accepted() == ()
    assert (summary.documents, summary.passages, summary.claims["candidate"]) == (1, 2, 4)
    assert summary.mentions == len(list(base.mentions()))


def test_what_the_user_states_comes_before_what_the_document_says(guideline, tmp_path, vocabulary):
    build([guideline], tmp_path / "kb", vocabulary)
    again = build([guideline], tmp_path / "kb", vocabulary, BuildOptions(licence="CC0"))
    assert len(again.read) == 1
    assert {passage.licence for passage in open_knowledge_base(tmp_path / "kb").passages()} == {"CC0"}
    assert build([guideline], tmp_path / "kb", vocabulary).unchanged == 1  # nothing stated: what was stated stays


def test_unchanged_documents_are_not_read_again(notes, tmp_path, vocabulary, monkeypatch):
    first = build([notes], tmp_path / "kb", vocabulary)
    before = content(tmp_path / "kb")
    monkeypatch.setattr("medgrpo.library.build.read_document", lambda *_: pytest.fail("read again"))
    second = build([notes, notes / "note1.txt"], tmp_path / "kb", vocabulary)
    assert (len(first.read), first.unchanged) == (4, 0)
    assert (len(second.read), second.unchanged) == (0, 5)
    assert content(tmp_path / "kb") == before


def test_a_changed_file_is_another_document_and_said(notes, tmp_path, vocabulary):
    build([notes], tmp_path / "kb", vocabulary)
    (notes / "note0.txt").write_text("The spleen.")
    summary = build([notes], tmp_path / "kb", vocabulary)
    assert (len(summary.read), summary.unchanged, summary.documents) == (1, 3, 5)
    assert "note0.txt" in summary.same_names[0]


def test_a_changed_vocabulary_reads_again(notes, tmp_path, vocabulary):
    build([notes], tmp_path / "kb", vocabulary)
    smaller = type(vocabulary)(vocabulary.concepts[:5], (), (), ())
    assert len(build([notes], tmp_path / "kb", smaller).read) == 4
    assert {mention.concept_id for mention in open_knowledge_base(tmp_path / "kb").mentions()} == {"anatomy:liver"}


def test_a_document_that_cannot_be_read_is_one_line_and_the_rest_goes_on(notes, tmp_path, vocabulary):
    (notes / "note2.txt").write_bytes(b"\x00")
    (notes / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (notes / "empty.md").write_bytes(b"")
    summary = build([notes, tmp_path / "missing.txt"], tmp_path / "kb", vocabulary)
    assert len(summary.read) == 3
    assert sorted(line.split(": ")[0].rpartition("/")[2] for line in summary.failed) == [
        "broken.pdf",
        "empty.md",
        "missing.txt",
        "note2.txt",
    ]
    assert "holds no text" in next(line for line in summary.failed if "empty.md" in line)
    assert all("\n" not in line for line in summary.failed)
    assert summary.documents == 3


def test_a_folder_that_is_something_else_is_left_alone(notes, tmp_path, vocabulary):
    with pytest.raises(InputError, match="not empty and no knowledge base"):
        build([notes], notes, vocabulary)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no document of a known format"):
        build([tmp_path / "none"], tmp_path / "kb", vocabulary)
    with pytest.raises(DataError, match="is no knowledge base"):
        open_knowledge_base(notes)


def test_a_damaged_line_is_named(notes, tmp_path, vocabulary):
    build([notes], tmp_path / "kb", vocabulary)
    path = next((tmp_path / "kb").rglob("passages.jsonl"))
    path.write_bytes(path.read_bytes() + b"{broken\n")
    with pytest.raises(DataError, match=r"passages\.jsonl: line 3 is damaged"):
        list(open_knowledge_base(tmp_path / "kb").passages())


class Killed(BaseException):
    """What no program can catch by accident."""


class Mortal:
    """Dies at the file operation of that number; dead, it tidies nothing."""

    def __init__(self, moment: int) -> None:
        self.left = moment

    def counted(self, real):
        def call(*args, **named):
            if self.left == 0:
                raise Killed
            self.left -= 1
            return real(*args, **named)

        return call

    def while_alive(self, real):
        return lambda *args, **named: real(*args, **named) if self.left > 0 else None


def build_and_die(moment: int, sources, out, vocabulary) -> None:
    mortal = Mortal(moment)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("open", "rename", "replace", "mkdir"):
            patch.setattr(Path, name, mortal.counted(getattr(Path, name)))
        patch.setattr(reading_module, "_write", mortal.counted(reading_module._write))
        patch.setattr("medgrpo.library.build.shutil.rmtree", mortal.while_alive(shutil.rmtree))
        with suppress(Killed):
            build(sources, out, vocabulary)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=st.lists(st.integers(0, 80), min_size=1, max_size=3))
def test_a_build_killed_at_any_moment_and_given_again_gives_the_same(moments, notes, tmp_path, vocabulary):
    """Every file operation of a build is a moment at which it may die."""
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    if not whole.exists():
        build([notes], whole, vocabulary)
    shutil.rmtree(torn, ignore_errors=True)
    for moment in moments:
        build_and_die(moment, [notes], torn, vocabulary)
    build([notes], torn, vocabulary)
    assert content(torn) == content(whole)


def test_a_stop_keeps_what_was_read(notes, tmp_path, vocabulary):
    asked = iter([False] * 14 + [True] * 99)
    with pytest.raises(Interrupted, match="are kept"):
        build([notes], tmp_path / "kb", vocabulary, stop=lambda: next(asked))
    kept = len(open_knowledge_base(tmp_path / "kb").documents)
    assert 0 < kept < 4
    assert build([notes], tmp_path / "kb", vocabulary).unchanged == kept


class Scripted:
    """A model with its answers in order; after them it fails."""

    name = "scripted"

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def complete(self, prompt: str) -> str:
        self.asked += 1
        if not self.answers:
            raise ModelError("no more answers")
        return self.answers.pop(0)


def proposal(subject: str, object_: str, quote: str) -> dict[str, str]:
    return {"subject": subject, "relation": "supplied_by", "object": object_, "quote": quote}


def test_a_model_adds_only_what_the_passage_says_and_the_rest_is_counted(tmp_path, vocabulary):
    text = "The gallbladder gets, as a rule, its blood supply from the cystic artery, one artery. The liver is near the stomach."
    path = tmp_path / "a.txt"
    path.write_text(text.replace("gets, as a rule, its blood supply", "is most often, and in all, supplied with what it needs"))
    path.write_text("What the gallbladder gets as a rule, and with few exceptions, is supplied by the cystic artery. The liver.")
    quote = "What the gallbladder gets as a rule, and with few exceptions, is supplied by the cystic artery."
    answer = json.dumps(
        {
            "claims": [
                proposal("anatomy:gallbladder", "anatomy:cystic_artery", quote),
                proposal("anatomy:liver", "anatomy:cystic_artery", quote),
                proposal("anatomy:gallbladder", "anatomy:cystic_artery", "Made up."),
                {"nothing": 1},
            ]
        }
    )
    model = Scripted(answer)
    summary = build([path], tmp_path / "kb", vocabulary, model=model)
    (claim,) = open_knowledge_base(tmp_path / "kb").claims()
    assert (claim.subject, claim.extractor, claim.quote) == ("anatomy:gallbladder", "model:scripted", quote)
    assert sum(summary.read[0].refused_proposals.values()) == 3
    assert build([path], tmp_path / "kb", vocabulary, model=model).unchanged == 1
    assert model.asked == 1


def test_a_model_that_fails_is_not_asked_again_what_it_answered(notes, tmp_path, vocabulary):
    empty = '{"claims": []}'
    with pytest.raises(ModelError, match="no more"):
        build([notes], tmp_path / "kb", vocabulary, model=Scripted(empty, empty))
    model = Scripted(empty, empty)
    build([notes], tmp_path / "kb", vocabulary, model=model)
    assert model.asked == 2


def test_a_pipe_is_one_line_and_does_not_wait(tmp_path, vocabulary, guideline):
    os.mkfifo(tmp_path / "pipe.txt")
    summary = build([tmp_path / "pipe.txt", guideline], tmp_path / "kb", vocabulary)
    assert len(summary.failed) == 1
    assert "no regular file" in summary.failed[0]
    assert len(summary.read) == 1


def test_a_book_in_one_line_can_be_stopped(tmp_path, vocabulary):
    path = tmp_path / "line.txt"
    path.write_text("The cystic artery supplies the gallbladder. " * 3000)
    asked = iter([False] * 4)
    with pytest.raises(Interrupted):
        build_knowledge_base([path], tmp_path / "kb", vocabulary, BuildOptions(), lambda *_: None, lambda: next(asked, True))
    assert open_knowledge_base(tmp_path / "kb").documents == ()
