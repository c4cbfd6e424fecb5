"""How fast and how big: the main job beside the plainest way of doing its first half."""

from medgrpo.bench.analysis import AnalysisBench, RunFigures, bench_analysis, require_peer
from medgrpo.bench.console import Viewed as ConsoleViewed
from medgrpo.bench.console import Viewer as ConsoleViewer
from medgrpo.bench.console import Weight as ConsoleWeight
from medgrpo.bench.console import started_console
from medgrpo.bench.console import view as view_console
from medgrpo.bench.console import weigh as weigh_console
from medgrpo.bench.console_browser import Browsed as ConsoleBrowsed
from medgrpo.bench.console_browser import browse as browse_console
from medgrpo.bench.day import DayPath, DayRun, HourFigures, run_day
from medgrpo.bench.grpo import STAGES as GRPO_STAGES
from medgrpo.bench.grpo import GrpoBench, GrpoGrowth, GrpoSide, bench_grpo
from medgrpo.bench.live import CONTEXT as LIVE_CONTEXT
from medgrpo.bench.live import LiveRun, run_live
from medgrpo.bench.measure import measure_ours, measure_peer
from medgrpo.bench.plan import PlanBench, PlanSide, bench_plan
from medgrpo.bench.reasoning import ReasoningBench, bench_reasoning
from medgrpo.bench.score import ScoreBench, bench_score
from medgrpo.bench.search import SearchBench, bench_search
from medgrpo.bench.sft import SftBench, bench_sft

__all__ = [
    "GRPO_STAGES",
    "LIVE_CONTEXT",
    "AnalysisBench",
    "ConsoleBrowsed",
    "ConsoleViewed",
    "ConsoleViewer",
    "ConsoleWeight",
    "DayPath",
    "DayRun",
    "GrpoBench",
    "GrpoGrowth",
    "GrpoSide",
    "HourFigures",
    "LiveRun",
    "PlanBench",
    "PlanSide",
    "ReasoningBench",
    "RunFigures",
    "ScoreBench",
    "SearchBench",
    "SftBench",
    "bench_analysis",
    "bench_grpo",
    "bench_plan",
    "bench_reasoning",
    "bench_score",
    "bench_search",
    "bench_sft",
    "browse_console",
    "measure_ours",
    "measure_peer",
    "require_peer",
    "run_day",
    "run_live",
    "started_console",
    "view_console",
    "weigh_console",
]
