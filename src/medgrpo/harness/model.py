"""medgrpo's models as a model of lmms-eval: `--model medgrpo --model_args model=NAME`, with any name that `open_model` knows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from lmms_eval.api.instance import GenerationResult, Instance, TokenCounts
from lmms_eval.api.model import lmms
from loguru import logger

from medgrpo.benchmark import ClipReader, Row
from medgrpo.core import InputError, VideoError
from medgrpo.harness.data import pictures
from medgrpo.harness.task import row_of
from medgrpo.models import Completion, Failure, Request, open_model


class MedgrpoModel(lmms):
    """Answers MedVidBench's tasks by our sampling contract: exact times, the region's box in the scaled picture.

    A question without a reply (no picture, refused) is handed in empty, and named in the log.
    """

    is_simple = False

    def __init__(self, model: str, batch_size: int | str = 1, device: str | None = None, max_batch_size: int | None = None) -> None:
        del device, max_batch_size  # lmms-eval gives them to every model
        super().__init__()
        self._model = open_model(model)
        sampling = self._model.card.sampling
        self._clips = None if sampling is None else ClipReader(pictures(), sampling)
        self._batch_size = int(batch_size)

    def generate_until(self, requests: Sequence[Instance]) -> list[GenerationResult]:
        results: list[GenerationResult] = []
        for start in range(0, len(requests), self._batch_size):
            results += asyncio.run(self._batch([self._asked(one) for one in requests[start : start + self._batch_size]]))
        return results

    def loglikelihood(self, requests: Sequence[Instance]) -> list[tuple[float, bool]]:
        del requests
        raise InputError("medgrpo's models answer in words; they are asked for no likelihood by MedVidBench's tasks")

    def generate_until_multi_round(self, requests: Sequence[Instance]) -> list[str]:
        del requests
        raise InputError("MedVidBench's tasks have one round; use lmms-eval's own models for others")

    def _asked(self, instance: Instance) -> tuple[Row, dict[str, Any]]:
        _, _, settings, number, task, split = cast("tuple[Any, ...]", instance.args)
        if not task.startswith("medvidbench"):
            raise InputError(f"{task}: the model `medgrpo` answers MedVidBench's tasks; use lmms-eval's own models for others")
        return row_of(self.task_dict[task][split][number]), settings

    async def _batch(self, asked: Sequence[tuple[Row, dict[str, Any]]]) -> list[GenerationResult]:
        results = [GenerationResult(text="")] * len(asked)
        places: list[int] = []
        ready: list[Request] = []
        for place, (row, settings) in enumerate(asked):
            try:
                clip = None if self._clips is None else self._clips(row)
            except (VideoError, InputError) as error:
                logger.error(f"{row.key}: {error}")
                continue
            temperature = float(settings.get("temperature", 0.0))
            ready.append(Request(row.key, row.record.question, clip, settings["max_new_tokens"], temperature=temperature))
            places.append(place)
        for place, reply in zip(places, await self._model.generate(ready) if ready else [], strict=True):
            results[place] = _result(asked[place][0], reply)
        return results


def _result(row: Row, reply: Completion | Failure) -> GenerationResult:
    if isinstance(reply, Failure):
        logger.error(f"{row.key}: {reply.reason}")
        return GenerationResult(text="")
    return GenerationResult(reply.text, TokenCounts(input_tokens=reply.prompt_tokens, output_tokens=reply.completion_tokens))
