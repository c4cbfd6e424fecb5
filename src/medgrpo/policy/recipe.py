"""Everything that decides what a GRPO run does, from one TOML file; a misspelt key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from medgrpo.core import Config, read_settings
from medgrpo.models import PositionRule
from medgrpo.policy.attention import AttentionKind
from medgrpo.policy.engines.engine import EngineName
from medgrpo.policy.losses import LossKind
from medgrpo.policy.spreading import SpreadKind
from medgrpo.policy.trackers import TrackerName
from medgrpo.reward import CAPTION_WEIGHTS, Normaliser, Scale
from medgrpo.tasks import TASKS

FrozenWeights = Literal["float32", "nf4"]


class NetworkSettings(Config):
    """The network and how it is read: what GRPO and fine-tuning have in common."""

    checkpoint: str
    """Folder or hub name of a Qwen2.5-VL, Qwen3-VL or Qwen3.5."""
    position_rule: PositionRule = "maximum"
    """Where text goes on after a clip; `maximum` is vLLM's and the published checkpoints', `side` transformers'."""
    compute: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the layers. Weights and optimiser stay float32: at a rate of 5e-7 an update is lost in bfloat16 weights."""
    device: str = "cpu"
    lora_rank: int = Field(default=0, ge=0)
    """Above 0 the language model's weights stay as they are and low-rank corrections of its projections are trained."""
    lora_alpha: float = Field(default=16.0, gt=0)
    frozen_weights: FrozenWeights = "float32"
    """How the weights beside adapters are held: `nf4` is four bits each (QLoRA), through bitsandbytes."""
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _adapted(self) -> Self:
        if self.lora_rank and "language" in self.parts_frozen:
            raise ValueError("lora_rank trains the language model; take `language` out of frozen, its own weights stay anyway")
        if self.frozen_weights != "float32" and not self.lora_rank:
            raise ValueError("frozen_weights = `nf4` is for weights beside adapters: set lora_rank")
        return self

    @property
    def parts_frozen(self) -> tuple[str, ...]:
        """What the kind of training leaves as it is."""
        return ()


class ModelSettings(NetworkSettings):
    """Of GRPO."""

    attention: AttentionKind = "blocks"
    frozen: tuple[Literal["vision", "language", "head"], ...] = ()

    @property
    def parts_frozen(self) -> tuple[str, ...]:
        return self.frozen


class DataSettings(Config):
    """Questions and their pictures."""

    questions: Path
    """MedVidBench's form, with answers (JSON or JSONL)."""
    tasks: tuple[str, ...] = Field(default=("temporal_grounding", "spatiotemporal_grounding"), min_length=1)
    """Which tasks are rewarded, or taught; questions of others are left out and counted."""
    moved: dict[str, str] = Field(default_factory=dict)
    """Leading folders in the file's frame paths, and where those pictures lie here."""
    videos: Path | Literal[False] = False
    """A folder of whole videos, which are cut at the questions' bounds in place of the listed frames; false: the frames."""
    most_frames: int = Field(default=768, ge=1)
    least_pixels: int = Field(default=8 * 28 * 28, ge=1)
    most_pixels: int = Field(default=48 * 28 * 28, ge=1)
    balance: float = Field(default=0.5, ge=0, le=1)
    """A (source, task) with n questions is drawn in proportion to n ** balance: 1 as they come, 0 each key alike."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        unknown = [name for name in self.tasks if name not in TASKS]
        if unknown:
            raise ValueError(f"no such task: {', '.join(unknown)}; there are {', '.join(TASKS)}")
        return self

    def below(self, folder: Path) -> Self:
        """The same with paths that are relative to `folder` written out."""
        return self.model_copy(
            update={
                "questions": folder / self.questions,
                "videos": self.videos and folder / self.videos,
                "moved": {old: str(folder / new) for old, new in self.moved.items()},
            }
        )


class RewardSettings(Config):
    """From answers to advantages; docs/method.md."""

    normaliser: Normaliser = "logistic"
    calibration: Path | None = None
    scale: Scale = "group"
    ema_decay: float = Field(default=0.99, ge=0, lt=1)
    off_form: float = Field(default=1.0, ge=0, le=1)
    """What a readable answer in another form than the references' is multiplied by."""
    captions: dict[Literal["similarity", "judge"], float] = Field(default_factory=lambda: {"similarity": 0.5, "judge": 0.5})
    """Parts of a caption's reward and their weights."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.normaliser == "logistic" and self.calibration is None:
            raise ValueError("the normaliser `logistic` needs a calibration (`medgrpo train calibrate`)")
        if not self.captions or any(not weight > 0 for weight in self.captions.values()):
            raise ValueError("captions need at least one part, each with a weight above 0")
        return self

    @property
    def caption_weights(self) -> Mapping[str, float]:
        return {part: self.captions[part] for part in CAPTION_WEIGHTS if part in self.captions}


class RolloutSettings(Config):
    """How answers are sampled."""

    engine: EngineName = "network"
    """What samples them: the network that is trained, or a vLLM with its own copy of the weights; docs/method.md."""
    engine_cache_gb: float = Field(default=4.0, gt=0, allow_inf_nan=False)
    """Of `vllm` alone: its cache of keys and values. No prompt with its answer may be longer than what fits."""
    group_size: int = Field(default=8, ge=2)
    prompts_per_step: int = Field(default=8, ge=1)
    draws_per_step: int = Field(default=24, ge=1)
    """Most questions drawn for one step: groups without spread, and clips that cannot be read, are replaced up to here."""
    prompts_together: int = Field(default=1, ge=1)
    """Prompts whose answers are sampled in the same steps: fewer and larger steps, and a cache for all of them at once."""
    prompts_kept: int = Field(default=0, ge=0)
    """Prompts that stay in memory as they were read, for when their question comes again, and as many clips' features where vision
    is frozen: the latest of both."""
    most_new_tokens: int = Field(default=256, ge=1)
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if self.draws_per_step < self.prompts_per_step:
            raise ValueError("draws_per_step is at least prompts_per_step")
        return self


class HeldOutSettings(Config):
    """Questions that are never trained on, asked before the first step, every `every` steps and after the last."""

    questions: Path | Literal[False] = False
    """MedVidBench's form, with answers; captions in it are not asked, for their scores need more than the answer. False: none."""
    every: int = Field(default=50, ge=1)
    most_per_key: int = Field(default=24, ge=1)
    """Of each (source, task) the first so many."""
    answers: int = Field(default=4, ge=1)
    """Sampled per question, at the rollout's temperature."""
    seed: int = 0
    """Of the sampling; the same every time."""


class UpdateSettings(Config):
    """The objective and the optimiser (AdamW)."""

    loss: LossKind = "dapo"
    clip_low: float = Field(default=0.2, gt=0, lt=1)
    clip_high: float = Field(default=0.3, gt=0)
    kl: float = Field(default=0.0, ge=0)
    """Weight of the KL to the starting model (k3); above 0 a second copy of the network is held, unless it has adapters."""
    importance_cap: Annotated[float, Field(gt=0)] | Literal[False] = 2.0
    """Tokens count min(p_old / p_rollout, cap) times: what they were drawn with is not quite what is trained. False: all once."""
    mask_overlong: bool = True
    """Leave answers that the budget cut out of the loss: how they would have ended is not known. Their group's mean keeps them."""
    updates_per_rollout: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=5e-7, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    gradient_norm: float = Field(default=1.0, gt=0)
    most_packed_tokens: int = Field(default=32768, ge=1)
    """Longest packed sequence; a group that is longer is cut into pieces with the same gradient."""


class StopSettings(Config):
    """When a run stops by itself, by means over the last `window` steps; `false` switches a rule off."""

    window: int = Field(default=10, ge=1)
    least_entropy: float | Literal[False] = 0.01
    most_overlong: float | Literal[False] = 0.9
    most_unreadable: float | Literal[False] = 0.98
    most_zero_spread: float | Literal[False] = 0.98
    most_drift: float | Literal[False] = 0.05
    """Mean absolute difference of log-probabilities between rollout and update, per token."""


class RunSettings(Config):
    """How long, how often."""

    steps: int = Field(ge=1)
    seed: int = 0
    checkpoint_every: int = Field(default=20, ge=1)
    samples_per_step: int = Field(default=1, ge=0)
    """Groups whose answers are written to samples.jsonl."""
    spread: SpreadKind = "replicate"
    """Over many processes: each a copy of everything, or each its share of weights, gradients and optimiser (`shard`, FSDP2)."""
    trackers: tuple[TrackerName, ...] = ()
    """Where figures go besides metrics.jsonl."""


def refuse_shares_of_four_bits(spread: SpreadKind, weights: FrozenWeights) -> None:
    """ValueError: codes and scales of four-bit weights are no parameters that FSDP could share out."""
    if spread == "shard" and weights != "float32":
        raise ValueError(f"run.spread = `shard` shares out float weights, not model.frozen_weights = `{weights}`: use `replicate`")


class GrpoRecipe(Config):
    """One table of the TOML file per field."""

    model: ModelSettings
    data: DataSettings
    rewards: RewardSettings
    rollout: RolloutSettings = Field(default_factory=RolloutSettings)
    held_out: HeldOutSettings = Field(default_factory=HeldOutSettings)
    update: UpdateSettings = Field(default_factory=UpdateSettings)
    stop: StopSettings = Field(default_factory=StopSettings)
    run: RunSettings

    @model_validator(mode="after")
    def _positions(self) -> Self:
        if self.rollout.engine == "vllm" and self.model.position_rule != "maximum":
            raise ValueError(
                "rollout.engine = `vllm` goes on after a clip by the rule `maximum`: answers would be drawn under other positions "
                "than they are trained with; give model.position_rule = `maximum`, or the engine `network`"
            )
        return self

    @model_validator(mode="after")
    def _spread(self) -> Self:
        refuse_shares_of_four_bits(self.run.spread, self.model.frozen_weights)
        return self


def checkpoint_below(here: Path, checkpoint: str) -> str:
    """A folder below the recipe's; a path to one that is not there, whole, so that it can be looked for; else a hub name."""
    folder = here / checkpoint
    if folder.is_dir():
        return str(folder)
    return str(folder.resolve()) if checkpoint.startswith((".", "/")) else checkpoint


def read_grpo_recipe(path: Path) -> GrpoRecipe:
    """SettingsError names every setting that is wrong. Paths inside are relative to the recipe's folder."""
    recipe = read_settings(path, GrpoRecipe)
    here = path.parent
    calibration, held_out = recipe.rewards.calibration, recipe.held_out.questions
    return recipe.model_copy(
        update={
            "data": recipe.data.below(here),
            "held_out": recipe.held_out.model_copy(update={"questions": held_out and here / held_out}),
            "rewards": recipe.rewards.model_copy(update={"calibration": calibration and here / calibration}),
            "model": recipe.model.model_copy(update={"checkpoint": checkpoint_below(here, recipe.model.checkpoint)}),
        }
    )


def needs_sentences(recipe: GrpoRecipe) -> bool:
    """Whether rewards need the sentence model: a caption task whose parts hold `similarity`."""
    return "similarity" in recipe.rewards.captions and any(TASKS[name].card.needs_judge for name in recipe.data.tasks)
