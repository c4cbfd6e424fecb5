"""A network's measures without the network: read from its configuration, or from a small table for hub names that recipes use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from medgrpo.core import InputError

PARTS = ("tower", "projector", "language", "head")
"""As `SftModelSettings.frozen` names them."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """One checkpoint's measures, widths in numbers of values. `window`: side in patches of vision's windowed attention, or None.

    `attending` and `recurrent` are counts of the language model's layers; `deepstack` of mergers beside the last one.
    """

    family: str
    vocabulary: int
    tied: bool
    width: int
    inner: int
    attending: int
    recurrent: int
    heads: int
    key_heads: int
    head_width: int
    recurrent_key_heads: int
    recurrent_value_heads: int
    recurrent_key_width: int
    recurrent_value_width: int
    convolution: int
    blocks: int
    vision_width: int
    vision_inner: int
    vision_heads: int
    patch: int
    temporal_patch: int
    merge: int
    window: int | None
    whole_blocks: int
    places: int
    deepstack: int
    most_tokens: int

    @property
    def layers(self) -> int:
        return self.attending + self.recurrent

    @property
    def queries(self) -> int:
        """Width of all query heads."""
        return self.heads * self.head_width

    @property
    def keys(self) -> int:
        """Width of all key heads."""
        return self.key_heads * self.head_width

    @property
    def gated_vision(self) -> bool:
        return self.family == "qwen2_5_vl"

    @property
    def patch_values(self) -> int:
        """Values of one patch of pixels."""
        return 3 * self.temporal_patch * self.patch**2

    @property
    def merged_width(self) -> int:
        return self.vision_width * self.merge**2

    def attention_weights(self) -> dict[str, tuple[int, int]]:
        """(in, out) of an attending layer's linear maps, without biases. Qwen3.5's queries come with a gate of their own size."""
        gate = 2 if self.family == "qwen3_5" else 1
        return {
            "q_proj": (self.width, self.queries * gate),
            "k_proj": (self.width, self.keys),
            "v_proj": (self.width, self.keys),
            "o_proj": (self.queries, self.width),
        }

    def recurrent_weights(self) -> dict[str, tuple[int, int]]:
        """(in, out) of a layer with a running state."""
        keys = self.recurrent_key_heads * self.recurrent_key_width
        values = self.recurrent_value_heads * self.recurrent_value_width
        return {
            "in_proj_qkv": (self.width, 2 * keys + values),
            "in_proj_z": (self.width, values),
            "in_proj_b": (self.width, self.recurrent_value_heads),
            "in_proj_a": (self.width, self.recurrent_value_heads),
            "out_proj": (values, self.width),
        }

    def inner_weights(self) -> dict[str, tuple[int, int]]:
        return {
            "gate_proj": (self.width, self.inner), "up_proj": (self.width, self.inner), "down_proj": (self.inner, self.width),
        }  # fmt: skip

    def parameters(self) -> dict[str, int]:
        """Weights of each part; a head that is tied to the embeddings is 0 there."""
        return {
            "tower": self._tower(), "projector": self._projector(), "language": self._language(),
            "head": 0 if self.tied else self.vocabulary * self.width,
        }  # fmt: skip

    def _targets(self) -> list[tuple[int, int]]:
        """(in, out) of every projection that `lora.TARGETS` names."""
        inner, attention = self.inner_weights(), self.attention_weights()
        mixing = [self.recurrent_weights()[name] for name in ("in_proj_qkv", "in_proj_z", "out_proj")]
        attending = [*inner.values(), *attention.values()] * self.attending
        return attending + [*inner.values(), *mixing] * self.recurrent

    def adapters(self, rank: int) -> int:
        """Weights of low-rank corrections."""
        return sum(rank * (into + out) for into, out in self._targets())

    def adapted(self) -> int:
        """Weights that have a correction."""
        return sum(into * out for into, out in self._targets())

    def _language(self) -> int:
        inner = sum(into * out for into, out in self.inner_weights().values()) + 2 * self.width
        attention = sum(into * out for into, out in self.attention_weights().values())
        if self.family == "qwen2_5_vl":
            attention += self.queries + 2 * self.keys
        else:
            attention += 2 * self.head_width
        recurrent = 0
        if self.recurrent:
            weights = self.recurrent_weights()
            recurrent = sum(into * out for into, out in weights.values()) + 2 * self.recurrent_value_heads
            recurrent += weights["in_proj_qkv"][1] * self.convolution + self.recurrent_value_width
        embeddings = self.vocabulary * self.width + self.width
        return embeddings + self.layers * inner + self.attending * attention + self.recurrent * recurrent

    def _tower(self) -> int:
        wide, inner = self.vision_width, self.vision_inner
        attention = 4 * wide * wide + 4 * wide
        if self.gated_vision:
            block = attention + 2 * wide + 3 * wide * inner + 2 * inner + wide
            return self.blocks * block + self.patch_values * wide
        block = attention + 4 * wide + 2 * wide * inner + inner + wide
        return self.blocks * block + self.patch_values * wide + wide + self.places * wide

    def _projector(self) -> int:
        wide = self.merged_width
        maps = wide * wide + wide + wide * self.width + self.width
        if self.gated_vision:
            return maps + self.vision_width
        return maps + 2 * self.vision_width + self.deepstack * (maps + 2 * wide)


def find_geometry(checkpoint: str) -> Geometry:
    """Of a model folder, or of a hub name in the table. InputError when it is neither, or of a family that nothing here trains."""
    folder = Path(checkpoint)
    if folder.is_dir():
        try:
            found: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: holds no config.json that can be read: {error}") from error
        return geometry_of(checkpoint, found)
    known: dict[str, Any] = json.loads((files("medgrpo.policy.planning") / "geometries.json").read_text(encoding="utf-8"))
    if folder.is_absolute():
        raise InputError(f"{folder}: there is no such folder; the recipe's [model] checkpoint names it")
    if checkpoint not in known:
        raise InputError(
            f"{checkpoint}: no such folder, and no measures are known for this name (they are for {', '.join(known)}): give a "
            f"folder with config.json"
        )
    return geometry_of(checkpoint, known[checkpoint])


def geometry_of(name: str, config: Mapping[str, Any]) -> Geometry:
    """InputError for another family, or a configuration without one of its measures."""
    family = str(config.get("model_type"))
    if family not in ("qwen2_5_vl", "qwen3_vl", "qwen3_5"):
        raise InputError(f"{name}: model_type {family!r} is not trained here: qwen2_5_vl, qwen3_vl and qwen3_5 are")
    try:
        return _geometry(family, config, config["text_config"], config["vision_config"])
    except KeyError as error:
        raise InputError(f"{name}: its configuration does not say {error}") from error


def _geometry(family: str, config: Mapping[str, Any], text: Mapping[str, Any], vision: Mapping[str, Any]) -> Geometry:
    layers = int(text["num_hidden_layers"])
    every = int(text.get("full_attention_interval") or 4)
    kinds = cast("list[str]", text.get("layer_types") or [])
    if family != "qwen3_5":
        recurrent = 0
    elif kinds:
        recurrent = kinds.count("linear_attention")
    else:
        recurrent = layers - layers // every
    heads, blocks = int(text["num_attention_heads"]), int(vision["depth"])
    window = int(vision["window_size"]) // int(vision["patch_size"]) if family == "qwen2_5_vl" else None
    return Geometry(
        family=family,
        vocabulary=int(text["vocab_size"]),
        tied=bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False))),
        width=int(text["hidden_size"]),
        inner=int(text["intermediate_size"]),
        attending=layers - recurrent,
        recurrent=recurrent,
        heads=heads,
        key_heads=int(text["num_key_value_heads"]),
        head_width=int(text.get("head_dim") or int(text["hidden_size"]) // heads),
        recurrent_key_heads=int(text.get("linear_num_key_heads", 16)),
        recurrent_value_heads=int(text.get("linear_num_value_heads", 32)),
        recurrent_key_width=int(text.get("linear_key_head_dim", 128)),
        recurrent_value_width=int(text.get("linear_value_head_dim", 128)),
        convolution=int(text.get("linear_conv_kernel_dim", 4)),
        blocks=blocks,
        vision_width=int(vision["hidden_size"]),
        vision_inner=int(vision["intermediate_size"]),
        vision_heads=int(vision["num_heads"]),
        patch=int(vision["patch_size"]),
        temporal_patch=int(vision["temporal_patch_size"]),
        merge=int(vision["spatial_merge_size"]),
        window=window,
        whole_blocks=len(vision["fullatt_block_indexes"]) if window else blocks,
        places=0 if window else int(vision["num_position_embeddings"]),
        deepstack=len(vision["deepstack_visual_indexes"]) if family == "qwen3_vl" else 0,
        most_tokens=int(text["max_position_embeddings"]),
    )
