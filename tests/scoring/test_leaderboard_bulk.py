"""What judges usual records together gives each the verdict of the definition, bit for bit; what is odd it leaves alone."""

import json
import random

import pytest

from medgrpo.bench.score_records import make_rows
from medgrpo.scoring import leaderboard_boxes, leaderboard_dense
from medgrpo.scoring.leaderboard_bulk_boxes import usual_boxes
from medgrpo.scoring.leaderboard_bulk_dense import usual_events
from medgrpo.scoring.records import record_from

PIECES = ("-", ":", ",", "[", "]", " seconds: ", "\n", "nan", "1e5", "٣", "–", "\x0b", "0.0", "9" * 400, "00", "0, 0, 0, 0", "1.25")
ODD = (None, "3", True, -1, 1e300, float("nan"), float("inf"), 10**400, [1], 0)


def spoil(value, rng):
    """A number here and there replaced, an entry lost."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], dict | list):
            spoil(value[key], rng)
        elif rng.random() < 0.2:
            value[key] = rng.choice(ODD)
    if value and rng.random() < 0.1:
        value.popitem() if isinstance(value, dict) else value.pop()


@pytest.mark.parametrize(
    ("kind", "definition", "usual"),
    [("stg", leaderboard_boxes.judge, usual_boxes), ("dense_captioning_gpt", leaderboard_dense.judge, usual_events)],
)
def test_the_same_as_one_by_one(kind, definition, usual):
    rng = random.Random(4)
    records = []
    for row in make_rows(6245, 2):
        if row["qa_type"] == kind:
            row = json.loads(json.dumps(row))
            if rng.random() < 0.4:
                at = rng.randint(0, len(row["prediction"]))
                row["prediction"] = row["prediction"][:at] + rng.choice(PIECES) + row["prediction"][at + rng.choice((0, 0, 2, 9)) :]
            if rng.random() < 0.3:
                spoil(row["struc_info"], rng)
            if rng.random() < 0.1:
                row["metadata"] = {"fps": rng.choice(("nan", "inf", "x", 0, -1.5, None))}
            records.append(record_from(row, "test"))
    verdicts = [verdict for first in range(0, len(records), 10) for verdict in usual(records[first : first + 10])]
    together = [(record, verdict) for record, verdict in zip(records, verdicts, strict=True) if verdict is not None]
    assert len(records) > len(together) > len(records) / 4
    for record, verdict in together:
        assert verdict == definition(record)
