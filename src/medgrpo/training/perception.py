"""`medgrpo train perception`: leave-one-video-out for honest figures and calibration, then one network on everything.

The run folder holds, per fold and for the final network, a checkpoint (a stopped run goes on from it), the ONNX file and its
card; `held_out.json` has the figures. Every number in the card comes from operations that the measuring network had not seen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medgrpo.core import DataError
from medgrpo.evaluation import measure_video, predict_video, summarise
from medgrpo.perception import HEADS, CausalPerceiver, DomainGate, Head, Platt, SpecialistCard
from medgrpo.perception import Specialist as SpecialistAtWork
from medgrpo.sources import LabelledVideo, list_videos, read_video
from medgrpo.training.export import DomainModel, domain_models, save, to_onnx
from medgrpo.training.fit import Samples, fit
from medgrpo.training.held_out import GATE_QUANTILE, RawPredictions, calibrate, choose_memory, gate_limit, predict_raw
from medgrpo.training.network import Specialist
from medgrpo.training.recipe import PerceptionRecipe
from medgrpo.training.samples import load_samples, network_input
from medgrpo.video import read_image

Progress = Callable[[str, int, int], None]
_NOTHING: dict[Head, Platt] = {head: Platt(slope=1.0, offset=0.0) for head in HEADS}
_MOST_EMBEDDED = 400
_NO_MEMORY: dict[Head, float] = dict.fromkeys(HEADS, 0.0)


@dataclass(frozen=True, slots=True)
class Order:
    """What to train. `neighbours` are other domains (name -> folder of CholecT50's layout) to tell this one from;
    `fold_count` groups the videos into that many folds (None: one fold per video)."""

    name: str
    domain: str
    data: Path
    out: Path
    recipe: PerceptionRecipe
    neighbours: tuple[tuple[str, Path], ...] = ()
    fold_count: int | None = None
    data_credit: str = ""
    licence: str = ""


def train_perception(order: Order, progress: Progress) -> SpecialistCard:
    """Train, measure, calibrate and export; gives the card of the final network, which lies at `out/NAME.onnx`."""
    videos = [read_video(order.data, name) for name in list_videos(order.data)]
    if len(videos) < 2:
        raise DataError(order.data, "needs two videos or more: figures and calibration come from a video left out")
    neighbours = [(domain, [read_video(folder, name) for name in list_videos(folder)]) for domain, folder in order.neighbours]
    order.out.mkdir(parents=True, exist_ok=True)
    samples = load_samples(order.recipe, videos, lambda done, total: progress("reading pictures", done, total))
    folds = _folds(len(videos), order.fold_count or len(videos))
    raw: list[tuple[Path, list[int], list[RawPredictions]]] = []
    for number, left_out in enumerate(folds):
        title = f"fold {number + 1} of {len(folds)}, without {', '.join(videos[index].name for index in left_out)}"
        kept = [index for index in range(len(videos)) if index not in left_out]
        path = order.out / "folds" / f"fold{number + 1}.onnx"
        network = _fit(order, _select(samples, kept), path.with_suffix(".checkpoint"), title, progress)
        own = _embed(network, order.recipe, [videos[index] for index in kept])
        domain = domain_models([own, *(_embed(network, order.recipe, others[::2]) for _, others in neighbours)])[0]
        card = _card(order, [videos[index].name for index in kept], _NOTHING, _NO_MEMORY, (1.0,), {})
        save(to_onnx(network, [domain], order.recipe), card, path)
        raw.append((path, left_out, [predict_raw(SpecialistAtWork(path), videos[index]) for index in left_out]))
    figures = _figures(order, videos, raw, progress)
    unseen = [prediction for _, _, predictions in raw for prediction in predictions]
    (order.out / "held_out.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    network = _fit(order, samples, order.out / f"{order.name}.checkpoint", "all videos", progress)
    domains, limits = _domains(order, network, videos, unseen, neighbours)
    memory = choose_memory(unseen)
    card = _card(order, [video.name for video in videos], calibrate(unseen, memory), memory, limits, figures["summary"])
    return save(to_onnx(network, domains, order.recipe), card, order.out / f"{order.name}.onnx")


def _figures(
    order: Order, videos: Sequence[LabelledVideo], raw: Sequence[tuple[Path, list[int], list[RawPredictions]]], progress: Progress
) -> dict[str, Any]:
    """Each fold's network, calibrated on the other folds only, measured on the videos that it never saw."""
    measured: list[dict[str, Any]] = []
    for number, (path, left_out, _) in enumerate(raw):
        others = [prediction for other, (_, _, predictions) in enumerate(raw) if other != number for prediction in predictions]
        memory = choose_memory(others)
        at_work = SpecialistAtWork(path)
        card = at_work.card.model_copy(
            update={
                "calibration": calibrate(others, memory),
                "memory_seconds": memory,
                "gates": (DomainGate(domain=order.domain, limit=gate_limit(others)),),
            }
        )
        save(path.read_bytes(), card, path)
        perceiver = CausalPerceiver((SpecialistAtWork(path),))
        for index in left_out:
            title = f"measuring {videos[index].name}"
            measured.append(measure_video(predict_video(perceiver, videos[index], lambda d, t, title=title: progress(title, d, t))))
    return {"summary": summarise(measured), "videos": measured}


def _domains(
    order: Order,
    network: Specialist,
    videos: Sequence[LabelledVideo],
    unseen: Sequence[RawPredictions],
    neighbours: Sequence[tuple[str, list[LabelledVideo]]],
) -> tuple[list[DomainModel], tuple[float, ...]]:
    """The own domain's limit comes from the folds; a neighbour's from the half of its videos that its model does not use."""
    own = _embed(network, order.recipe, videos)
    domains = domain_models([own, *(_embed(network, order.recipe, others[::2]) for _, others in neighbours)])
    limits = [gate_limit(unseen)]
    for domain, (_, others) in zip(domains[1:], neighbours, strict=True):
        away = domain.distance(_embed(network, order.recipe, others[1::2]))
        limits.append(float(torch.quantile(away, GATE_QUANTILE)))
    return domains, tuple(limits)


def _fit(order: Order, samples: Samples, checkpoint: Path, title: str, progress: Progress) -> Specialist:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)

    def told(step: int, steps: int, loss: float) -> None:
        progress(f"{title}: loss {loss:.2f}", step, steps)

    return fit(order.recipe, samples, checkpoint, told)


def _select(samples: Samples, kept: Sequence[int]) -> Samples:
    chosen = torch.isin(samples.video, torch.tensor(kept)).nonzero()[:, 0]
    numbers = torch.searchsorted(torch.tensor(sorted(kept)), samples.video[chosen])
    presence = {name: values[chosen] for name, values in samples.presence.items()}
    return Samples(samples.images[chosen], presence, [samples.boxes[index] for index in chosen.tolist()], numbers)


@torch.no_grad()
def _embed(network: Specialist, recipe: PerceptionRecipe, videos: Sequence[LabelledVideo]) -> Tensor:
    """Embeddings of up to 400 frames, evenly spread over those in which something is labelled: a black picture is of no domain."""
    network.eval()
    frames = [frame for video in videos for frame in video.frames if frame.instances]
    rows: list[Tensor] = []
    for frame in frames[:: math.ceil(len(frames) / _MOST_EMBEDDED)]:
        pixels = network_input(recipe, read_image(frame.image)).permute(0, 3, 1, 2).float()
        rows.append(network(pixels.contiguous(memory_format=torch.channels_last)).embedding)
    return torch.cat(rows)


def _folds(videos: int, count: int) -> list[list[int]]:
    return [[index for index in range(videos) if index % count == number] for number in range(count)]


def _card(
    order: Order,
    trained_on: Sequence[str],
    calibration: dict[Head, Platt],
    memory: dict[Head, float],
    limits: tuple[float, ...],
    figures: dict[str, Any],
) -> SpecialistCard:
    names = (order.domain, *(domain for domain, _ in order.neighbours))
    return SpecialistCard(
        name=order.name,
        onnx_sha256="",
        height=order.recipe.height,
        width=order.recipe.width,
        calibration=calibration,
        memory_seconds=memory,
        gates=tuple(DomainGate(domain=domain, limit=limit) for domain, limit in zip(names, limits, strict=False)),
        trained_on=tuple(trained_on),
        data=order.data_credit,
        licence=order.licence,
        recipe=order.recipe.model_dump(),
        figures=figures,
        made_by="medgrpo train perception",
    )
