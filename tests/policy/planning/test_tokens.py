"""Counted without reading pictures, equal to what is really encoded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgrpo.benchmark import clip_of
from medgrpo.core import InputError
from medgrpo.models import Request
from medgrpo.policy import read_questions
from medgrpo.policy.planning.geometry import find_geometry
from medgrpo.policy.planning.tokens import assumed_tokens, count_tokens
from medgrpo.policy.questions import pictures_of, sampling_of
from medgrpo.policy.recipe import DataSettings
from medgrpo.video import encode_png


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataSettings:
    """Clips of 1, 3 and 9 pictures (5 are taken), one with a region on a frame not chosen otherwise; one without its pictures."""
    folder = tmp_path_factory.mktemp("clips")
    rows: list[dict[str, Any]] = []
    for number, frames in enumerate((1, 3, 9, 9, 2)):
        names = [f"{number}_{frame}.png" for frame in range(frames)]
        for name in names if number != 4 else []:
            size = (70 + 40 * number, 90, 3)
            (folder / name).write_bytes(encode_png(np.full(size, 90, np.uint8)))
        row: dict[str, Any] = {"id": f"v{number}", "qa_type": "video_summary_gpt", "data_source": "CoPESD", "video": names}
        row["metadata"] = {"video_id": f"v{number}", "fps": "0.5", "input_video_start_frame": "0", "input_video_end_frame": "8"}
        row["conversations"] = [{"from": "human", "value": "<video>\nSay."}, {"from": "gpt", "value": "he lifts it" * (number + 1)}]
        if number == 3:
            row |= {"is_RC": True, "RC_info": {"start_frame": names[1], "start_frame_bbox": [5, 5, 40, 40]}}
        rows.append(row)
    (folder / "q.json").write_text(json.dumps(rows), encoding="utf-8")
    return DataSettings(questions=folder / "q.json", tasks=("video_summary",), most_frames=5, least_pixels=3136, most_pixels=9000)


def test_every_prompt_and_answer_has_the_tokens_of_the_real_one(tiny: Any, data: DataSettings) -> None:
    questions = read_questions(data.questions, data.tasks).kept
    g = find_geometry(str(tiny.folder))
    tokens = count_tokens(questions, data, tiny.encoder, g, 100)
    assert (sorted(tokens.counted), tokens.exact, tokens.left_out) == ([0, 1, 2, 3], True, {"its clip cannot be had": 1})
    for number, counted in tokens.counted.items():
        record = questions[number].record
        clip = clip_of(record, pictures_of(data), sampling_of(data, tiny.encoder.family.form.side_multiple))
        encoded = tiny.encoder.encode(Request("q", record.question, clip, 1))
        assert (counted.prompt, counted.visual) == (len(encoded.token_ids), encoded.clips[0].tokens)
        assert counted.grid == encoded.clips[0].grid_thw
        assert counted.reply == len(tiny.encoder.reply_ids(record.answer or ""))


def test_a_part_of_the_questions_is_said_to_be_one(tiny25: Any, data: DataSettings) -> None:
    questions = read_questions(data.questions, data.tasks).kept
    tokens = count_tokens(questions, data, tiny25.encoder, find_geometry(str(tiny25.folder)), 2)
    assert (sorted(tokens.counted), tokens.exact) == ([0, 2], False)
    assert tokens.how == "2 of 5 questions, the checkpoint's tokenizer"


def test_without_a_tokenizer_pads_are_exact_and_text_is_estimated(tiny25: Any, data: DataSettings) -> None:
    questions = read_questions(data.questions, data.tasks).kept
    g = find_geometry(str(tiny25.folder))
    exact, estimated = (count_tokens(questions, data, encoder, g, 100) for encoder in (tiny25.encoder, None))
    assert [row.visual for row in estimated.counted.values()] == [row.visual for row in exact.counted.values()]
    assert not estimated.exact
    assert "4 characters a token" in estimated.how


def test_without_questions_the_largest_clip_is_assumed() -> None:
    g = find_geometry("Qwen/Qwen2.5-VL-7B-Instruct")
    data = DataSettings(questions=Path("absent.json"), most_frames=768, most_pixels=48 * 28 * 28)
    one = assumed_tokens(data, g, 100).mean(2)
    assert one.visual == 384 * 48  # pairs of frames, 48 merged patches each
    assert one.patches == 384 * 48 * 4


def test_no_clip_at_all_is_an_error(tiny25: Any, data: DataSettings) -> None:
    questions = [one for one in read_questions(data.questions, data.tasks).kept if one.record.frames[0].startswith("4_")]
    with pytest.raises(InputError, match=r"no clip can be had, the first because .*4_0.png"):
        count_tokens(questions, data, tiny25.encoder, find_geometry(str(tiny25.folder)), 100)
