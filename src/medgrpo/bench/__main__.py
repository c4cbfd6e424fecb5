"""One measured run: `python -m medgrpo.bench ours|peer VIDEO LOOKS_PER_SECOND` writes its figures to stdout as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from medgrpo.bench.measure import measure_ours, measure_peer
from medgrpo.core import MedgrpoError
from medgrpo.perception import load_perceiver


def main(which: str, video: str, looks_per_second: str) -> int:
    measure = {"ours": measure_ours, "peer": measure_peer}[which]
    try:
        done = measure(Path(video), float(looks_per_second), load_perceiver())
    except MedgrpoError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(done.model_dump_json())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
