"""Search: fusion by hand, the index's life (made, found, stale, stopped, resumed), results with claims as they stand now."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from medgrpo.core import DataError, InputError
from medgrpo.knowledge import Vocabulary
from medgrpo.library import (
    BuildOptions,
    Decision,
    KnowledgeBase,
    Searcher,
    build_knowledge_base,
    build_search_index,
    fuse,
    open_knowledge_base,
)


class FakeModel:
    """One direction per word: texts that share words are alike. Counts what it embeds, and stops when told to."""

    name = "fake"

    def __init__(self, stop_after: int | None = None) -> None:
        self.embedded, self.stop_after = 0, stop_after

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        if self.stop_after is not None and self.embedded >= self.stop_after:
            raise KeyboardInterrupt
        self.embedded += len(texts)
        rows = np.full((len(texts), 384), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[sum(map(ord, word)) % 384] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def listen(title: str, done: int, total: int) -> None:
    assert 0 <= done <= total


@pytest.fixture
def base(tmp_path: Path, guideline: Path, vocabulary: Vocabulary) -> KnowledgeBase:
    build_knowledge_base([guideline], tmp_path / "kb", vocabulary, BuildOptions(), listen, lambda: False)
    return open_knowledge_base(tmp_path / "kb")


def add(base: KnowledgeBase, vocabulary: Vocabulary, name: str, paragraphs: int) -> KnowledgeBase:
    document = base.path.parent / name
    document.write_text("\n\n".join(f"Paragraph {number} of {name}." for number in range(paragraphs)), encoding="utf-8")
    build_knowledge_base([document], base.path, vocabulary, BuildOptions(), listen, lambda: False)
    return open_knowledge_base(base.path)


def test_fusion_adds_reciprocal_ranks():
    found = fuse([(7, 9.0), (3, 8.0)], [(3, 0.9), (5, 0.8)])
    assert [number for number, _ in found] == [3, 7, 5]
    best = found[0][1]
    assert best.fused == pytest.approx(1 / 12 + 0.7 / 11)
    assert (best.terms, best.terms_rank, best.meaning, best.meaning_rank) == (8.0, 2, 0.9, 1)
    assert found[2][1].terms is None


def test_result_has_place_licence_scores_and_claims(base: KnowledgeBase):
    assert build_search_index(base, FakeModel(), listen)
    result = Searcher(base, FakeModel()).search("what supplies the gallbladder", 3)
    best = result.passages[0]
    assert "supplies the gallbladder" in best.passage.text
    assert (best.document, best.passage.licence, best.passage.section[-1]) == ("guideline.md", "CC BY 4.0", "Anatomy")
    assert base.text(best.passage.document_id)[best.passage.start_char : best.passage.end_char] == best.passage.text
    assert best.scores.terms_rank == 1
    assert (result.by, result.note) == (("terms", "meaning"), None)
    claim = result.claims[0].claim
    assert (claim.subject, claim.relation, claim.object) == ("anatomy:gallbladder", "supplied_by", "anatomy:cystic_artery")
    assert claim.status == "candidate"


def test_claims_show_what_was_decided(base: KnowledgeBase):
    build_search_index(base, None, listen)
    claim = next(base.candidates())
    now = datetime(2026, 11, 24, tzinfo=UTC)
    accepted = claim.model_copy(update={"status": "accepted", "author": "A. Surgeon", "time": now})
    decision = Decision(claim_id=claim.id, verdict="accepted", author="A. Surgeon", time=now, claim=accepted)
    (base.path / "decisions.jsonl").write_text(decision.model_dump_json() + "\n", encoding="utf-8")
    found = Searcher(open_knowledge_base(base.path), None).search("the cystic artery supplies the gallbladder", 3)
    assert {one.claim.id: one.claim.status for one in found.claims}[claim.id] == "accepted"


def test_without_a_model_the_result_says_so(base: KnowledgeBase):
    build_search_index(base, None, listen)
    result = Searcher(base, None, "the package is not installed").search("clip", 3)
    assert result.note == "by terms only: the package is not installed"
    assert result.by == ("terms",)
    assert all(found.scores.meaning is None for found in result.passages)
    assert not list((base.path / "search").glob("meaning-*"))


def test_a_query_without_a_word_is_refused(base: KnowledgeBase):
    build_search_index(base, None, listen)
    with pytest.raises(InputError, match="holds no word"):
        Searcher(base, None).search(" ?! ", 3)


def test_a_missing_or_stale_index_is_refused_and_made_anew(base: KnowledgeBase, vocabulary: Vocabulary):
    with pytest.raises(DataError, match="no search index of the present contents"):
        Searcher(base, None)
    assert build_search_index(base, FakeModel(), listen)
    assert not build_search_index(base, FakeModel(), listen)
    larger = add(base, vocabulary, "more.txt", paragraphs=3)
    with pytest.raises(DataError, match="no search index of the present contents"):
        Searcher(larger, FakeModel())
    model = FakeModel()
    assert build_search_index(larger, model, listen)
    assert model.embedded == 3, "what was embedded before is not embedded again"
    assert len(list((base.path / "search").glob("*-*"))) == 2, "the parts that were replaced are gone"
    assert "Paragraph 2" in Searcher(larger, FakeModel()).search("paragraph 2 of more", 1).passages[0].passage.text


def test_a_stopped_build_goes_on_and_ends_the_same(base: KnowledgeBase, vocabulary: Vocabulary):
    large = add(base, vocabulary, "long.txt", paragraphs=300)
    stopped = FakeModel(stop_after=128)
    with pytest.raises(KeyboardInterrupt):
        build_search_index(large, stopped, listen)
    partial = next((base.path / "search").glob(".partial-meaning-*")) / "vectors.f16"
    with partial.open("ab") as stream:
        stream.write(b"torn")  # a write that a power cut ended
    rest = FakeModel()
    assert build_search_index(large, rest, listen)
    total = large.count("passages")
    assert stopped.embedded + rest.embedded == total
    stored = np.fromfile(next((base.path / "search").glob("meaning-*")) / "vectors.f16", np.float16).reshape(total, 384)
    whole = FakeModel().embed([", ".join(one.section) + ": " * bool(one.section) + one.text for one in large.passages()])
    assert np.array_equal(stored, whole.astype(np.float16))


def test_two_builds_at_once_are_refused(base: KnowledgeBase):
    (base.path / "search").mkdir()
    with (base.path / "search" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another process"):
            build_search_index(base, None, listen)


@pytest.mark.parametrize("file", ["header.json", "passages.npy"])
def test_a_damaged_index_says_what_to_delete(base: KnowledgeBase, file: str):
    build_search_index(base, None, listen)
    next((base.path / "search").glob("passages-*")).joinpath(file).write_bytes(b"damaged")
    with pytest.raises(DataError, match="is damaged"):
        Searcher(base, None)


def test_an_empty_knowledge_base_finds_nothing(tmp_path: Path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "knowledge_base.json").write_text('{"schema_version": 1}\n', encoding="utf-8")
    base = open_knowledge_base(tmp_path)
    build_search_index(base, FakeModel(), listen)
    assert Searcher(base, FakeModel()).search("anything", 5).passages == ()
