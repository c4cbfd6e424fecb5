"""The forward of supervised training: samples packed into one sequence, the loss of their answers alone, exactly.

Every number is that of the samples on their own: each sees itself only (`samples_attention`), its positions begin at 0, and its
clip's features are its own. The table over the vocabulary is computed for answer tokens alone, never for the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medgrpo.core import ModelError
from medgrpo.models import Encoded, Patches, PositionRule, rope_positions
from medgrpo.policy.features import Features, FeatureStore, encoder_inputs, seen_by
from medgrpo.policy.policy import FAMILIES, Through, directly
from medgrpo.policy.recurrent import has_states, pack_states
from medgrpo.policy.samples_attention import SAMPLES


class Reader:
    """A network that reads whole samples. `store`: features of its frozen vision, where they are kept on disk.

    `through`: how a forward pass with gradients is run where the network lies in shares.
    """

    def __init__(
        self, network: Any, rule: PositionRule, half: bool, store: FeatureStore | None = None, through: Through = directly
    ) -> None:
        kind = network.config.model_type
        if kind not in FAMILIES:
            raise ModelError(f"{kind}: only {', '.join(FAMILIES)} can pack samples exactly")
        self.network = network
        self.store = store
        self._through = through
        self._rule: PositionRule = rule
        self._half = half
        vision = network.config.vision_config
        self._tokens_per_second = float(vision.tokens_per_second) if kind == "qwen2_5_vl" else None
        self._sees_with_gradients = any(weight.requires_grad for weight in network.model.visual.parameters())
        network.model.language_model.set_attn_implementation(SAMPLES)
        if has_states(network):
            pack_states(network.model.language_model)

    @property
    def device(self) -> torch.device:
        return self.network.device

    def losses(self, samples: Sequence[Encoded], blind: bool = False) -> list[Tensor]:
        """Per sample the negative log-probability of each token of its reply, (length,), float32 at least.

        `blind` blacks the clips out: zeros after scaling. ValueError for a sample without a reply.
        """
        if not samples or any(not len(sample.reply_ids) for sample in samples):
            raise ValueError("samples have a reply, and there is at least one")
        device = self.device
        lengths = [len(sample.token_ids) for sample in samples]
        ids = torch.from_numpy(np.concatenate([sample.token_ids for sample in samples])).to(device)
        places = [rope_positions(sample, self._tokens_per_second, self._rule) for sample in samples]
        positions = torch.from_numpy(np.concatenate(places, axis=1))[:, None].to(device)
        ends = np.cumsum(lengths)
        rows = [np.arange(end - len(sample.reply_ids), end) for sample, end in zip(samples, ends, strict=True)]
        said = torch.from_numpy(np.concatenate(rows)).to(device)

        def lost() -> tuple[Tensor, ...]:
            with torch.autocast(device.type, torch.bfloat16, enabled=self._half):
                clips = [clip for sample in samples for clip in sample.clips]
                seen = encoder_inputs(self._features(clips, blind), [clip.still for clip in clips]) if clips else {}
                hidden = self.network.model(
                    input_ids=ids[None], position_ids=positions, use_cache=False, sample_lengths=lengths, **seen
                ).last_hidden_state
                logits = self.network.lm_head(hidden[0, said - 1])  # what predicts a token: the one before
            logits = logits if logits.dtype == torch.float64 else logits.float()
            return (torch.nn.functional.cross_entropy(logits, ids[said], reduction="none"),)

        return list(self._through(lost)[0].split([len(own) for own in rows]))

    def _features(self, clips: Sequence[Patches], blind: bool) -> list[Features]:
        """In the order of `clips`; a clip that stands there twice is looked at once."""
        different = {clip.key: clip for clip in clips}
        found = dict(zip(different, self._looked(list(different.values()), blind), strict=True))
        return [found[clip.key] for clip in clips]

    def _looked(self, clips: Sequence[Patches], blind: bool) -> list[Features]:
        if self._sees_with_gradients or blind:
            return seen_by(self.network, clips, self.device, blind)
        with torch.no_grad():
            return [self._kept(clip) for clip in clips]

    def _kept(self, clip: Patches) -> Features:
        stored = None if self.store is None else self.store.read(clip, self.device)
        if stored is not None:
            return stored
        features = seen_by(self.network, [clip], self.device)[0]
        if self.store is not None:
            self.store.write(clip, features)
        return features
