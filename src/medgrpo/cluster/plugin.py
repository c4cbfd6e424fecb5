"""What verl loads in every process by its entry points `verl.plugins`: estimators into its table, positions into its processor.

verl logs an entry point that fails at its lowest level and goes on, so `QuestionDataset` asks `is_registered` before a run starts.
The rule for positions comes from MEDGRPO_POSITION_RULE, because an entry point is given nothing else; `launch_arguments` sets it.
"""

from __future__ import annotations

import os
from typing import Any, cast, get_args

from medgrpo.cluster.advantages import estimators
from medgrpo.cluster.positions import OwnRopeIndex, install
from medgrpo.core import InputError
from medgrpo.models import PositionRule

RULE = "MEDGRPO_POSITION_RULE"


def position_rule() -> PositionRule:
    """InputError for a word that is no rule."""
    word = os.environ.get(RULE, "maximum")
    if word not in get_args(PositionRule):
        raise InputError(f"{RULE} is {word!r}: give {' or '.join(get_args(PositionRule))}")
    return cast("PositionRule", word)


def register() -> None:
    """Into verl's tables; again is no harm."""
    from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
    from verl.trainer.ppo import core_algos

    table = cast("dict[str, Any]", core_algos.ADV_ESTIMATOR_REGISTRY)
    for name, function in estimators().items():
        if name not in table:
            core_algos.register_adv_est(name)(function)
    install(Qwen2_5_VLProcessor, position_rule())


def is_registered(processor: object) -> bool:
    """Whether this process' verl knows our estimators and this processor has our positions."""
    from verl.trainer.ppo import core_algos

    table = cast("dict[str, Any]", core_algos.ADV_ESTIMATOR_REGISTRY)
    return all(name in table for name in estimators()) and isinstance(vars(type(processor)).get("get_rope_index"), OwnRopeIndex)
