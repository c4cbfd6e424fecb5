"""A recipe with its questions and drawn frames, all small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `models`")
pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.video import encode_png

_RECIPE = """
[model]
checkpoint = "Qwen/Qwen2.5-VL-7B-Instruct"
compute = "bfloat16"
[data]
questions = "questions.json"
tasks = ["temporal_grounding", "next_action"]
balance = 0.0
[rewards]
calibration = "calibration.json"
[rollout]
prompts_per_step = 2
draws_per_step = 4
[update]
mask_overlong = false
[run]
steps = 3
"""


def row(index: int, qa_type: str, question: str, answer: str, struc_info: object) -> dict[str, object]:
    return {
        "id": f"clip{index}",
        "qa_type": qa_type,
        "data_source": "AVOS",
        "dataset_name": "AVOS",
        "video": [f"frames/{place}.png" for place in range(4)],
        "sampled_video_frames": [0, 1, 2, 3],
        "metadata": {"video_id": "v", "fps": "0.5", "input_video_start_time": "0", "input_video_end_time": "8"},
        "conversations": [{"from": "human", "value": f"<video>\n{question}"}, {"from": "gpt", "value": answer}],
        "struc_info": struc_info,
        "is_RC": False,
        "RC_info": None,
    }


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "frames").mkdir()
    for place in range(4):
        (tmp_path / "frames" / f"{place}.png").write_bytes(encode_png(np.full((60, 90, 3), 40 * place, np.uint8)))
    rows = [
        row(0, "tal", "When is tissue cut?", "2.0-6.0 seconds.", [{"spans": [{"start": 2.0, "end": 6.0}]}]),
        row(1, "tal", "When is tissue tied?", "0.0-2.0 seconds.", [{"spans": [{"start": 0.0, "end": 2.0}]}]),
        row(2, "next_action", "What follows?", "cutting", None),
    ]
    (tmp_path / "questions.json").write_text(json.dumps(rows))
    statistics = [
        {"source": "AVOS", "task": task, "part": "score", "n": 9, "p25": 0.1, "p50": 0.3, "p75": 0.5}
        for task in ("temporal_grounding", "next_action")
    ]
    (tmp_path / "calibration.json").write_text(json.dumps({"checkpoint": "start", "statistics": statistics}))
    path = tmp_path / "recipe.toml"
    path.write_text(_RECIPE)
    return path
