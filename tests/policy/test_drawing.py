"""A run on one page: every figure that there is, every key, answers escaped, gaps left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `models`")

from medgrpo.core import InputError
from medgrpo.policy import run_page


def _step(step: int, **keys: dict[str, Any]) -> dict[str, Any]:
    return {"step": step, "loss": 1.0 / (step + 1), "gradient_norm": None, "learning_rate": 0.1, "skipped": step, "keys": keys}


def _write(folder: Path, name: str, lines: list[dict[str, Any]]) -> None:
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_lines_gaps_alarms_and_answers(tmp_path: Path) -> None:
    rows = [
        _step(0, a={"reward": 0.25, "kl": None}, b={"reward": 0.5, "kl": None}),
        _step(1, b={"reward": None, "kl": None}),
        _step(2, a={"reward": 0.75, "kl": None}) | {"alarms": ["entropy is < 0.1"]},
    ]
    _write(tmp_path, "metrics.jsonl", rows)
    answers = [{"reply": "<b>0-5</b>", "reward": None, "advantage": 0.0}, {"reply": "no", "reward": 0.5, "advantage": -1.25}]
    _write(tmp_path, "samples.jsonl", [{"step": step, "key": "k", "task": "t", "answers": answers} for step in range(20)])
    page = run_page(tmp_path)
    reward = re.search(r'<svg [^>]*aria-label="reward: from 0.25 to 0.75 over steps 0 to 2">(.*?)</svg>', page)
    assert reward is not None
    assert reward[1].count("<polyline") == 1  # a, over the step that has none
    assert 'points="62.0,170.0 450.0,26.0"' in reward[1]
    assert reward[1].count("<circle") == 1  # b, one point
    assert "norm of the gradient" not in page  # never measured
    assert 'aria-label="distance from the start' not in page
    assert "after step 3: entropy is &lt; 0.1" in page
    assert "3 times a question could not be had" in page
    assert "<b>0-5" not in page
    assert page.count("&lt;b&gt;0-5&lt;/b&gt;") == 6
    assert re.findall(r"<tr><td>(\d+)</td>", page)[::2] == ["0", "4", "8", "11", "15", "19"]
    assert "unscored" in page
    assert '<th scope="row">a</th><td>0.5</td>' in page


def test_a_folder_without_a_run_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no metrics\.jsonl with a step"):
        run_page(tmp_path)
