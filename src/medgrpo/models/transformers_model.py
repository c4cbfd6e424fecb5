"""A checkpoint run by transformers: any family that `chat` can encode, on one device."""

# torch and transformers type many of their own functions only in part
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from torch import Tensor
from transformers import AutoModelForImageTextToText, GenerationConfig, LogitsProcessor, LogitsProcessorList

from medgrpo.core import InputError, ModelError
from medgrpo.models.batch import collate
from medgrpo.models.batching import batches
from medgrpo.models.chat import Encoder, first_line, open_encoder
from medgrpo.models.encoded import Encoded
from medgrpo.models.model import Completion, Failure, ModelCard, Request
from medgrpo.models.options import ModelOptions
from medgrpo.models.quiet import quiet_loading

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Said:
    """Reply tokens (with the end token where it came) and the log-probability of each under the distribution it was taken from
    at temperature 1, tokens of vision banned."""

    ids: list[int]
    logprobs: list[float]
    ended: bool


class TransformersModel:
    """Greedy at temperature 0; above it, each request draws with its own seed, whatever else is in its batch."""

    def __init__(self, name: str, network: Any, encoder: Encoder, options: ModelOptions, revision: str) -> None:
        self._network, self._encoder, self._options = network, encoder, options
        self._ends = _end_tokens(network, encoder)
        self._pad = encoder.end_of_turn
        self.card = ModelCard(
            name=name,
            backend="transformers",
            revision=revision,
            sampling=options.sampling(encoder.family),
            details={
                "transformers": transformers.__version__,
                "torch": torch.__version__,
                "device": str(network.device),
                "dtype": str(network.dtype).removeprefix("torch."),
                "position_rule": options.position_rule,
                "batch_tokens": str(options.batch_tokens),
                "model_type": encoder.family.model_type,
            },
        )

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """See Model. The network runs in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self._generate, requests)

    def _generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        results: list[Completion | Failure | None] = [None] * len(requests)
        encoded: dict[int, Encoded] = {}
        for place, request in enumerate(requests):
            try:
                encoded[place] = self._encoder.encode(request)
            except InputError as error:
                results[place] = Failure(str(error), lasting=True)
        places = list(encoded)
        lengths = [len(encoded[place].token_ids) + requests[place].max_new_tokens for place in places]
        waiting = [[places[one] for one in group] for group in batches(lengths, self._options.batch_tokens)]
        while waiting:
            group = waiting.pop(0)
            try:
                done = self._batch([requests[place] for place in group], [encoded[place] for place in group])
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                if len(group) == 1:
                    tokens = len(encoded[group[0]].token_ids)
                    done = [
                        Failure(f"{tokens} tokens of prompt do not fit into the memory of {self._network.device}", lasting=True)
                    ]
                else:
                    waiting[:0] = [group[: len(group) // 2], group[len(group) // 2 :]]
                    continue
            for place, result in zip(group, done, strict=True):
                results[place] = result
        return cast("list[Completion | Failure]", results)

    def _batch(self, requests: Sequence[Request], encoded: Sequence[Encoded]) -> list[Completion | Failure]:
        began = time.perf_counter()
        said = self.say(requests, encoded)
        share = (time.perf_counter() - began) / len(requests)
        return [
            Completion(self._encoder.decode(one.ids), "stop" if one.ended else "length", len(prompt.token_ids), len(one.ids), share)
            for one, prompt in zip(said, encoded, strict=True)
        ]

    @torch.inference_mode()
    def say(self, requests: Sequence[Request], encoded: Sequence[Encoded]) -> list[Said]:
        """The replies of one batch as tokens, each within its own request's budget."""
        inputs = collate(
            encoded,
            self._pad,
            self._encoder.family,
            self._options.position_rule,
            self._network.device,
            self._network.dtype,
        )
        chooser = _Chooser(requests, self._encoder.vision.all)
        rows = self._network.generate(
            **inputs,
            generation_config=GenerationConfig(
                max_new_tokens=max(request.max_new_tokens for request in requests),
                do_sample=False,
                eos_token_id=self._ends,
                pad_token_id=self._pad,
            ),
            logits_processor=LogitsProcessorList([chooser]),
        )[:, inputs["input_ids"].shape[1] :]
        chosen = torch.stack(chooser.logprobs, dim=1).tolist()
        return [
            self._cut(ids, logprobs, request.max_new_tokens)
            for ids, logprobs, request in zip(rows.tolist(), chosen, requests, strict=True)
        ]

    def _cut(self, ids: list[int], logprobs: list[float], budget: int) -> Said:
        length = next((place + 1 for place, one in enumerate(ids[:budget]) if one in self._ends), min(budget, len(ids)))
        return Said(ids[:length], logprobs[:length], ids[length - 1] in self._ends)


class _Chooser(LogitsProcessor):
    """Bans the tokens of vision and chooses: the greatest logit, with noise of Gumbel's kind for a request that samples.

    The greatest of logit / temperature + noise is a draw from the softmax; a generator per request makes it the same in any batch.
    """

    def __init__(self, requests: Sequence[Request], banned: Sequence[int]) -> None:
        self._banned = list(banned)
        self._temperatures = [request.temperature for request in requests]
        self._draws = [torch.Generator().manual_seed(request.seed) for request in requests]
        self.logprobs: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:  # noqa: ARG002 - the library's signature
        scores = scores.float()
        scores[:, self._banned] = float("-inf")
        wanted = scores.clone()
        for row, (temperature, draw) in enumerate(zip(self._temperatures, self._draws, strict=True)):
            if temperature > 0:
                uniform = torch.rand(scores.shape[1], generator=draw, dtype=torch.float64).clamp_min(1e-300)
                wanted[row] = wanted[row] / temperature - torch.log(-torch.log(uniform)).to(wanted.device, wanted.dtype)
        best = wanted.argmax(dim=1, keepdim=True)
        self.logprobs.append(torch.log_softmax(scores, dim=1).gather(1, best)[:, 0].cpu())
        return torch.full_like(scores, float("-inf")).scatter_(1, best, 0.0)


def open_transformers(name: str, options: ModelOptions, folder: Path | None = None) -> TransformersModel:
    """Load a folder or hub name; with `folder`, what lies there under that name. ModelError, one line, when it cannot be used."""
    place = name if folder is None else str(folder)
    encoder = open_encoder(place)
    device = options.device if options.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    dtype = options.dtype if options.dtype != "auto" else "float32" if device == "cpu" else "bfloat16"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError(
            f"{name}: {device} was asked for, but torch sees no GPU here; give --device cpu, or install its CUDA build"
        )
    try:
        with quiet_loading():
            network: Any = AutoModelForImageTextToText.from_pretrained(place, dtype=getattr(torch, dtype))
        network = network.to(torch.device(device)).eval()
    except torch.OutOfMemoryError as error:
        raise ModelError(f"{name}: does not fit into the memory of {device} as {dtype}; take a larger GPU or --dtype") from error
    except (OSError, ValueError, RuntimeError) as error:  # no weights, weights of another shape, no such device
        raise ModelError(f"{name}: cannot be loaded on {device} as {dtype}: {first_line(error)}") from error
    return TransformersModel(name, network, encoder, options, _revision(place, network))


def _end_tokens(network: Any, encoder: Encoder) -> list[int]:
    given = network.generation_config.eos_token_id
    ends = [given] if isinstance(given, int) else list(given or [])
    network.generation_config = GenerationConfig()  # a checkpoint's own penalties and temperatures would act in silence
    return sorted({*ends, encoder.end_of_turn})


def _revision(name: str, network: Any) -> str:
    """The hub's commit; of a folder, SHA-256 over the size and the first and last MiB of each weight file."""
    commit = getattr(network.config, "_commit_hash", None)
    if commit:
        return str(commit)
    digest = hashlib.sha256()
    for path in sorted(Path(name).glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(_MIB))
            stream.seek(max(0, size - _MIB))
            digest.update(stream.read(_MIB))
    return f"sha256:{digest.hexdigest()[:16]}"
