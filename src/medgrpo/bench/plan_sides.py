"""The three recipes of `bench plan`, their models and questions, and how a run's resident size is taken. Torch is imported here."""

# transformers leaves many of its own types open
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, AutoModelForImageTextToText
from transformers.utils.logging import disable_progress_bar

from medgrpo.bench.plan import PlanSide
from medgrpo.core import ModelError
from medgrpo.models import TinyKind, build_tiny
from medgrpo.policy import Asked, GrpoRecipe, Plan, SftRecipe, make_plan, observe
from medgrpo.video import encode_png

_WIDTH, _INNER, _VISION, _VISION_INNER, _LAYERS, _HEADS = 128, 352, 64, 176, 4, 4
_ANSWER = 40
_WHOLE = "whole process, beyond a toy's"
_GIVES_BACK = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""glibc keeps what was freed, for each thread apart, and sampling has a thread of its own: left alone, the resident size is that
of what each ever held, not of what is held."""
_ANSWERS = ("the grasper lifts the gallbladder", "cut", "a clip is set on the artery", "suction")


class Letters:
    """A sentence model without weights: how often each letter stands in a text."""

    name = "letters"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, 26), of length 1."""
        rows = np.array([[1 + text.count(chr(97 + place)) for place in range(26)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def small_model(kind: TinyKind, folder: Path, scale: int) -> None:
    """A checkpoint of 4 layers and 4 blocks, its widths times `scale`, random weights."""
    disable_progress_bar()
    build_tiny(kind, folder)
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    text, vision = config["text_config"], config["vision_config"]
    width = _WIDTH * scale
    half = width // _HEADS // 2
    text |= {
        "hidden_size": width, "intermediate_size": _INNER * scale, "num_hidden_layers": _LAYERS, "num_attention_heads": _HEADS,
        "num_key_value_heads": 2,
    }  # fmt: skip
    vision |= {
        "hidden_size": _VISION * scale, "intermediate_size": _VISION_INNER * scale, "num_heads": 4, "depth": _LAYERS,
        "out_hidden_size": width,
    }  # fmt: skip
    if kind == "qwen3.5":
        text["layer_types"] = ["linear_attention"] * 3 + ["full_attention"]
        text |= {"head_dim": width // _HEADS, "linear_num_key_heads": 2, "linear_num_value_heads": 4}
        text |= {"linear_key_head_dim": width // _HEADS, "linear_value_head_dim": width // _HEADS}
        turned = half // 4
        text["rope_parameters"]["mrope_section"] = [turned - 2 * (turned // 4), turned // 4, turned // 4]
    else:
        text["layer_types"] = ["full_attention"] * _LAYERS
        text["rope_parameters"]["mrope_section"] = [half // 2, half // 4, half - half // 2 - half // 4]
    if kind == "qwen2.5-vl":
        vision["fullatt_block_indexes"] = [1, 3]
    else:
        text["head_dim"] = width // _HEADS
    file.write_text(json.dumps(config), encoding="utf-8")
    torch.manual_seed(0)
    network = AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    network.save_pretrained(folder)


def small_questions(folder: Path, clips: int = 4) -> Path:
    """Answered questions about clips of 8 to 14 noise pictures of 224 x 168."""
    folder.mkdir()
    random = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for number in range(clips):
        names = [f"{number}_{frame}.png" for frame in range(8 + 2 * (number % 4))]
        for name in names:
            picture = np.kron(random.integers(0, 255, (6, 8, 3), dtype=np.uint8), np.ones((28, 28, 1), np.uint8))
            (folder / name).write_bytes(encode_png(picture))
        clip = {"video_id": f"v{number}", "fps": "1", "input_video_start_frame": "0", "input_video_end_frame": str(len(names))}
        said = [{"from": "human", "value": "<video>\nSay what is done here."}, {"from": "gpt", "value": _ANSWERS[number % 4]}]
        row = {"id": f"v{number}", "qa_type": "video_summary_gpt", "data_source": "CoPESD", "video": names, "metadata": clip}
        rows.append(row | {"conversations": said})
    file = folder / "questions.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


def recipes(folder: Path, questions: Path, steps: int) -> Mapping[str, GrpoRecipe | SftRecipe]:
    """Fine-tuning of everything; GRPO with frozen vision; GRPO of adapters with checkpointed activations."""
    data = {"questions": questions, "tasks": ["video_summary"], "most_frames": 64, "least_pixels": 3136, "most_pixels": 37632}
    rewards = {"normaliser": "none", "captions": {"similarity": 1.0}}
    rollout = {"group_size": 4, "prompts_per_step": 2, "draws_per_step": 2, "most_new_tokens": _ANSWER}
    rules = ("least_entropy", "most_overlong", "most_unreadable", "most_zero_spread", "most_drift")
    never = dict.fromkeys(rules, False)

    def grpo(model: Mapping[str, Any]) -> GrpoRecipe:
        tables = {
            "model": model, "data": data, "rewards": rewards, "rollout": rollout, "update": {"mask_overlong": False},
            "stop": never, "run": {"steps": steps, "checkpoint_every": 1000, "samples_per_step": 0},
        }  # fmt: skip
        return GrpoRecipe.model_validate(tables)

    first, second = str(folder / "qwen2.5-vl"), str(folder / "qwen3-vl")
    sft = {
        "model": {"checkpoint": first, "frozen": ()},
        "data": data | {"balance": 1.0},
        "batch": {"samples_per_step": 4, "most_packed_tokens": 2048},
        "run": {"epochs": steps, "checkpoint_every": 1000},
    }
    return {
        "fine-tuning, everything, qwen2.5-vl": SftRecipe.model_validate(sft),
        "GRPO, frozen vision, qwen3-vl": grpo({"checkpoint": second, "frozen": ["vision"]}),
        "GRPO, adapters, checkpointed, qwen2.5-vl": grpo(
            {"checkpoint": first, "frozen": ["vision", "head"], "lora_rank": 8, "gradient_checkpointing": True}
        ),
    }


def compare_all(folder: Path, steps: int, scale: int, resident: bool) -> list[PlanSide]:
    """One after the other, on one thread, seconds of processor time."""
    for kind in ("qwen2.5-vl", "qwen3-vl"):
        small_model(cast("TinyKind", kind), folder / kind, scale)
        build_tiny(cast("TinyKind", kind), folder / f"{kind} toy")
    questions = small_questions(folder / "data")
    return [compare(name, recipe, folder, resident) for name, recipe in recipes(folder, questions, steps).items()]


def compare(name: str, recipe: GrpoRecipe | SftRecipe, folder: Path, resident: bool) -> PlanSide:
    """Plan, run, and where it is asked for the run once more in a process of its own for its resident size."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        plan = make_plan(recipe, Asked(answer_tokens=_ANSWER), time.process_time)
        found = observe(recipe, folder / f"run {name}", Letters(), time.process_time)
    finally:
        torch.set_num_threads(before)
    held = {part.name: part.held_bytes for part in plan.parts}
    kept = ("update: kept for backward, vision", "update: kept for backward, language", "update: features of the clips")
    tables = held["update: tables over the vocabulary"]
    planned = {
        "weights": held["weights"],
        "gradients": held["gradients"],
        "optimiser": held["optimiser (AdamW's two moments)"],
        "update, at most": sum(part.held_bytes for part in plan.parts if part.phase == "update"),
    }
    if resident:
        planned[_WHOLE] = plan.peak_bytes - make_plan(_toy(recipe), Asked(measure=False)).peak_bytes
    if not recipe.model.gradient_checkpointing:
        planned["kept for backward"] = sum(held.get(part, 0) for part in kept) + tables // (4 if plan.kind == "grpo" else 3)
    seen = {
        "weights": found.weights_bytes,
        "gradients": found.gradients_bytes,
        "optimiser": found.optimiser_bytes,
        "update, at most": found.peak_bytes,
        "kept for backward": found.kept_bytes,
    }
    if resident:
        toy = resident_growth(_toy(recipe), folder / f"toy {name}")
        seen[_WHOLE] = resident_growth(recipe, folder / f"resident {name}") - toy
    return PlanSide(
        recipe=name,
        parameters=sum(plan.geometry.parameters().values()),
        prompts=len(found.prompts),
        longest_prompt=max(found.prompts),
        tokens_equal=_equal(plan, found.prompts, found.steps),
        planned_bytes=planned,
        found_bytes={part: seen[part] for part in planned},
        planned_seconds=plan.step_seconds or float("nan"),
        found_seconds=found.step_seconds,
    )


def _toy(recipe: GrpoRecipe | SftRecipe) -> GrpoRecipe | SftRecipe:
    """The same with a network of two narrow layers: what its process takes is the libraries' own."""
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"checkpoint": f"{recipe.model.checkpoint} toy"})})


def _equal(plan: Plan, prompts: Sequence[int], steps: Sequence[int]) -> bool:
    planned = [plan.tokens.counted[number].prompt for number in range(len(prompts))]
    return planned == list(prompts) and (plan.sft is None or list(plan.sft.tokens) == list(steps))


def resident_growth(recipe: GrpoRecipe | SftRecipe, out: Path) -> int:
    """Bytes by which the largest resident size of a process exceeds what it was with the libraries and without a model."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_resident, args=(theirs, recipe, out))
    before = {name: os.environ.get(name) for name in _GIVES_BACK}
    os.environ |= _GIVES_BACK
    try:
        process.start()
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            os.environ |= {} if value is None else {name: value}
    theirs.close()  # so that the end of the process is the end of the connection
    try:
        grown: int = ours.recv()
    except EOFError as error:
        process.join()
        raise ModelError(f"the run for the resident size ended with code {process.exitcode}") from error
    process.join()
    return grown


def _resident(answer: Connection, recipe: GrpoRecipe | SftRecipe, out: Path) -> None:
    disable_progress_bar()
    torch.set_num_threads(1)
    before = _status("VmRSS")
    observe(recipe, out, Letters(), time.process_time, memory=False)
    answer.send(_status("VmHWM") - before)


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
