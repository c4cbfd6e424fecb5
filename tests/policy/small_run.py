"""A whole run of GRPO in seconds: three questions, noise for pictures, a reward that needs no weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medgrpo.policy import Finished, GrpoRecipe, train_grpo
from medgrpo.scoring import Remembering
from medgrpo.video import encode_png

_FRAMES = 4


class Letters:
    """An embedder without weights: how often each letter stands in a text; like a real one it depends a little on the batch."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        rows[:, 0] += 1e-4 * len(texts)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_questions(folder: Path) -> Path:
    """Three questions in MedVidBench's form, each with its own pictures, in `folder`/questions.json; the folder."""
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number in range(3):
        names: list[str] = []
        for frame in range(_FRAMES):
            name = f"{number}_{frame}.png"
            (folder / name).write_bytes(encode_png(random.integers(0, 255, (56, 56, 3), dtype=np.uint8)))
            names.append(name)
        rows.append(
            {
                "id": f"v{number}",
                "qa_type": "video_summary_gpt",
                "data_source": ["CoPESD", "CholecT50", "CoPESD"][number],
                "video": names,
                "metadata": {
                    "video_id": f"v{number}",
                    "fps": "0.5",
                    "input_video_start_frame": "0",
                    "input_video_end_frame": "8",
                },
                "conversations": [
                    {"from": "human", "value": "<video>\nSay."},
                    {"from": "gpt", "value": ["ace", "dog", "he"][number]},
                ],
            }
        )
    (folder / "questions.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def small_recipe(checkpoint: Path, folder: Path, questions: str = "questions.json", **changes: Mapping[str, Any]) -> GrpoRecipe:
    """Four steps over the questions of `folder`; `changes` by table."""
    tables: dict[str, Mapping[str, Any]] = {
        "model": {"checkpoint": str(checkpoint)},
        "data": {"questions": str(folder / questions), "tasks": ["video_summary"], "least_pixels": 3136, "most_pixels": 3136},
        "rewards": {"normaliser": "none", "captions": {"similarity": 1.0}},
        "rollout": {"group_size": 3, "prompts_per_step": 2, "draws_per_step": 4, "most_new_tokens": 8},
        "update": {"learning_rate": 1e-3, "mask_overlong": False, "warmup_steps": 3},
        "run": {"steps": 4, "checkpoint_every": 2},
        "stop": {"most_overlong": False, "window": 2},
        "held_out": {},
    }
    for table, values in changes.items():
        tables[table] = {**tables[table], **values}
    return GrpoRecipe.model_validate(tables)


def quiet(title: str, done: int, total: int) -> None:
    del title, done, total


def never() -> bool:
    return False


def run(
    recipe: GrpoRecipe, out: Path, progress: Callable[[str, int, int], None] = quiet, stop: Callable[[], bool] = never
) -> Finished:
    return train_grpo(recipe, out, progress, stop, Remembering(Letters()))


def lines(out: Path, name: str = "metrics.jsonl") -> list[dict[str, Any]]:
    """What a run wrote, without the seconds."""
    told = [json.loads(line) for line in (out / name).read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in told]
