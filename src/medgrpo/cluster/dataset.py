"""Our questions as verl's data set: drawn in the recipe's balance, clips by the recipe's sampling contract.

verl reads rows in order (`data.shuffle=False`), so that the order of the draws is the data set itself: row i is draw i of
`medgrpo.policy.Sampler`. A run that goes on goes on in it. Clips are read where verl asks for them, in its rollout workers; one
that cannot be read fails its question there, by name in verl's log, and verl draws another.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from medgrpo.benchmark import clip_of
from medgrpo.cluster.plugin import is_registered
from medgrpo.cluster.rows import Row, question_of, row_of
from medgrpo.core import InputError, ModelError
from medgrpo.policy import GrpoRecipe, Sampler, pictures_of, read_grpo_recipe, read_questions, sampling_of
from medgrpo.video import SampledClip

Video = tuple[Tensor, dict[str, Any]]


class QuestionDataset(Dataset[dict[str, Any]]):
    """verl's `data.custom_cls`. `data_files` is one recipe of `medgrpo train grpo`; what else verl hands over is not used.

    ModelError when this process lacks our plug-in, or the processor is none whose clips are read alike by vLLM and transformers;
    InputError for questions about single pictures, which would go as clips.
    """

    def __init__(self, data_files: str | Sequence[str], processor: Any = None, **_: Any) -> None:
        paths = [data_files] if isinstance(data_files, str) else list(data_files)
        if len(paths) != 1:
            raise InputError(f"data.train_files holds {len(paths)} files: give one recipe of `medgrpo train grpo`")
        if processor is None or not is_registered(processor):
            raise ModelError(
                "verl has no Qwen2.5-VL processor with medgrpo's positions: are medgrpo and torchvision installed where verl runs, "
                "is VERL_USE_EXTERNAL_PLUGINS not `none`, is the model a Qwen2.5-VL? Another would train on wrong positions"
            )
        self._path = Path(paths[0])
        recipe = read_grpo_recipe(self._path)
        questions = read_questions(recipe.data.questions, recipe.data.tasks)
        if stills := sum(question.record.still for question in questions.kept):
            raise InputError(
                f"{recipe.data.questions}: {stills} questions are about single pictures, and verl is handed clips alone here; "
                "leave them out, or train with `medgrpo train grpo`"
            )
        self.left_out = questions.left_out
        sampler = Sampler(questions.kept, recipe.data.balance, recipe.run.seed)
        self._rows = {question.example.key: row_of(question) for question in questions.kept}
        self._drawn = [sampler.draw().example for _ in range(recipe.run.steps * recipe.rollout.draws_per_step)]
        self._multiple = _side_multiple(processor)

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, place: int) -> dict[str, Any]:
        """What verl's rollout and reward read; the clip is named, not yet read."""
        example = self._drawn[place]
        row = self._rows[example.key]
        clip = {"type": "video", "video": {"recipe": str(self._path), "side_multiple": self._multiple, "row": copy.deepcopy(row)}}
        return {
            "raw_prompt": [{"role": "user", "content": [clip, {"type": "text", "text": example.question}]}],
            "data_source": example.source,
            "reward_model": {"style": "rule", "ground_truth": json.dumps(row, ensure_ascii=False)},
            "extra_info": {"index": place, "key": example.key, "task": example.task},
            "index": place,
            "tools_kwargs": {},
            "interaction_kwargs": {},
            "dummy_tensor": torch.tensor([0], dtype=torch.uint8),  # verl's batches need one tensor
        }

    @classmethod
    async def process_multi_modal_info(cls, messages: Sequence[dict[str, Any]], **_: Any) -> tuple[None, list[Video], None]:
        """The clips of a prompt, read in a thread: pictures (T, 3, H, W) as bytes, and what verl's processors are told of them."""
        named = [
            part["video"]
            for message in messages
            if isinstance(message["content"], list)
            for part in message["content"]
            if part["type"] == "video"
        ]
        return None, [await asyncio.to_thread(_clip, one["recipe"], one["side_multiple"], one["row"]) for one in named], None


def _clip(recipe_path: str, side_multiple: int, row: Row) -> Video:
    recipe: GrpoRecipe = read_grpo_recipe(Path(recipe_path))
    clip = clip_of(question_of(row).record, pictures_of(recipe.data), sampling_of(recipe.data, side_multiple))
    return pictures(clip)


def pictures(clip: SampledClip) -> Video:
    """Frames whose sides fit already (nothing is scaled again), and metadata from which the rate comes out exactly."""
    frames = torch.from_numpy(np.stack(clip.images)).permute(0, 3, 1, 2).contiguous()
    metadata = {
        "fps": float(clip.frames_per_second),
        "total_num_frames": len(clip.images),
        "frames_indices": list(range(len(clip.images))),
        "video_backend": "medgrpo",
    }
    return frames, metadata


def _side_multiple(processor: Any) -> int:
    """Pixels of a merged patch, as this processor has it."""
    cutter = processor.video_processor
    return int(cutter.patch_size) * int(cutter.merge_size)
