"""Against the installed verl, as far as it runs without a GPU: its own functions, fed as its trainer feeds them."""

from __future__ import annotations

import asyncio
import json
import math
import shlex
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

warnings.simplefilter("ignore")  # while verl is imported: it and what it brings warn of much
pytest.importorskip("verl", reason="verl is not installed: it needs an environment of its own, pip install 'medgrpo[verl]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # verl and what it brings warn of much

import torch  # noqa: E402
from hydra import compose, initialize_config_module  # noqa: E402
from omegaconf import OmegaConf  # noqa: E402
from transformers import AutoConfig, AutoModelForImageTextToText  # noqa: E402
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor  # noqa: E402
from verl import DataProto  # noqa: E402
from verl.experimental.agent_loop.agent_loop import AgentLoopWorker  # noqa: E402
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager  # noqa: E402
from verl.trainer.ppo import core_algos  # noqa: E402
from verl.trainer.ppo.ray_trainer import compute_advantage  # noqa: E402
from verl.trainer.ppo.reward import get_custom_reward_fn  # noqa: E402
from verl.trainer.ppo.utils import create_rl_dataset, create_rl_sampler, need_critic, need_reference_policy  # noqa: E402
from verl.utils import hf_processor  # noqa: E402
from verl.utils.config import omega_conf_to_dataclass, validate_config  # noqa: E402
from verl.utils.dataset.rl_dataset import collate_fn  # noqa: E402

from medgrpo.benchmark import clip_of  # noqa: E402
from medgrpo.cluster import JudgeChoice, Nodes, launch_arguments  # noqa: E402
from medgrpo.cluster.plugin import is_registered  # noqa: E402
from medgrpo.cluster.rows import question_of, row_of  # noqa: E402
from medgrpo.core import ModelError  # noqa: E402
from medgrpo.models import Request, build_tiny, open_encoder, rope_positions  # noqa: E402
from medgrpo.policy import (  # noqa: E402
    GrpoRecipe,
    Policy,
    Sampler,
    answer_loss,
    pictures_of,
    read_grpo_recipe,
    read_questions,
    sampling_of,
    token_weights,
)
from medgrpo.reward import (  # noqa: E402
    Calibration,
    Parts,
    batch_advantages,
    group_rewards,
    read_calibration,
)


def _config(path: Path, recipe: GrpoRecipe, judge: str = "") -> Any:
    arguments = launch_arguments(path, recipe, path.parent / "out", Nodes(2, 8), JudgeChoice(judge))
    with initialize_config_module("verl.trainer.config", version_base=None):
        return compose("ppo_trainer", overrides=arguments)


@pytest.fixture
def config(recipe: Path) -> Any:
    return _config(recipe, read_grpo_recipe(recipe))


@pytest.fixture
def processor(tmp_path: Path) -> Any:
    """A real processor without its video part, which needs torchvision (its CPU build cannot be had here)."""
    folder = build_tiny("qwen2.5-vl", tmp_path / "tiny")
    made: Any = object.__new__(Qwen2_5_VLProcessor)
    made.config = AutoConfig.from_pretrained(folder)
    made.video_processor = SimpleNamespace(patch_size=14, merge_size=2)
    made.video_token = "<|video_pad|>"
    made.video_token_id = made.config.video_token_id
    made.image_token_id = made.config.image_token_id
    made.folder = folder
    return made


@pytest.fixture
def whole_processor(tmp_path: Path) -> Any:
    """verl's own opening of a processor."""
    pytest.importorskip("torchvision", reason="torchvision is not installed (docs/method.md says how)")
    folder = build_tiny("qwen2.5-vl", tmp_path / "tiny")
    made = hf_processor(str(folder))
    assert made is not None
    made.folder = folder
    return made


def test_importing_verl_registers_us_in_every_process() -> None:
    asked = (
        "import verl\nfrom verl.trainer.ppo import core_algos as c\n"
        "print(sorted(n for n in c.ADV_ESTIMATOR_REGISTRY if n.startswith('medgrpo')))"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said.strip().splitlines()[-1] == "['medgrpo_batch', 'medgrpo_group', 'medgrpo_none']"


@pytest.mark.parametrize("name", ["qwen2.5-vl-7b-verl"])
def test_every_argument_is_one_that_verl_knows_and_its_own_checks_pass(name: str) -> None:
    path = Path(__file__).parents[2] / "recipes" / f"{name}.toml"
    made = _config(path, read_grpo_recipe(path), "offline")
    validate_config(made, use_reference_policy=need_reference_policy(made), use_critic=need_critic(made))
    assert not need_critic(made)
    actor = omega_conf_to_dataclass(made.actor_rollout_ref.actor)
    assert (actor.optim.lr, actor.clip_ratio_high, actor.optim.lr_scheduler_type) == (5e-7, 0.3, "constant")
    assert omega_conf_to_dataclass(made.algorithm).adv_estimator == "medgrpo_group"
    assert OmegaConf.to_container(made.reward.custom_reward_function.reward_kwargs)["judge"] == "offline"
    assert made.ray_kwargs.ray_init.runtime_env.env_vars.MEDGRPO_POSITION_RULE == "maximum"


def test_the_printed_command_is_read_back_by_a_shell(recipe: Path, config: Any) -> None:
    arguments = launch_arguments(recipe, read_grpo_recipe(recipe), recipe.parent / "out", Nodes(2, 8), JudgeChoice())
    with initialize_config_module("verl.trainer.config", version_base=None):
        again = compose("ppo_trainer", overrides=shlex.split(shlex.join(arguments)))
    assert again == config


def _step(rewards: list[list[float]], seed: int = 0) -> tuple[Any, list[int]]:
    """A step's answers as verl's trainer holds them, in an order of its own; and where each came from."""
    flat = [(group, value) for group, values in enumerate(rewards) for value in values]
    order = np.random.default_rng(seed).permutation(len(flat)).tolist()
    lengths = [1 + place % 5 for place in order]
    mask = (torch.arange(5)[None] < torch.tensor(lengths)[:, None]).long()
    token_rewards = torch.zeros(len(flat), 5)
    for row, place in enumerate(order):
        token_rewards[row, lengths[row] - 1] = flat[place][1]
    data = DataProto.from_dict(
        tensors={"token_level_rewards": token_rewards, "response_mask": mask},
        non_tensors={"uid": np.array([f"u{flat[place][0]}" for place in order], dtype=object)},
    )
    return data, order


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_advantages_through_verls_trainer_equal_ours(scale: Any) -> None:
    rewards = np.random.default_rng(1).random((6, 8)).tolist()
    rewards[2] = [0.25] * 8  # no spread
    data, order = _step(rewards)
    done = compute_advantage(data, adv_estimator=f"medgrpo_{scale}", config=OmegaConf.create({}))
    expected = [value for group in batch_advantages(rewards, scale) for value in group]
    for row, place in enumerate(order):
        length = int(done.batch["response_mask"][row].sum())
        own = torch.full((length,), expected[place])
        torch.testing.assert_close(done.batch["advantages"][row, :length], own, rtol=1e-5, atol=1e-6)
        assert not done.batch["advantages"][row, length:].any()


def test_verls_own_estimator_differs_by_a_constant_alone_where_all_is_scored() -> None:
    """Its deviation is that of a sample (n - 1) and 1e-6 is added; ours is the population's."""
    data, _ = _step(np.random.default_rng(2).random((4, 8)).tolist())
    ours = compute_advantage(data, adv_estimator="medgrpo_group", config=OmegaConf.create({})).batch["advantages"].clone()
    theirs = compute_advantage(data, adv_estimator="grpo", config=OmegaConf.create({})).batch["advantages"]
    torch.testing.assert_close(theirs, ours * math.sqrt(7 / 8), rtol=1e-4, atol=1e-5)


def test_one_unscored_answer_costs_verls_own_estimator_its_group_and_ours_nothing() -> None:
    rewards = [[1.0, 0.0, float("nan")], [0.2, 0.4, 0.6]]
    data, order = _step(rewards)
    theirs = compute_advantage(data, adv_estimator="grpo", config=OmegaConf.create({})).batch["advantages"]
    lost = [row for row, place in enumerate(order) if place < 3]
    assert theirs[lost].isnan().any(dim=1).all()
    ours = compute_advantage(data, adv_estimator="medgrpo_group", config=OmegaConf.create({})).batch["advantages"]
    found = {place: float(ours[row, 0]) for row, place in enumerate(order)}
    assert [found[place] for place in range(3)] == [1.0, -1.0, 0.0]


@pytest.mark.parametrize("kind", ["dapo", "grpo", "dr_grpo", "gspo"])
def test_the_loss_that_is_asked_of_verl_is_ours(recipe: Path, kind: Any) -> None:
    recipe.write_text(recipe.read_text().replace("[update]", f'[update]\nloss = "{kind}"'))
    made = omega_conf_to_dataclass(_config(recipe, read_grpo_recipe(recipe)).actor_rollout_ref.actor)
    generator = torch.Generator().manual_seed(3)
    lengths, most = [3, 7, 5, 1], 256
    mask = (torch.arange(7)[None] < torch.tensor(lengths)[:, None]).float()
    old = -torch.rand(4, 7, generator=generator)
    new = (old + 0.3 * torch.randn(4, 7, generator=generator)).requires_grad_()
    advantages = torch.tensor([1.2, -0.7, 0.4, -2.0])
    made.global_batch_info.update(  # as verl's ppo_loss does
        dp_size=1, batch_num_tokens=sum(lengths), global_batch_size=len(lengths), loss_scale_factor=made.loss_scale_factor
    )
    loss = core_algos.get_policy_loss_fn(made.policy_loss.loss_mode)
    theirs, *_ = loss(
        old_log_prob=old,
        log_prob=new,
        advantages=advantages[:, None].expand_as(mask),
        response_mask=mask,
        loss_agg_mode=made.loss_agg_mode,
        config=made,
    )
    theirs.backward()
    gradient, new.grad = new.grad, None
    weights = token_weights(kind, lengths, most)
    ours = sum(
        answer_loss(kind, new[row, :length], float(advantages[row]), weights[row], old[row, :length], (0.2, 0.3))
        for row, length in enumerate(lengths)
    )
    assert isinstance(ours, torch.Tensor)
    ours.backward()
    torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient, new.grad, rtol=1e-5, atol=1e-7)


def test_rewards_through_verls_reward_manager_equal_ours(recipe: Path, config: Any) -> None:
    tokenizer = open_encoder(str(build_tiny("qwen2.5-vl", recipe.parent / "tiny"))).tokenizer
    (question, *_) = read_questions(recipe.parent / "questions.json", ["temporal_grounding"]).kept
    function = get_custom_reward_fn(config)
    assert function is not None
    rows = [
        _one_answer(tokenizer, reply, json.dumps(row_of(question))) for reply in ("4.0-6.0 seconds.", "2.0-6.0 seconds.", "never")
    ]

    async def managed() -> list[dict[str, Any]]:
        manager = NaiveRewardManager(config, tokenizer, function)
        return [await manager.run_single(one) for one in rows]

    told = asyncio.run(managed())
    calibration: Calibration = read_calibration(recipe.parent / "calibration.json")
    parts = [Parts({"score": 0.5}), Parts({"score": 1.0}), Parts({"score": 0.0}, 0.0)]
    expected = group_rewards("AVOS", "temporal_grounding", parts, calibration=calibration)
    assert [one["reward_score"] for one in told] == pytest.approx(expected)
    assert [one["reward_extra_info"]["readable"] for one in told] == [1, 1, 0]


def _one_answer(tokenizer: Any, reply: str, row: str) -> Any:
    ids = torch.tensor([tokenizer(reply)["input_ids"]])
    return DataProto.from_dict(
        tensors={"responses": ids, "attention_mask": torch.ones_like(ids)},
        non_tensors={
            "data_source": np.array(["AVOS"], dtype=object),
            "reward_model": np.array([{"ground_truth": row}], dtype=object),
            "extra_info": np.array([{"key": "AVOS:0"}], dtype=object),
        },
    )


def test_verl_reads_our_questions_in_the_order_of_our_draws(recipe: Path, config: Any, processor: Any) -> None:
    dataset = create_rl_dataset(config.data.train_files, config.data, None, processor)
    settings = read_grpo_recipe(recipe)
    sampler = Sampler(read_questions(settings.data.questions, settings.data.tasks).kept, settings.data.balance, settings.run.seed)
    drawn = [sampler.draw().example.key for _ in range(12)]
    batch = collate_fn([dataset[place] for place in create_rl_sampler(config.data, dataset)])
    assert [one["key"] for one in batch["extra_info"]] == drawn
    assert set(drawn) == {"AVOS:0", "AVOS:1", "AVOS:2"}
    assert set(batch["data_source"]) == {"AVOS"}
    images, ((frames, metadata),), audio = asyncio.run(
        type(dataset).process_multi_modal_info(batch["raw_prompt"][0], image_patch_size=14, config=config.data)
    )
    assert images is None
    assert audio is None
    assert frames.dtype == torch.uint8
    assert frames.shape == (4, 3, 84, 112)
    assert [int(shade) for shade in frames.float().mean(dim=(1, 2, 3)).round()] == [0, 40, 80, 120]
    assert len(metadata["frames_indices"]) / metadata["total_num_frames"] * metadata["fps"] == 0.5


def test_without_our_positions_the_data_set_is_not_made(config: Any) -> None:
    assert not is_registered(SimpleNamespace())
    for processor in (None, SimpleNamespace()):
        with pytest.raises(ModelError, match="wrong positions"):
            create_rl_dataset(config.data.train_files, config.data, None, processor)


def test_positions_through_verls_agent_loop_are_those_of_the_loop(recipe: Path, processor: Any) -> None:
    encoder = open_encoder(str(processor.folder))
    data = read_grpo_recipe(recipe).data
    (question, *_) = read_questions(data.questions, data.tasks).kept
    clip = clip_of(question.record, pictures_of(data), sampling_of(data, 28))
    encoded = encoder.encode(Request("q", question.record.question, clip, 16))
    network = AutoModelForImageTextToText.from_pretrained(processor.folder)
    expected = Policy(network, encoder.vision.all, [encoder.end_of_turn], "maximum").prompt(encoded)
    processor.get_rope_index = None  # as verl binds transformers' own function to each processor
    ids = torch.from_numpy(encoded.token_ids.copy())[None]
    told = {
        "video_grid_thw": torch.tensor([encoded.clips[0].grid_thw]),
        "second_per_grid_ts": [encoded.clips[0].seconds_per_grid],
        "mm_token_type_ids": ids,
    }
    worker: Any = SimpleNamespace(processor=processor)
    found = AgentLoopWorker._compute_position_ids(worker, ids, torch.ones_like(ids), told)
    assert torch.equal(found[0, 0], torch.arange(ids.shape[1]))
    assert torch.equal(found[0, 1:], expected.positions[:, 0])


def test_pixels_intervals_and_positions_through_verls_real_processor_are_those_of_the_loop(
    recipe: Path, config: Any, whole_processor: Any
) -> None:
    dataset = create_rl_dataset(config.data.train_files, config.data, None, whole_processor)
    row = dataset[0]
    told = asyncio.run(type(dataset).process_multi_modal_info(row["raw_prompt"], image_patch_size=14, config=config.data))
    encoder = open_encoder(str(whole_processor.folder))
    question = question_of(json.loads(row["reward_model"]["ground_truth"]))
    data = read_grpo_recipe(recipe).data
    clip = clip_of(question.record, pictures_of(data), sampling_of(data, 28))
    encoded = encoder.encode(Request("q", question.record.question, clip, 16))
    worker: Any = SimpleNamespace(processor=whole_processor, tokenizer=encoder.tokenizer)
    worker._get_mm_processor_kwargs = lambda audio: {}
    output: Any = SimpleNamespace(multi_modal_data={"videos": told[1]}, mm_processor_kwargs=None)
    ids = torch.from_numpy(encoded.token_ids.copy())[None]
    inputs = AgentLoopWorker._compute_multi_modal_inputs(worker, output, ids)
    torch.testing.assert_close(inputs["pixel_values_videos"], torch.from_numpy(encoded.clips[0].values()), rtol=0, atol=1e-5)
    assert inputs["video_grid_thw"].tolist() == [list(encoded.clips[0].grid_thw)]
    assert [float(one) for one in inputs["second_per_grid_ts"]] == [4.0]  # 2 pictures at 0.5 per second
    found = AgentLoopWorker._compute_position_ids(worker, ids, torch.ones_like(ids), inputs)
    rate = float(whole_processor.config.vision_config.tokens_per_second)
    assert torch.equal(found[0, 1:], torch.from_numpy(rope_positions(encoded, rate, "maximum").copy()))
