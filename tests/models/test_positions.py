"""M-RoPE positions: by hand, by the measured table, and against transformers where it is right."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from medgrpo.models import Encoded, Patches, VideoForm, VisionTokens, rope_positions

_VISION = VisionTokens(1, 2, 3, 4)
_FORM = VideoForm(patch_size=1, temporal_patch_size=2, merge_size=2, mean=(0, 0, 0), std=(1, 1, 1))


def _clip(grid: tuple[int, int, int], frames_per_second: float) -> Patches:
    frames, height, width = grid
    step = 2 / frames_per_second
    return Patches("k", np.zeros((frames * height * width, 6), np.uint8), grid, step, tuple(i * step for i in range(frames)), _FORM)


def _encoded(*clips: Patches, text: int = 3, runs_apart: bool = False) -> Encoded:
    """`text` words, a clip, `text` words, ...; `runs_apart` puts two words between temporal patches, as Qwen3-VL's times stand."""
    ids: list[int] = [9] * text
    for clip in clips:
        per_grid = clip.tokens // clip.grid_thw[0]
        for _ in range(clip.grid_thw[0]):
            ids += [4] * per_grid + ([9, 9] if runs_apart else [])
        ids += [9] * text
    token_ids = np.array(ids, np.int64)
    return Encoded(token_ids, np.where(token_ids == 4, 2, 0), clips, _VISION, len(ids))


def test_by_hand() -> None:
    encoded = _encoded(_clip((2, 4, 2), 2.0), text=2)  # 2 patches of time, 2 x 1 merged: 1 s apart, 2 positions per second
    assert rope_positions(encoded, 2.0, "side").tolist() == [
        [0, 1, 2, 2, 4, 4, 4, 5],
        [0, 1, 2, 3, 2, 3, 4, 5],
        [0, 1, 2, 2, 2, 2, 4, 5],
    ]
    assert rope_positions(encoded, 2.0, "maximum")[:, -2:].tolist() == [[5, 6]] * 3


@pytest.mark.parametrize(
    ("frames_per_second", "times"),
    [
        (4, [0, 1, 2, 3]),
        (3, [0, 1, 2, 4]),
        (2, [0, 2, 4, 6]),
        (1.5, [0, 2, 5, 8]),
        (1, [0, 4, 8, 12]),
        (0.5, [0, 8, 16, 24]),
        (0.25, [0, 16, 32, 48]),
        (0.2, [0, 20, 40, 60]),
        (0.1, [0, 40, 80, 120]),
    ],
)
def test_the_measured_table_of_intervals(frames_per_second: float, times: list[int]) -> None:
    positions = rope_positions(_encoded(_clip((4, 2, 2), frames_per_second), text=0), 2.0, "side")
    assert positions[0].tolist() == times


def test_where_the_text_goes_on_after_a_long_clip() -> None:
    encoded = _encoded(_clip((32, 8, 16), 0.5), text=4)
    first = 4 + 32 * 8 * 16 // 4
    assert rope_positions(encoded, 2.0, "side")[:, first].tolist() == [12] * 3
    assert rope_positions(encoded, 2.0, "maximum")[:, first].tolist() == [253] * 3


@pytest.mark.parametrize("frames_per_second", [0.1, 0.3, 1.5, 3, 7, 25, 30])
def test_equal_to_transformers_under_its_own_rule(frames_per_second: float) -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `models`")
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    network = transformers.models.qwen2_5_vl.modeling_qwen2_5_vl.Qwen2_5_VLModel
    encoded = _encoded(_clip((40, 4, 6), frames_per_second), _clip((3, 2, 8), 2.0))
    theirs, _ = network.get_rope_index(
        _with(network, tokens_per_second=2),
        torch.from_numpy(encoded.token_ids)[None],
        torch.from_numpy(encoded.type_ids)[None],
        video_grid_thw=torch.tensor([clip.grid_thw for clip in encoded.clips]),
        second_per_grid_ts=torch.tensor([clip.seconds_per_grid for clip in encoded.clips]),
    )
    assert theirs[:, 0].tolist() == rope_positions(encoded, 2.0, "side").tolist()


def test_equal_to_transformers_where_time_is_text_and_there_both_rules_agree() -> None:
    transformers = pytest.importorskip("transformers", reason="needs the extra `models`")
    torch = pytest.importorskip("torch", reason="needs the extra `models`")
    network = transformers.models.qwen3_vl.modeling_qwen3_vl.Qwen3VLModel
    encoded = _encoded(_clip((5, 4, 6), 1.0), _clip((2, 8, 2), 3.0), runs_apart=True)
    theirs, _ = network.get_rope_index(
        _with(network),
        torch.from_numpy(encoded.token_ids)[None],
        torch.from_numpy(encoded.type_ids)[None],
        video_grid_thw=torch.tensor([clip.grid_thw for clip in encoded.clips]),
    )
    ours = rope_positions(encoded, None, "maximum")
    assert theirs[:, 0].tolist() == ours.tolist() == rope_positions(encoded, None, "side").tolist()


def test_times_never_go_back() -> None:
    positions = rope_positions(_encoded(_clip((50, 2, 2), 29.97), text=0), 2.0, "maximum")[0].tolist()
    assert all(later >= earlier for earlier, later in pairwise(positions))


def _with(network: Any, **vision: Any) -> Any:
    """An object with just what transformers' method reads: no weights are made."""
    from types import SimpleNamespace

    config = SimpleNamespace(vision_config=SimpleNamespace(spatial_merge_size=2, **vision))
    made = SimpleNamespace(config=config)
    made.get_vision_position_ids = lambda *given, **named: network.get_vision_position_ids(made, *given, **named)
    return made
