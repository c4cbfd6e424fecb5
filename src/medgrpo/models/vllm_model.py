"""A checkpoint run by vLLM in this process. Written to its documented interface, tested against a stand-in, not run on a GPU here.

What it is given: `vllm_request`. Its positions after a clip follow the rule `maximum` (see `rope_positions`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from medgrpo.core import InputError, ModelError
from medgrpo.models.chat import Encoder, first_line, open_encoder
from medgrpo.models.model import Completion, Failure, ModelCard, Request
from medgrpo.models.options import ModelOptions
from medgrpo.models.vllm_request import LEAVE_PICTURES, import_vllm, vllm_prompt

_MOST_CLIPS = 4  # a question's and its examples'; vLLM keeps memory for as many


class VllmModel:
    """`engine` is vLLM's `LLM`; `settings` makes its `SamplingParams`."""

    def __init__(
        self, name: str, engine: Any, settings: Callable[..., Any], encoder: Encoder, options: ModelOptions, version: str
    ) -> None:
        self._engine, self._settings, self._encoder = engine, settings, encoder
        self.card = ModelCard(
            name=name,
            backend="vllm",
            revision="",
            sampling=options.sampling(encoder.family),
            details={"vllm": version, "position_rule": "maximum", "model_type": encoder.family.model_type},
        )

    async def generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """See Model. vLLM batches by itself; a request that it would refuse is found before, so that it cannot fail the others."""
        return await asyncio.to_thread(self._generate, requests)

    def _generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        results: list[Completion | Failure | None] = [None] * len(requests)
        asked: list[int] = []
        prompts: list[Mapping[str, Any]] = []
        for place, request in enumerate(requests):
            try:
                clips = self._encoder.encode(request).clips  # what is too long, of a wrong size or holds words of vision
                if any(clip.still for clip in clips):
                    raise InputError(f"{request.key}: a single picture is not handed to vLLM here, clips are; use transformers")
                if len(clips) > _MOST_CLIPS:
                    raise InputError(f"{request.key}: {len(clips)} clips in one prompt; give at most {_MOST_CLIPS - 1} examples")
                prompts.append(vllm_prompt(self._encoder, request))
                asked.append(place)
            except InputError as error:
                results[place] = Failure(str(error), lasting=True)
        began = time.perf_counter()
        settings = [self._sampling(requests[place]) for place in asked]
        answers: list[Any] = self._engine.generate(prompts, settings, use_tqdm=False) if asked else []
        share = (time.perf_counter() - began) / max(1, len(asked))
        for place, answer in zip(asked, answers, strict=True):
            said = answer.outputs[0]
            finish: Literal["stop", "length"] = "length" if said.finish_reason == "length" else "stop"
            results[place] = Completion(said.text, finish, len(answer.prompt_token_ids), len(said.token_ids), share)
        return cast("list[Completion | Failure]", results)

    def _sampling(self, request: Request) -> Any:
        return self._settings(
            temperature=request.temperature,
            max_tokens=request.max_new_tokens,
            seed=request.seed,
            stop_token_ids=[self._encoder.end_of_turn],
            logit_bias=dict.fromkeys(self._encoder.vision.all, -100.0),
        )


def open_vllm(name: str, options: ModelOptions) -> VllmModel:
    """Load a folder or hub name. MissingExtra without vLLM; ModelError, one line, when it cannot load the model.

    Uses of the options: those of sampling, dtype, batch_tokens (the longest prompt with its reply). The rule must be `maximum`:
    vLLM knows no other.
    """
    if options.position_rule != "maximum":
        raise InputError(f"vllm:{name}: vLLM goes on after a clip by the rule `maximum`; give that, or use transformers")
    vllm = import_vllm(f"vllm:{name}")
    encoder = open_encoder(name)
    if encoder.family.whole_frames:
        raise InputError(f"vllm:{name}: {encoder.family.model_type} is read by transformers alone; leave vllm: out")
    longest = min(encoder.family.most_tokens, options.batch_tokens)
    encoder = Encoder(encoder.tokenizer, replace(encoder.family, most_tokens=longest))  # what vLLM would refuse is found before
    try:
        engine = vllm.LLM(
            model=name,
            dtype=options.dtype,
            max_model_len=longest,
            limit_mm_per_prompt={"video": _MOST_CLIPS, "image": 0},
            mm_processor_kwargs=LEAVE_PICTURES,
            generation_config="vllm",  # not the checkpoint's own penalties and temperatures
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"vllm:{name}: cannot be loaded: {first_line(error)}") from error
    return VllmModel(name, engine, vllm.SamplingParams, encoder, options, vllm.__version__)
