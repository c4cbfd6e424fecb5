"""One side of `bench grpo` in a process of its own: `python -m medgrpo.bench.grpo_worker SIDE` reads its case, writes JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from medgrpo.bench.grpo_model import Case, build_model
from medgrpo.bench.grpo_sides import differences, growth, measure_copies, measure_ours


def main(side: str) -> int:
    """Cases come on stdin, a list; all sides but `growth` take the first."""
    cases = TypeAdapter(list[Case]).validate_json(sys.stdin.read())
    with TemporaryDirectory() as folder:
        model = build_model(Path(folder) / "model", cases[0])
        if side == "ours":
            found: object = measure_ours(model, cases[0])
        elif side == "copies":
            found = measure_copies(model, cases[0])
        elif side == "differences":
            found = differences(model, cases[0])
        elif side == "growth":
            found = growth(model, cases)
        elif side == "trl":
            from medgrpo.bench.grpo_trl import measure_trl

            found = measure_trl(model, cases[0], Path(folder) / "trl")
        else:
            sys.stderr.write(f"no side {side}\n")
            return 2
    sys.stdout.write("\n" + json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
