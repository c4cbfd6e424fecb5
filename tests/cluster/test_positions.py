"""Positions under verl are those of `train grpo`; a clip without its interval is an error, never another frame rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

from transformers import AutoConfig  # noqa: E402
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel  # noqa: E402

from medgrpo.cluster.positions import OwnRopeIndex, install, interval_inputs, rope_index  # noqa: E402
from medgrpo.core import ModelError  # noqa: E402
from medgrpo.models import Encoded, Request, build_tiny, open_encoder, rope_positions  # noqa: E402
from medgrpo.video import SampledClip  # noqa: E402


class _Asked:
    def __init__(self, folder: Path, rate: float) -> None:
        self.config = AutoConfig.from_pretrained(folder)
        encoder = open_encoder(str(folder))
        side = encoder.family.form.side_multiple
        pictures = tuple(np.full((2 * side, 3 * side, 3), shade, np.uint8) for shade in range(8))
        seconds = tuple(place / rate for place in range(8))
        clip = SampledClip.of(pictures, seconds, Fraction(rate), 84, 56)
        self.encoded: Encoded = encoder.encode(Request("q", "When?", clip, 16))
        self.rate = float(self.config.vision_config.tokens_per_second)
        self.inputs: dict[str, Any] = {
            "input_ids": torch.from_numpy(self.encoded.token_ids.copy())[None],
            "video_grid_thw": torch.tensor([self.encoded.clips[0].grid_thw]),
            "second_per_grid_ts": [self.encoded.clips[0].seconds_per_grid],
        }


@pytest.fixture(scope="module", params=[0.5, 2.0, 3.0], ids=lambda rate: f"{rate} fps")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> _Asked:
    return _Asked(build_tiny("qwen2.5-vl", tmp_path_factory.mktemp("tiny") / "model"), request.param)


@pytest.mark.parametrize("rule", ["maximum", "side"])
def test_equal_to_those_of_the_loop(asked: _Asked, rule: Any) -> None:
    positions, offsets = rope_index(asked.config, rule, **asked.inputs)
    expected = torch.from_numpy(rope_positions(asked.encoded, asked.rate, rule).copy())
    assert torch.equal(positions[:, 0], expected)
    assert int(offsets) == int(expected.max()) + 1 - expected.shape[1]


def test_left_padding_moves_nothing(asked: _Asked) -> None:
    bare, _ = rope_index(asked.config, "maximum", **asked.inputs)
    ids = torch.cat([torch.zeros(1, 5, dtype=torch.long), asked.inputs["input_ids"]], 1)
    mask = torch.ones_like(ids)
    mask[0, :5] = 0
    padded, _ = rope_index(asked.config, "maximum", **{**asked.inputs, "input_ids": ids}, attention_mask=mask)
    assert torch.equal(padded[:, :, 5:], bare)
    assert torch.equal(padded[:, :, :5], torch.ones(3, 1, 5, dtype=torch.long))


def test_the_rule_side_is_transformers_own(asked: _Asked) -> None:
    if asked.encoded.clips[0].seconds_per_grid % 1 and int(transformers.__version__.split(".")[1]) < 11:
        pytest.skip("transformers of that age cuts the seconds before the product (hf#48669)")
    ids = asked.inputs["input_ids"]
    kinds = torch.from_numpy(asked.encoded.type_ids.copy())[None]
    model = SimpleNamespace(config=asked.config)
    model.get_vision_position_ids = Qwen2_5_VLModel.get_vision_position_ids.__get__(model)
    theirs, _ = Qwen2_5_VLModel.get_rope_index(
        model,  # pyright: ignore
        ids,
        kinds,
        video_grid_thw=asked.inputs["video_grid_thw"],
        second_per_grid_ts=asked.inputs["second_per_grid_ts"],
        attention_mask=torch.ones_like(ids),
    )
    ours, _ = rope_index(asked.config, "side", **asked.inputs)
    assert torch.equal(ours, theirs)


def test_a_clip_without_its_interval_is_refused(asked: _Asked) -> None:
    del (told := dict(asked.inputs))["second_per_grid_ts"]
    with pytest.raises(ModelError, match="second_per_grid_ts"):
        rope_index(asked.config, "maximum", **told)
    with pytest.raises(ModelError, match="second_per_grid_ts"):
        interval_inputs({"video_grid_thw": told["video_grid_thw"]})
    assert interval_inputs({"video_grid_thw": 1, "second_per_grid_ts": [0.4]}) == {"second_per_grid_ts": [0.4]}
    assert interval_inputs({}) == {}


def test_a_prompt_that_was_cut_inside_a_clip_is_refused(asked: _Asked) -> None:
    first = int((asked.inputs["input_ids"][0] == asked.config.video_token_id).nonzero()[0])
    with pytest.raises(ModelError, match="cut inside a clip"):
        rope_index(asked.config, "maximum", **{**asked.inputs, "input_ids": asked.inputs["input_ids"][:, : first + 1]})
    with pytest.raises(ModelError, match="more than the prompt"):
        rope_index(asked.config, "maximum", **{**asked.inputs, "input_ids": asked.inputs["input_ids"][:, :first]})


def test_ours_stays_when_verl_writes_its_own(asked: _Asked) -> None:
    class Processor:
        config = asked.config

    install(Processor, "maximum")
    processor: Any = Processor()
    processor.get_rope_index = None  # as verl binds transformers' function
    positions, _ = processor.get_rope_index(**asked.inputs)
    assert torch.equal(positions, rope_index(asked.config, "maximum", **asked.inputs)[0])
    assert isinstance(vars(Processor)["get_rope_index"], OwnRopeIndex)
