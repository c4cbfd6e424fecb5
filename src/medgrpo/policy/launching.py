"""Starting the processes of a run on this machine: torch's own launcher, with one line where it writes a page.

It starts them, tells each its number, watches, and ends the rest when one ends badly. For several machines torchrun or
`accelerate launch` do the same; a process under any of them behaves alike.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, launch_agent

from medgrpo.core import ModelError
from medgrpo.policy.team import LAUNCHED

GRACE_SECONDS = 120
"""What processes that are asked to stop have for the step they are in, before they are killed."""


def run_processes(arguments: Sequence[str], count: int) -> int:
    """Run `medgrpo` with these arguments in `count` processes; the exit code. ModelError when one was killed."""
    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # what there is to say is said here
    os.environ[LAUNCHED] = "1"
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // count)))
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=f"medgrpo-{os.getpid()}",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        local_addr="localhost",
        shutdown_timeout=GRACE_SECONDS,
    )
    try:
        launch_agent(config, sys.executable, ["-m", "medgrpo", *arguments])
    except ChildFailedError as error:
        # what ended by itself, or was killed by somebody else, comes before what was ended because of it
        rank, failure = min(error.failures.items(), key=lambda one: (one[1].exitcode == -signal.SIGTERM, one[1].exitcode >= 0))
        if failure.exitcode < 0:
            raise ModelError(
                f"process {rank} of {count} was killed by {signal.Signals(-failure.exitcode).name}, and the others were ended; the "
                f"last checkpoint stands and the same command goes on"
            ) from error
        return failure.exitcode
    except SignalException:
        return 130
    return 0
