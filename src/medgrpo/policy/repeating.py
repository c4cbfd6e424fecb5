"""The same numbers from the same run, to the last bit, on a processor: what "goes on to identical losses" rests on.

Two things would move the last bits. A gradient through an index that names a row twice is added up by several threads in whatever
order they come (torch's `index_put` with `accumulate`). And a product of one row is summed in another order when its weights begin
at an address that is no multiple of 16 bytes, as they do in a mapped safetensors file, whose header has any length.

On a GPU neither is asked for: its deterministic kernels are slower, some are missing, and runs there repeat to rounding only.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def repeatable(device: torch.device) -> Generator[None]:
    """On a processor torch takes its deterministic kernels within it, and what the caller had set after it."""
    before = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    if device.type == "cpu":
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warns)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]


def into_own_memory(network: nn.Module) -> None:
    """Copy weights out of the file that they are mapped from, one after the other: torch's own memory begins at multiples of 64."""
    for tensor in (*network.parameters(), *network.buffers()):
        if tensor.device.type == "cpu":
            tensor.data = tensor.data.clone()
