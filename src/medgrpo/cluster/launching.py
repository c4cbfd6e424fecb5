"""One recipe, two engines: the command line of verl that does what `medgrpo train grpo RECIPE` does, or why it cannot.

Every setting of the recipe is either written into the command, read from the recipe by our parts inside verl, or refused here. What
verl has no place for is in `NOT_CARRIED`, which the command prints: none of it changes the objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medgrpo.cluster.advantages import estimator_name
from medgrpo.core import InputError
from medgrpo.policy import GrpoRecipe, LossKind
from medgrpo.tasks import TASKS

MODULE = "pkg://medgrpo.cluster"
UNCLIPPED = 1e6
"""verl also caps the loss of answers with a negative advantage, at three times their size by default; ours does not."""
NOT_CARRIED = (
    "[stop]: verl has no stop rules; watch its metrics",
    "rollout.draws_per_step: verl draws until it has prompts_per_step groups with spread",
    "rollout.prompts_together, rollout.prompts_kept: vLLM batches and caches in its own way",
    "model.attention: verl packs answers each behind its own prompt",
    "run.spread: verl's actor lies in shares (FSDP2)",
    "[run] samples_per_step: verl writes every rollout to OUT/rollouts",
)
_LOSSES: dict[LossKind, tuple[str, str]] = {
    "dapo": ("vanilla", "token-mean"),
    "grpo": ("vanilla", "seq-mean-token-mean"),
    "dr_grpo": ("vanilla", "seq-mean-token-sum-norm"),
    "gspo": ("gspo", "seq-mean-token-mean"),
}


@dataclass(frozen=True, slots=True)
class Nodes:
    """What the run may use."""

    nodes: int = 1
    gpus_per_node: int = 8
    gpus_per_engine: int = 1
    """Over so many GPUs one vLLM is spread (tensor parallel)."""

    def __post_init__(self) -> None:
        if min(self.nodes, self.gpus_per_node, self.gpus_per_engine) < 1 or self.gpus_per_node % self.gpus_per_engine:
            raise InputError(
                f"{self.nodes} nodes of {self.gpus_per_node} GPUs with {self.gpus_per_engine} for an engine: each is 1 or more, "
                "and a node holds whole engines"
            )


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """Who rates captions: `offline`, an endpoint with the model's name there, or nobody."""

    judge: str = ""
    model: str = ""

    def __post_init__(self) -> None:
        if self.judge.startswith(("http://", "https://")) and not self.model:
            raise InputError("a judge at an endpoint needs the model's name there")


def launch_arguments(recipe_path: Path, recipe: GrpoRecipe, out: Path, nodes: Nodes, judge: JudgeChoice) -> list[str]:
    """The arguments of `python -m verl.trainer.main_ppo`, in order. InputError names what verl cannot do as the recipe says."""
    refusals = _refusals(recipe)
    if not judge.judge and "judge" in recipe.rewards.captions and any(TASKS[name].card.needs_judge for name in recipe.data.tasks):
        refusals.append("captions are rewarded by a judge: name one (--judge), or leave the part out of rewards.captions")
    if refusals:
        raise InputError(f"{recipe_path}: verl cannot do this recipe as it stands: {'; '.join(refusals)}")
    folder = out.resolve()
    return [
        *_data(recipe_path.resolve(), recipe),
        *_model(recipe, nodes),
        *_update(recipe),
        *_rewards(recipe_path.resolve(), recipe, folder, judge),
        *_run(recipe, folder, nodes),
    ]


def _refusals(recipe: GrpoRecipe) -> list[str]:
    found: list[str] = []
    if recipe.rewards.normaliser not in ("logistic", "none"):
        found.append(
            f"rewards.normaliser = {recipe.rewards.normaliser!r} looks at a whole group or step, and verl's reward function at one "
            "answer: logistic or none"
        )
    if recipe.held_out.questions:
        found.append("held_out.questions: verl asks its own validation set in its own way; say false")
    if recipe.update.mask_overlong:
        found.append(
            "update.mask_overlong = true: verl keeps answers that the budget cut in the loss; set it to false to accept that"
        )
    if set(recipe.model.frozen) - {"vision"}:
        found.append('model.frozen may hold "vision" alone')
    if recipe.run.trackers:
        found.append("run.trackers: verl has its own loggers; leave it empty and add trainer.logger to the command")
    if recipe.model.lora_rank:
        found.append("model.lora_rank is 0 there: adapters are not written into its command")
    if recipe.model.compute != "bfloat16":
        found.append('model.compute is "bfloat16" there')
    return found


def _data(recipe_path: Path, recipe: GrpoRecipe) -> list[str]:
    answer = recipe.rollout.most_new_tokens
    prompt = recipe.update.most_packed_tokens - answer
    if prompt < 1:
        raise InputError(f"update.most_packed_tokens leaves no room for a prompt beside an answer of {answer} tokens")
    return [
        f"data.train_files={recipe_path}",
        f"data.val_files={recipe_path}",
        f"data.custom_cls.path={MODULE}.dataset",
        "data.custom_cls.name=QuestionDataset",
        "data.shuffle=False",
        "data.gen_batch_size=1",
        f"data.train_batch_size={recipe.rollout.prompts_per_step}",
        f"data.max_prompt_length={prompt}",
        f"data.max_response_length={answer}",
        "data.truncation=error",
        "data.filter_overlong_prompts=False",
    ]


def _model(recipe: GrpoRecipe, nodes: Nodes) -> list[str]:
    rollout = "actor_rollout_ref.rollout"
    return [
        f"actor_rollout_ref.model.path={recipe.model.checkpoint}",
        f"actor_rollout_ref.model.enable_gradient_checkpointing={recipe.model.gradient_checkpointing}",
        "actor_rollout_ref.model.use_remove_padding=True",
        f"{rollout}.name=vllm",
        f"{rollout}.n={recipe.rollout.group_size}",
        f"{rollout}.temperature={recipe.rollout.temperature}",
        f"{rollout}.tensor_model_parallel_size={nodes.gpus_per_engine}",
        f"{rollout}.calculate_log_probs=True",
        f"{rollout}.log_prob_use_dynamic_bsz=True",
        *_importance(recipe.update.importance_cap),
    ]


def _importance(cap: float | Literal[False]) -> list[str]:
    """vLLM's probabilities differ from the trained network's by rounding: truncated importance sampling, as in `train grpo`."""
    correction = "algorithm.rollout_correction"
    return [] if cap is False else [f"{correction}.rollout_is=token", f"{correction}.rollout_is_threshold={cap}"]


def _update(recipe: GrpoRecipe) -> list[str]:
    update, actor = recipe.update, "actor_rollout_ref.actor"
    mode, aggregation = _LOSSES[update.loss]
    arguments = [
        f"{actor}.strategy=fsdp2",
        f"{actor}.policy_loss.loss_mode={mode}",
        f"{actor}.loss_agg_mode={aggregation}",
        f"{actor}.clip_ratio={update.clip_low}",
        f"{actor}.clip_ratio_low={update.clip_low}",
        f"{actor}.clip_ratio_high={update.clip_high}",
        f"{actor}.clip_ratio_c={UNCLIPPED}",
        f"{actor}.ppo_epochs={update.updates_per_rollout}",
        f"{actor}.ppo_mini_batch_size={recipe.rollout.prompts_per_step}",
        f"{actor}.use_dynamic_bsz=True",
        f"{actor}.ppo_max_token_len_per_gpu={update.most_packed_tokens}",
        f"{actor}.entropy_coeff=0",
        f"{actor}.calculate_entropy=True",
        f"{actor}.optim.lr={update.learning_rate}",
        f"{actor}.optim.lr_warmup_steps={update.warmup_steps}",
        f"{actor}.optim.lr_scheduler_type=constant",
        f"{actor}.optim.weight_decay={update.weight_decay}",
        f"{actor}.optim.clip_grad={update.gradient_norm}",
        f"{actor}.grad_clip={update.gradient_norm}",
        f"{actor}.freeze_vision_tower={'vision' in recipe.model.frozen}",
        f"{actor}.fsdp_config.model_dtype=fp32",
        f"{actor}.fsdp_config.dtype=bfloat16",
        f"{actor}.use_kl_loss={update.kl > 0}",
        f"{actor}.kl_loss_coef={update.kl}",
        f"{actor}.kl_loss_type=low_var_kl",
    ]
    if update.loss == "dr_grpo":
        arguments.append(f"{actor}.loss_scale_factor={recipe.rollout.most_new_tokens}")
    return arguments


def _rewards(recipe_path: Path, recipe: GrpoRecipe, folder: Path, judge: JudgeChoice) -> list[str]:
    function = "reward.custom_reward_function"
    told = {"recipe": str(recipe_path), "judge": judge.judge, "judge_model": judge.model, "replies": str(folder)}
    return [
        f"{function}.path={MODULE}.scoring",
        f"{function}.name=compute_score",
        *(f"+{function}.reward_kwargs.{name}='{value}'" for name, value in told.items()),
        f"algorithm.adv_estimator={estimator_name(recipe.rewards.scale)}",
        "algorithm.use_kl_in_reward=False",
        "algorithm.filter_groups.enable=True",
        "algorithm.filter_groups.metric=reward",
    ]


def _run(recipe: GrpoRecipe, folder: Path, nodes: Nodes) -> list[str]:
    return [
        f"trainer.nnodes={nodes.nodes}",
        f"trainer.n_gpus_per_node={nodes.gpus_per_node}",
        f"trainer.total_training_steps={recipe.run.steps}",
        "trainer.total_epochs=1000000",  # steps end the run
        f"trainer.save_freq={recipe.run.checkpoint_every}",
        "trainer.resume_mode=auto",
        "trainer.val_before_train=False",
        "trainer.test_freq=-1",
        "trainer.v1.trainer_mode=sync",
        "trainer.v1.sampler.sync_refill_failed_groups=True",
        "trainer.project_name=medgrpo",
        f"trainer.experiment_name={folder.name}",
        f"trainer.default_local_dir={folder / 'checkpoints'}",
        f"trainer.rollout_data_dir={folder / 'rollouts'}",
        "trainer.logger=[console,tensorboard]",
        f"+ray_kwargs.ray_init.runtime_env.env_vars.MEDGRPO_POSITION_RULE={recipe.model.position_rule}",
    ]
