"""A day in short: rows come, the record grows, memory and descriptors do not."""

from __future__ import annotations

import pytest

pytest.importorskip("cryptography", reason="needs the extra `live`")
pytest.importorskip("rfc8785", reason="needs the extra `live`")

from medgrpo.bench import HourFigures, run_day
from medgrpo.stream import fast


@pytest.mark.slow
def test_decisions_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours at a look in two seconds, with a memory of a quarter of an hour: flat from then on."""
    monkeypatch.setattr(fast, "KEEPS_SECONDS", 900.0)
    heard: list[HourFigures] = []
    found = run_day("decisions", 2.0, 0.5, heard.append)
    assert list(found.rows) == heard
    assert [round(row.hour, 3) for row in heard] == [round((place + 1) / 6, 3) for place in range(12)]
    assert heard[-1].looks == pytest.approx(3600, abs=100)
    assert heard[-1].record_mb > 5 * heard[0].record_mb
    assert max(row.kept for row in heard[6:]) < 1.5 * max(row.kept for row in heard[1:6]), [row.kept for row in heard]
    assert found.descriptors_growth == 0
    assert abs(found.growth_mb) < 25, [row.memory_mb for row in heard]
