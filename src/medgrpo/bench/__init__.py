"""How fast and how big: the main job beside the plainest way of doing its first half."""

from medgrpo.bench.analysis import AnalysisBench, RunFigures, bench_analysis, require_peer
from medgrpo.bench.measure import measure_ours, measure_peer

__all__ = ["AnalysisBench", "RunFigures", "bench_analysis", "measure_ours", "measure_peer", "require_peer"]
