"""What others report on MedVidBench, as typed rows: who, the ten figures, where the row was seen, and what it was trained on.

Source: the main table of the project page of MedGRPO (arXiv 2512.06581, CVPR 2026) and later rows of the MedVidBench leaderboard.
`official`: on the project page, the board or a model card; `third party`: as others saw it, not checked by us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["official", "third party"]
Setting = Literal["as released", "trained on the unreleased 51,505 pairs", "trained on the 6,270 gated pairs"]
KEYS = (
    "cvs_acc", "nap_acc", "sa_acc", "stg_miou", "tag_miou_03", "tag_miou_05", "dvc_f1", "dvc_llm", "vs_llm", "rc_llm"
)  # fmt: skip
HEADINGS = ("CVS", "NAP", "SA", "STG", "TAG .3", "TAG .5", "DVC F1", "DVC", "VS", "RC")
JUDGED = frozenset({"dvc_llm", "vs_llm", "rc_llm"})
"""1 to 5, by the leaderboard's judge; comparable with another judge's figures in order only, if at all."""
PROJECT_PAGE = "MedGRPO project page, main table (arXiv 2512.06581)"
LEADERBOARD = "MedVidBench leaderboard, as seen by third parties"


@dataclass(frozen=True, slots=True)
class Published:
    """One row; figures in the order of KEYS, None where not reported. `note` says what a reader should doubt."""

    model: str
    figures: tuple[float | None, ...]
    setting: Setting
    mark: Mark
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.figures) != len(KEYS):
            raise ValueError(f"{self.model}: {len(self.figures)} figures for {len(KEYS)} columns")


_RELEASED: Setting = "as released"
_UNRELEASED: Setting = "trained on the unreleased 51,505 pairs"
_GATED: Setting = "trained on the 6,270 gated pairs"


def _page(model: str, setting: Setting, *figures: float | None, note: str = "") -> Published:
    return Published(model, figures, setting, "official", PROJECT_PAGE, note)


def _board(model: str, setting: Setting, *figures: float | None, note: str = "") -> Published:
    return Published(model, figures, setting, "third party", LEADERBOARD, note)


_IMPOSSIBLE = "TAG .5 above 3.33 times TAG .3 cannot be: a misprint, or another evaluator"
PUBLISHED: tuple[Published, ...] = (
    _page("GPT-4.1", _RELEASED, 0.018, 0.250, 0.087, 0.014, 0.096, 0.005, 0.101, 2.438, 2.490, 2.080),
    _page("Gemini-2.5-Flash", _RELEASED, 0.101, 0.228, 0.107, 0.047, 0.045, 0.021, 0.084, 2.387, 2.352, 1.912),
    _page("VideoChat-R1.5-7B", _RELEASED, 0.000, 0.270, 0.006, 0.000, 0.009, 0.005, 0.026, 1.723, 3.034, 3.086),
    _page("Qwen2.5-VL-7B", _RELEASED, 0.105, 0.151, 0.010, 0.020, 0.006, 0.068, 0.075, 2.512, 2.452, 2.090, note=_IMPOSSIBLE),
    _page("Qwen2.5-VL-7B Surg-CholecT50", _RELEASED, 0.000, 0.302, 0.000, 0.000, 0.019, 0.013, 0.051, 1.945, 2.101, 2.986),
    _page("uAI-NEXUS-MedVLM-1.0a-7B-SFT", _UNRELEASED, 0.894, 0.442, 0.218, 0.177, 0.142, 0.091, 0.165, 3.665, 3.596, 2.757),
    _page("uAI-NEXUS-MedVLM-1.0a-7B-RL", _UNRELEASED, 0.896, 0.405, 0.254, 0.202, 0.216, 0.156, 0.214, 3.797, 4.184, 3.442),
    _page("Qwen3-VL-4B", _RELEASED, 0.000, 0.178, 0.006, 0.000, 0.039, 0.034, 0.128, 1.939, 2.926, 2.853),
    _page("uAI-NEXUS-MedVLM-1.0b-4B-SFT", _UNRELEASED, 0.895, 0.466, 0.270, 0.133, 0.465, 0.403, 0.435, 3.862, 4.180, 3.752),
    _page("uAI-NEXUS-MedVLM-1.0b-4B-RL", _UNRELEASED, 0.898, 0.473, 0.285, 0.176, 0.504, 0.441, 0.480, 3.950, 4.227, 3.861),
    _page("GPT-5.4", _RELEASED, 0.164, 0.393, 0.267, 0.004, 0.086, 0.055, 0.178, 3.403, 3.976, 3.714),
    _page("Gemini-3.1-flash-lite", _RELEASED, 0.242, 0.406, 0.225, 0.059, 0.072, 0.049, 0.174, 3.198, 3.737, 3.492),
    _page("Qwen3.5-4B", _RELEASED, 0.309, 0.231, 0.276, 0.051, 0.074, 0.040, 0.142, 2.699, 3.491, 3.037),
    _page("uAI-NEXUS-MedVLM-1.0c-4B-SFT", _UNRELEASED, 0.897, 0.576, 0.354, 0.190, 0.482, 0.429, 0.451, 3.741, 4.238, 3.746),
    Published(
        "uAI-NEXUS-MedVLM-1.0d-4B-SFT",
        (0.893, 0.513, 0.290, 0.138, 0.386, 0.319, 0.367, 3.644, 4.246, 3.644),
        _UNRELEASED,
        "official",
        "MedVidBench leaderboard",
    ),
    _board("uAI-NEXUS-MedVLM-1.0e-27B-SFT", _UNRELEASED, 0.897, 0.558, 0.389, 0.229, 0.494, 0.444, 0.478, 3.885, 4.214, 3.690),
    _board("QWen3VL-adapter-f (NPU)", _GATED, 0.894, 0.391, 0.331, 0.118, 0.439, 0.380, 0.392, 3.833, 4.048, 3.530),
    _board("UCSD ensemble3", _GATED, 0.890, 0.407, 0.272, 0.158, 0.074, 0.050, 0.103, 3.525, 4.059, 3.459),
    _board("SPIRAL", _GATED, 0.893, 0.366, 0.337, 0.083, 0.200, 0.149, 0.241, 3.190, 4.059, 3.380),
    _board(
        "RefineRank",
        _GATED,
        None,
        None,
        None,
        0.421,
        None,
        None,
        None,
        None,
        None,
        None,
        note="one column known, seen on 2026-07-27",
    ),
)
