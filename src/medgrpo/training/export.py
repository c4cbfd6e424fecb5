"""A trained specialist -> one ONNX file that takes plain RGB bytes, with the domain distances computed inside."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from medgrpo.core import MissingExtra, write_whole
from medgrpo.knowledge import INSTRUMENTS, TARGETS, TRIPLETS, VERBS
from medgrpo.perception import SpecialistCard
from medgrpo.training.network import Specialist
from medgrpo.training.recipe import PerceptionRecipe

_DIRECTIONS = 64
_LARGE = 1024  # numbers: smaller weights (biases, calibration) stay as they are


@dataclass(frozen=True, slots=True)
class DomainModel:
    """What one domain's embeddings look like: their mean, and a covariance that it shares with the other domains.

    The covariance is shrunk half way towards the identity, and kept as its 64 main directions plus one value for all the rest. With
    a shared covariance the nearer of two domains is the one that linear discriminant analysis chooses.
    """

    mean: Tensor
    basis: Tensor  # (1280, 64)
    weights: Tensor  # (64,): what a unit along a direction adds to the squared distance, beyond what `rest` says
    rest: float

    def distance(self, embeddings: Tensor) -> Tensor:
        """(batch,): Mahalanobis distance divided by the root of the number of dimensions."""
        away = embeddings - self.mean
        squared = ((away @ self.basis) ** 2 * self.weights).sum(1) + (away**2).sum(1) / self.rest
        return (squared / embeddings.shape[1]).clamp(min=0).sqrt()


def domain_models(embeddings: Sequence[Tensor]) -> list[DomainModel]:
    """One model per domain from its (n, 1280) embeddings."""
    means = [rows.mean(0) for rows in embeddings]
    away = torch.cat([rows - mean for rows, mean in zip(embeddings, means, strict=True)])
    # Few looks in many dimensions: the singular values of the looks, in double precision, give the covariance's eigenvalues where
    # decomposing the covariance itself, rank-deficient and in single precision, did not converge on every machine.
    _, singular, rows = np.linalg.svd(away.double().numpy(), full_matrices=False)
    values = singular**2 / len(away)
    total, dimensions = float(values.sum()), away.shape[1]
    shrinkage = total / dimensions
    main = values[:_DIRECTIONS] + shrinkage
    rest = (total - float(values[:_DIRECTIONS].sum())) / max(1, dimensions - len(main)) + shrinkage
    basis = torch.from_numpy(np.ascontiguousarray(rows[:_DIRECTIONS].T)).float()
    weights = torch.from_numpy(1 / main - 1 / rest).float()
    return [DomainModel(mean, basis, weights, rest) for mean in means]


class _AtWork(nn.Module):
    """images (batch, height, width, 3) uint8 -> logits per head, tips, distances (batch, domains).

    Looks at the picture and at its mirror image and takes the mean. A triplet's logit is what its own output says plus the mean
    log-probability of its instrument, verb and target: the label's structure, which the rare triplets cannot learn by themselves.
    """

    def __init__(self, network: Specialist, domains: Sequence[DomainModel]) -> None:
        super().__init__()
        self.network, self.domains = network, tuple(domains)
        parts = ([INSTRUMENTS.index(t.instrument), VERBS.index(t.verb), TARGETS.index(t.target)] for t in TRIPLETS)
        self.parts: Tensor
        self.register_buffer("parts", torch.tensor(list(parts)).T.contiguous())

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        upright = images.permute(0, 3, 1, 2).float()
        found = self.network(torch.cat([upright, upright.flip(3)]))
        instrument, verb, target, triplet, phase = (
            torch.stack(values.chunk(2)).mean(0)
            for values in (found.instrument, found.verb, found.target, found.triplet, found.phase)
        )
        chances = (
            functional.logsigmoid(values)[:, part] for values, part in zip((instrument, verb, target), self.parts, strict=True)
        )
        whole = triplet + torch.stack(list(chances)).mean(0)
        embedding = found.embedding.chunk(2)[0]
        distances = torch.stack([domain.distance(embedding) for domain in self.domains], 1)
        return instrument, verb, target, whole, phase, found.tips.chunk(2)[0], distances


OUTPUTS = ("instrument", "verb", "target", "triplet", "phase", "tips", "distances")


def to_onnx(network: Specialist, domains: Sequence[DomainModel], recipe: PerceptionRecipe) -> bytes:
    """The ONNX file's bytes, opset 17; the batch may have any size."""
    try:
        import onnx  # noqa: F401  # pyright: ignore[reportUnusedImport, reportMissingTypeStubs]
    except ImportError as error:
        raise MissingExtra("writing an ONNX model", "train", "onnx") from error
    example = torch.zeros(1, recipe.height, recipe.width, 3, dtype=torch.uint8)
    buffer = io.BytesIO()
    torch.onnx.export(  # pyright: ignore[reportUnknownMemberType]
        _AtWork(network, domains).eval(),
        (example,),
        cast(Any, buffer),  # a file object works, its type is not declared
        input_names=["images"],
        output_names=list(OUTPUTS),
        opset_version=17,
        dynamo=False,
        dynamic_axes={name: {0: "batch"} for name in ("images", *OUTPUTS)},
    )
    return halved(buffer.getvalue())


def halved(onnx_bytes: bytes) -> bytes:
    """The same network with its large weights stored in half precision and cast back when it is loaded: half the file.

    It still computes in single precision; the weights' rounding moves a probability by less than 0.01 (tests/training).
    """
    import onnx  # pyright: ignore[reportMissingTypeStubs]
    from onnx import TensorProto, helper, numpy_helper  # pyright: ignore[reportMissingTypeStubs]

    model = cast(Any, onnx).load_from_string(onnx_bytes)
    casts: list[Any] = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or math.prod(weight.dims) < _LARGE:
            continue
        name = weight.name
        small = numpy_helper.to_array(weight).astype(np.float16)
        weight.CopyFrom(numpy_helper.from_array(small, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model.SerializeToString()


def save(onnx_bytes: bytes, card: SpecialistCard, path: Path) -> SpecialistCard:
    """Write NAME.onnx and NAME.json, each complete or not at all; gives the card with the file's hash in it."""
    signed = card.model_copy(update={"onnx_sha256": hashlib.sha256(onnx_bytes).hexdigest()})
    path.parent.mkdir(parents=True, exist_ok=True)
    for target, content in ((path, onnx_bytes), (path.with_suffix(".json"), signed.model_dump_json(indent=1).encode() + b"\n")):
        write_whole(target, content)
    return signed
