"""A checkpoint in half the bytes, for shipping: weights as float16. Whoever loads it computes in the precision that it asks for."""

# safetensors leaves the type of paths open
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import shutil
from pathlib import Path

from medgrpo.core import InputError, MissingExtra
from medgrpo.models.whole_folder import new_folder

WEIGHTS = "model.safetensors"


def halve(folder: Path, out: Path) -> Path:
    """Write the checkpoint of `folder` into the new folder `out`, every float32 weight rounded to float16; whole or not at all.

    InputError where there are no such weights, `out` is there already, or a weight is beyond float16 (65,504).
    """
    try:
        import torch
        from safetensors.torch import load_file, save_file
    except ImportError as error:
        raise MissingExtra("halving a checkpoint", "models", error.name or "torch") from error
    if not (folder / WEIGHTS).is_file():
        raise InputError(f"{folder}: holds no {WEIGHTS}: give the folder of a trained model, weights in one file")
    weights = load_file(folder / WEIGHTS)
    halves = {name: one.half() if one.dtype == torch.float32 else one for name, one in weights.items()}
    beyond = [name for name, one in halves.items() if not bool(torch.isfinite(one).all())]
    if beyond:
        raise InputError(f"{folder / WEIGHTS}: {beyond[0]} holds numbers that float16 cannot; it cannot be halved")
    with new_folder(out) as unfinished:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name != WEIGHTS:
                shutil.copyfile(path, unfinished / path.name)
        save_file(halves, unfinished / WEIGHTS, metadata={"format": "pt"})
        (unfinished / WEIGHTS).chmod(0o644)
    return out
