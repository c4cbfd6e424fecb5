"""Search measured: milliseconds of a query over generated passages, the time of making the index, and its size.

Passages are words drawn from our vocabulary's definitions as often as they stand there, mixed with rare made-up words. Embedding
100,000 of them takes hours on two cores, so only the first `embedded` go through the model, which gives the rate; the vectors of
the rest are random directions, which cost a query exactly as much. Queries go through the model, always.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medgrpo import __version__
from medgrpo.bench.figures import peak_memory_mb
from medgrpo.core import Config
from medgrpo.knowledge import load_vocabulary
from medgrpo.library import Document, Passage, Searcher, SentenceModel, build_search_index, load_sentence_model, open_knowledge_base

_WORDS_MADE_UP, _SHARE_MADE_UP = 40_000, 0.1
_WORDS_SHORTEST, _WORDS_LONGEST = 40, 140
_DOCUMENT_PASSAGES = 5000
_QUERY_WORDS = 6
_WARM = 5

Floats = NDArray[np.float32]


class SearchBench(Config):
    """Milliseconds of one query, all of it: embedding, both rankings, texts of the results read from disk. 1 MB = 10^6 bytes.

    `p50_ms` to `largest_ms` are wall-clock time, what else runs on the machine included; `processor_...` the time that this process
    was computing, all its threads added.
    """

    medgrpo_version: str
    passages: int
    queries: int
    p50_ms: float
    p95_ms: float
    largest_ms: float
    processor_p50_ms: float
    processor_p95_ms: float
    parts_p50_ms: dict[str, float]
    open_seconds: float
    terms_build_seconds: float
    embedded_per_second: float
    meaning_build_seconds_estimated: float
    index_mb: float
    peak_memory_mb: float
    processors: int
    system: str
    python: str


class _Generated:
    """The model for the first texts, random directions for the rest."""

    def __init__(self, model: SentenceModel, embedded: int, seed: int) -> None:
        self.name = model.name
        self.seconds, self.count = 0.0, 0
        self._model, self._embedded = model, embedded
        self._random = np.random.default_rng(seed)

    def embed(self, texts: Sequence[str]) -> Floats:
        vectors = self._random.standard_normal((len(texts), 384), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        real = min(len(texts), self._embedded - self.count)
        if real:
            start = time.perf_counter()
            vectors[:real] = self._model.embed(texts[:real])
            self.seconds += time.perf_counter() - start
            self.count += real
        return vectors


def bench_search(passages: int, queries: int, embedded: int, seed: int, listen: Callable[[str, int, int], None]) -> SearchBench:
    """Generate a knowledge base, index it, ask. MissingExtra where the extra `knowledge` is not installed."""
    model = load_sentence_model()
    with tempfile.TemporaryDirectory() as folder:
        words = _Words(seed)
        _write_generated(Path(folder), passages, words, listen)
        base = open_knowledge_base(Path(folder))
        start = time.perf_counter()
        build_search_index(base, None, listen)
        terms_seconds = time.perf_counter() - start
        generated = _Generated(model, min(embedded, passages), seed)
        build_search_index(base, generated, listen)
        size = sum(path.stat().st_size for path in (Path(folder) / "search").rglob("*") if path.is_file())
        start = time.perf_counter()
        searcher = Searcher(base, model)
        open_seconds = time.perf_counter() - start
        asked = [words.text(_QUERY_WORDS) for _ in range(queries + _WARM)]
        for query in asked[:_WARM]:
            searcher.search(query, 10)
        whole, busy = list[float](), list[float]()
        for query in asked[_WARM:]:
            start = time.process_time()
            whole.append(searcher.search(query, 10).milliseconds)
            busy.append(1000 * (time.process_time() - start))
        parts = {
            "embedding": _p50_ms(lambda query: model.embed([query]), asked[_WARM:]),
            "terms": _p50_ms(lambda query: searcher.by_terms(query, 100), asked[_WARM:]),
            "embedding and nearest": _p50_ms(lambda query: searcher.by_meaning(query, 100), asked[_WARM:]),
        }
    rate = generated.count / generated.seconds
    return SearchBench(
        medgrpo_version=__version__,
        passages=passages,
        queries=queries,
        p50_ms=float(np.percentile(whole, 50)),
        p95_ms=float(np.percentile(whole, 95)),
        largest_ms=max(whole),
        processor_p50_ms=float(np.percentile(busy, 50)),
        processor_p95_ms=float(np.percentile(busy, 95)),
        parts_p50_ms=parts,
        open_seconds=open_seconds,
        terms_build_seconds=terms_seconds,
        embedded_per_second=rate,
        meaning_build_seconds_estimated=passages / rate,
        index_mb=size / 1e6,
        peak_memory_mb=peak_memory_mb(),
        processors=os.cpu_count() or 1,
        system=platform.platform(),
        python=platform.python_version(),
    )


def _p50_ms(work: Callable[[str], object], queries: Sequence[str]) -> float:
    taken: list[float] = []
    for query in queries:
        start = time.perf_counter()
        work(query)
        taken.append(1000 * (time.perf_counter() - start))
    return float(np.percentile(taken, 50))


class _Words:
    """Words of the vocabulary's definitions, as often as they stand there; every tenth is made up, few of them often."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._common = " ".join(concept.definition for concept in load_vocabulary().concepts).split()
        chances = 1 / np.arange(3, _WORDS_MADE_UP + 3)
        self._until = np.cumsum(chances / chances.sum())
        syllables = [first + last for first in "bcdfglmnprstv" for last in ("a", "e", "i", "o", "u", "ar", "en", "is", "ol", "um")]
        drawn: list[list[int]] = self._random.integers(0, len(syllables), (_WORDS_MADE_UP, 4)).tolist()
        self._rare = ["".join(syllables[index] for index in row[: 2 + row[0] % 3]) for row in drawn]

    def text(self, count: int) -> str:
        common: list[int] = self._random.integers(0, len(self._common), count).tolist()
        rare: list[int] = np.searchsorted(self._until, self._random.random(count)).tolist()
        made_up: list[bool] = (self._random.random(count) < _SHARE_MADE_UP).tolist()
        return " ".join(
            self._rare[min(other, _WORDS_MADE_UP - 1)] if strange else self._common[one]
            for one, other, strange in zip(common, rare, made_up, strict=True)
        )

    def length(self) -> int:
        return int(self._random.integers(_WORDS_SHORTEST, _WORDS_LONGEST))


def _write_generated(folder: Path, passages: int, words: _Words, listen: Callable[[str, int, int], None]) -> None:
    """A knowledge base of documents of 5,000 passages each, as docs/formats.md says."""
    (folder / "knowledge_base.json").write_text(json.dumps({"schema_version": 1}) + "\n", encoding="utf-8")
    for number, first in enumerate(range(0, passages, _DOCUMENT_PASSAGES)):
        listen("writing passages", first, passages)
        document_id = f"{number:064x}"
        place = folder / "documents" / document_id
        place.mkdir(parents=True)
        document = Document(id=document_id, name=f"generated {number}", format="generated", characters=0, made_with="bench")
        (place / "document.json").write_text(document.model_dump_json() + "\n", encoding="utf-8")
        count = min(_DOCUMENT_PASSAGES, passages - first)
        lines = _lines(document_id, count, words)
        (place / "passages.jsonl").write_text("".join(lines), encoding="utf-8")
        for empty in ("claims.jsonl", "mentions.jsonl"):
            (place / empty).touch()


def _lines(document_id: str, count: int, words: _Words) -> Iterator[str]:
    for index in range(count):
        text = words.text(words.length())
        passage = Passage(
            id=f"{document_id[:16]}:{index}",
            document_id=document_id,
            section=(),
            page=1 + index // 4,
            start_char=0,
            end_char=len(text),
            text=text,
        )
        yield passage.model_dump_json() + "\n"
