"""Three hours of operation in constant memory.

`MEDGRPO_STREAM_MINUTES` shortens it: .ci/run asks for 10, which takes ten seconds in place of two minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("stream.py")
MINUTES = float(os.environ.get("MEDGRPO_STREAM_MINUTES", "180"))


@pytest.mark.slow
def test_memory_stays_flat_over_three_hours(tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(MINUTES), str(tmp_path / "out")], check=True, capture_output=True, text=True
    )
    figures = json.loads(done.stdout)
    assert figures["looks"] == MINUTES * 60 * 5
    assert figures["phases"] >= 7
    assert figures["actions"] > MINUTES
    # What grows is the timeline itself: about ten actions a minute, each with the times of its looks.
    assert figures["largest_mb"] - figures["after_a_tenth_mb"] < 5 + MINUTES / 20
    assert figures["after_the_report_mb"] < figures["after_a_tenth_mb"] + 60
