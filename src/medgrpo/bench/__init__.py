"""How fast and how big: the main job beside the plainest way of doing its first half."""

from medgrpo.bench.analysis import AnalysisBench, RunFigures, bench_analysis, require_peer
from medgrpo.bench.measure import measure_ours, measure_peer
from medgrpo.bench.reasoning import ReasoningBench, bench_reasoning
from medgrpo.bench.score import ScoreBench, bench_score
from medgrpo.bench.search import SearchBench, bench_search

__all__ = [
    "AnalysisBench",
    "ReasoningBench",
    "RunFigures",
    "ScoreBench",
    "SearchBench",
    "bench_analysis",
    "bench_reasoning",
    "bench_score",
    "bench_search",
    "measure_ours",
    "measure_peer",
    "require_peer",
]
