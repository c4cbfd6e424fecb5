"""Layers with a running state (Qwen3.5's gated delta rule) in a packed sequence: exact, as everything else that is packed.

A mask cannot tell such a layer to skip another answer. What it carries is its state, so that is what is forked: the prompt is read
once, and each answer begins with the state in which the prompt left the layer. Transformers' own forward does all arithmetic; here
it is only called with parts of the sequence. Told what lies in a sequence by keyword, as attention is:

    shared_prompt     (tokens of the prompt, lengths of the answers): [prompt | answer 1 | ... | answer G]
    sample_lengths    whole samples side by side, each of its own
    sampling_rows     one token of each answer, whose states lie in the cache one after the other
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers.models.qwen3_5.modeling_qwen3_5 import Qwen3_5GatedDeltaNet

SharedPrompt = tuple[int, Sequence[int]]


class _States:
    """What transformers asks a cache for, of one layer: states that are handed on, never written over, so that gradients pass."""

    def __init__(self, convolved: Tensor | None = None, running: Tensor | None = None) -> None:
        self.convolved, self.running = convolved, running

    def get_conv_state(self, layer: int, state_idx: int = 0) -> Tensor | None:
        del layer, state_idx
        return self.convolved

    def get_recurrent_state(self, layer: int, state_idx: int = 0) -> Tensor | None:
        del layer, state_idx
        return self.running

    def is_recording_past(self, layer: int) -> bool:
        """True: a single token goes the same way as many, and no state is written over."""
        del layer
        return True

    def update_conv_state(self, values: Tensor, layer: int, conv_kernel_size: int) -> Tensor:
        """(B, channels, tokens) -> the same behind what was before."""
        del layer
        if self.convolved is None:
            full = torch.nn.functional.pad(values, (max(0, conv_kernel_size - values.shape[-1]), 0))
        else:
            full = torch.cat([self.convolved, values], dim=-1)
        self.convolved = full[..., -conv_kernel_size:]
        return full

    def update_recurrent_state(self, state: Tensor, layer: int) -> Tensor:
        del layer
        self.running = state
        return state

    def forked(self, count: int) -> _States:
        assert self.convolved is not None
        assert self.running is not None
        return _States(self.convolved.expand(count, -1, -1), self.running.expand(count, -1, -1, -1))


class PackedDeltaNet(Qwen3_5GatedDeltaNet):
    """The same weights and the same arithmetic over parts of a sequence."""

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        hidden_states: Tensor,
        cache_params: Any = None,
        attention_mask: Tensor | None = None,
        shared_prompt: SharedPrompt | None = None,
        sample_lengths: Sequence[int] | None = None,
        sampling_rows: int | None = None,
        **options: Any,
    ) -> Tensor:
        """(1, L, width) -> (1, L, width)."""
        whole = super().forward
        if sampling_rows is not None:
            return whole(hidden_states.transpose(0, 1), cache_params, None, **options).transpose(0, 1)
        if sample_lengths is not None and len(sample_lengths) > 1:
            parts = hidden_states.split(list(sample_lengths), dim=1)
            return torch.cat([whole(part, None, None, **options) for part in parts], dim=1)
        if shared_prompt is None:
            return whole(hidden_states, cache_params, attention_mask, **options)
        prompt, lengths = shared_prompt
        states = _States()
        first = whole(hidden_states[:, :prompt], cast("Any", states), None, **options)
        # what fills an answer up stands behind its end, where nothing sees it
        # what fills an answer up stands behind its end, where nothing sees it
        answers = pad_sequence(list(hidden_states[0, prompt:].split(list(lengths))), batch_first=True)
        second = whole(answers, cast("Any", states.forked(len(lengths))), None, **options)
        said = [row[:length] for row, length in zip(second, lengths, strict=True)]
        return torch.cat([first, torch.cat(said)[None]], dim=1)


def pack_states(language: Any) -> None:
    """Let every layer with a running state of this language model read packed sequences; its weights stay as they are."""
    for layer in language.layers:
        mixer = getattr(layer, "linear_attn", None)
        if type(mixer) is Qwen3_5GatedDeltaNet:
            mixer.__class__ = PackedDeltaNet


def has_states(network: Any) -> bool:
    """Whether any layer of the network carries a state."""
    return network.config.model_type == "qwen3_5"


def keep_states(cache: Any, rows: Tensor) -> None:
    """Take these rows of every running state in the cache, in this order: after the prompt as often as there are answers."""
    for layer in cache.layers:
        if hasattr(layer, "recurrent_states"):
            layer.reorder_cache(rows)
