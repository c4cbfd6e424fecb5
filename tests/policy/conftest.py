"""A tiny network of each real class, an encoded clip, and the plain way of computing everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.models import Encoded, Encoder, PositionRule, Request, build_tiny, open_encoder  # noqa: E402
from medgrpo.policy import Policy, Prompt  # noqa: E402
from medgrpo.video import SampledClip  # noqa: E402


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class Tiny:
    folder: Path
    encoder: Encoder
    network: Any

    def encoded(self, frames_per_second: float = 0.5, frames: int = 8, seed: int = 0) -> Encoded:
        side = self.encoder.family.form.side_multiple
        height, width = 2 * side, 3 * side
        random = np.random.default_rng(seed)
        clip = SampledClip(
            f"clip{seed}",
            tuple(random.integers(0, 255, (height, width, 3), dtype=np.uint8) for _ in range(frames)),
            tuple(index / frames_per_second for index in range(frames)),
            Fraction(frames_per_second),
            width,
            height,
        )
        return self.encoder.encode(Request(f"q{seed}", "When?", clip, 16))

    def policy(self, rule: PositionRule = "maximum", **options: Any) -> Policy:
        return Policy(self.network, self.encoder.vision.all, [self.encoder.end_of_turn], rule, **options)

    def plain(self, policy: Policy, prompt: Prompt, answer: Any) -> Any:
        """Log-probabilities of one answer by transformers' own forward over [prompt, answer], nothing shared."""
        place = torch.arange(len(answer)) + prompt.next_position
        logits = self.network(
            input_ids=torch.cat([prompt.token_ids, answer[None]], 1),
            position_ids=torch.cat([prompt.positions, place.expand(3, 1, -1)], 2),
            pixel_values_videos=prompt.pixels,
            video_grid_thw=prompt.grid,
        ).logits[0, prompt.tokens - 1 : -1]
        return policy_table(logits, policy.temperature, self.encoder.vision.all).gather(1, answer[:, None])[:, 0]


def policy_table(logits: Any, temperature: float, banned: Sequence[int]) -> Any:
    allowed = torch.ones(logits.shape[1], dtype=torch.bool)
    allowed[list(banned)] = False
    scaled = logits / temperature
    return torch.where(allowed, scaled - torch.logsumexp(scaled[:, allowed], 1, keepdim=True), -torch.inf)


@pytest.fixture(scope="session", params=["qwen2.5-vl", "qwen3-vl"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(request.param, tmp_path_factory.mktemp("tiny") / request.param)


@pytest.fixture(scope="session")
def tiny25(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny("qwen2.5-vl", tmp_path_factory.mktemp("tiny") / "one")


def make_tiny(kind: Any, folder: Path) -> Tiny:
    build_tiny(kind, folder)
    transformers.utils.logging.disable_progress_bar()
    network = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        for parameter in network.parameters():  # sharper than noise, so that a wrong mask or position shows
            parameter.mul_(3 if parameter.ndim > 1 else 1)
    return Tiny(folder, open_encoder(str(folder)), network)
