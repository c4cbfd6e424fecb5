"""A video-language model as the thing that is trained. With `models` and `training` the only room that imports torch."""

from medgrpo.policy.alarms import alarms
from medgrpo.policy.answers import Reader
from medgrpo.policy.attention import answer_mask, block_mask
from medgrpo.policy.checks import Sight, check_sight
from medgrpo.policy.drawing import run_page
from medgrpo.policy.engines.engine import Engine, EngineName
from medgrpo.policy.engines.network import NetworkEngine
from medgrpo.policy.engines.table import ENGINES
from medgrpo.policy.features import FeatureStore, tower_digest
from medgrpo.policy.grpo import Finished, train_grpo
from medgrpo.policy.held_out import start_scores
from medgrpo.policy.keeping import run_lines
from medgrpo.policy.kept import Kept
from medgrpo.policy.launching import run_processes
from medgrpo.policy.loading import prepare_network
from medgrpo.policy.lora import add_adapters, merge_adapters, save_adapters, without_adapters
from medgrpo.policy.losses import LossKind, answer_loss, clipped, importance, is_clipped, k3, ratios, token_weights
from medgrpo.policy.packing import Measured, measure
from medgrpo.policy.planning.machine import Machine
from medgrpo.policy.planning.observed import LiveBytes, Observed, observe
from medgrpo.policy.planning.plan import Asked, Plan, make_plan
from medgrpo.policy.planning.reading import read_recipe
from medgrpo.policy.planning.words import plan_json, plan_lines
from medgrpo.policy.policy import Policy, Prompt
from medgrpo.policy.questions import Question, Sampler, pictures_of, read_questions, sampling_of
from medgrpo.policy.recipe import GrpoRecipe, StopSettings, UpdateSettings, needs_sentences, read_grpo_recipe
from medgrpo.policy.rewarding import Rewarded, Rewarder
from medgrpo.policy.rollout import Sampled, sample_group, sample_groups
from medgrpo.policy.sft import SftFinished, train_sft
from medgrpo.policy.sft_order import balanced_steps, dealt, epoch_order, packs, quotas
from medgrpo.policy.sft_recipe import SftModelSettings, SftRecipe, read_sft_recipe
from medgrpo.policy.spreading import Spread, spread_over
from medgrpo.policy.team import ALONE, PeerLost, Team, open_team
from medgrpo.policy.tower import TowerFigures
from medgrpo.policy.tower_run import train_tower
from medgrpo.policy.trackers import OPENERS, Trackers
from medgrpo.policy.update import Group, Idle, accumulate, measured, pieces, update_weights

__all__ = [
    "ALONE",
    "ENGINES",
    "OPENERS",
    "Asked",
    "Engine",
    "EngineName",
    "FeatureStore",
    "Finished",
    "Group",
    "GrpoRecipe",
    "Idle",
    "Kept",
    "LiveBytes",
    "LossKind",
    "Machine",
    "Measured",
    "NetworkEngine",
    "Observed",
    "PeerLost",
    "Plan",
    "Policy",
    "Prompt",
    "Question",
    "Reader",
    "Rewarded",
    "Rewarder",
    "Sampled",
    "Sampler",
    "SftFinished",
    "SftModelSettings",
    "SftRecipe",
    "Sight",
    "Spread",
    "StopSettings",
    "Team",
    "TowerFigures",
    "Trackers",
    "UpdateSettings",
    "accumulate",
    "add_adapters",
    "alarms",
    "answer_loss",
    "answer_mask",
    "balanced_steps",
    "block_mask",
    "check_sight",
    "clipped",
    "dealt",
    "epoch_order",
    "importance",
    "is_clipped",
    "k3",
    "make_plan",
    "measure",
    "measured",
    "merge_adapters",
    "needs_sentences",
    "observe",
    "open_team",
    "packs",
    "pictures_of",
    "pieces",
    "plan_json",
    "plan_lines",
    "prepare_network",
    "quotas",
    "ratios",
    "read_grpo_recipe",
    "read_questions",
    "read_recipe",
    "read_sft_recipe",
    "run_lines",
    "run_page",
    "run_processes",
    "sample_group",
    "sample_groups",
    "sampling_of",
    "save_adapters",
    "spread_over",
    "start_scores",
    "token_weights",
    "tower_digest",
    "train_grpo",
    "train_sft",
    "train_tower",
    "update_weights",
    "without_adapters",
]
