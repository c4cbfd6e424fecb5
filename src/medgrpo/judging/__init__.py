"""Judges of captions: a language model behind any backend, or rules and a sentence model alone; and how far judges agree."""

from medgrpo.judging.agreement import Agreement, Judged, JudgeReport, agreement, between, report_judge
from medgrpo.judging.budget import Account, Budget, Estimate
from medgrpo.judging.hybrid import caption_parts, hybrid_reward
from medgrpo.judging.model_judge import JudgeOptions, ModelJudge, Tally
from medgrpo.judging.offline import Explained, OfflineJudge
from medgrpo.judging.pairs import AUTHOR, GradedPair, Half, load_pairs
from medgrpo.judging.prompts import VERSIONS, prompt_for, prompt_hash

__all__ = [
    "AUTHOR",
    "VERSIONS",
    "Account",
    "Agreement",
    "Budget",
    "Estimate",
    "Explained",
    "GradedPair",
    "Half",
    "JudgeOptions",
    "JudgeReport",
    "Judged",
    "ModelJudge",
    "OfflineJudge",
    "Tally",
    "agreement",
    "between",
    "caption_parts",
    "hybrid_reward",
    "load_pairs",
    "prompt_for",
    "prompt_hash",
    "report_judge",
]
