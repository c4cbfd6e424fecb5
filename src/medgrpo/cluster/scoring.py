"""Our reward as verl's reward function: `Task.score` through the frozen calibration, as in `medgrpo train grpo`.

One answer at a time, in eight processes: nothing here depends on another answer, which is why only frozen statistics (`logistic`)
or none can be had under verl. `score` is NaN for an answer that could not be scored; the estimators leave it out.
"""

from __future__ import annotations

import json
import platform
from functools import cache
from pathlib import Path
from typing import Any

from medgrpo.cluster.rows import question_of
from medgrpo.core import InputError
from medgrpo.judging import ModelJudge, OfflineJudge
from medgrpo.library import Replies
from medgrpo.models import ModelOptions, open_model
from medgrpo.policy import Rewarder, needs_sentences, read_grpo_recipe
from medgrpo.reward import read_calibration
from medgrpo.scoring import load_minilm
from medgrpo.tasks import RubricKind


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any],
    *,
    recipe: str,
    judge: str = "",
    judge_model: str = "",
    replies: str = "",
    **_: Any,
) -> dict[str, float]:
    """`score` (reward, NaN: unscored), `raw` (the score before normalisation, NaN: unscored), `readable` and `unscored` (0 or 1).

    `ground_truth` is the question's row as JSON (`medgrpo.cluster.rows`); the rest is verl's and this run's own words.
    """
    question = question_of(json.loads(ground_truth))
    if question.example.source != data_source:
        raise InputError(f"{extra_info.get('key')}: asked of {data_source}, but its row is of {question.example.source}")
    (rewarded,) = await _rewarder(recipe, judge, judge_model, replies).group(question.example, [solution_str])
    missing = float("nan")
    return {
        "score": missing if rewarded.reward is None else rewarded.reward,
        "raw": missing if rewarded.raw is None else rewarded.raw,
        "readable": float(rewarded.readable),
        "unscored": float(rewarded.reward is None),
    }


@cache
def _rewarder(recipe: str, judge: str, judge_model: str, replies: str) -> Rewarder:
    settings = read_grpo_recipe(Path(recipe))
    rewards = settings.rewards
    calibration = read_calibration(rewards.calibration) if rewards.normaliser == "logistic" and rewards.calibration else None
    sentences = load_minilm() if needs_sentences(settings) else None
    return Rewarder(rewards, calibration, sentences, _judge(judge, judge_model, replies))


def _judge(judge: str, model: str, replies: str) -> OfflineJudge | ModelJudge | None:
    if not judge:
        return None
    if judge == "offline":
        return OfflineJudge()
    folder = Path(replies)
    folder.mkdir(parents=True, exist_ok=True)
    kept = Replies(folder / f"judge_replies_{platform.node()}.jsonl")  # processes may share a file, machines may not
    return ModelJudge(open_model(judge, ModelOptions(endpoint_model=model)), RubricKind.COMPARATIVE, kept)
