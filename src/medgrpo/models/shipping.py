"""The checkpoints that lie inside this package, and what is said of a name that is neither theirs, a folder's nor a hub's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medgrpo.core import InputError, nearest


@dataclass(frozen=True, slots=True)
class Shipped:
    """A checkpoint inside this package, `CARD.md` beside its weights, and how clips were shown to it in training."""

    folder: Path
    most_frames: int
    patches: int
    """Merged patches of a picture."""


SHIPPED: Mapping[str, Shipped] = {
    "nano": Shipped(Path(__file__).parent / "shipped" / "nano", most_frames=16, patches=12),
}
"""By the whole of what a person writes: one folder and one line each."""


def check_name(name: str) -> None:
    """InputError for a word that can only be a slip: a hub would be asked for half a minute, and has no such model."""
    if "/" in name or Path(name).exists():
        return
    if name in SHIPPED:
        raise InputError(f"{name}: is shipped to be asked (--model {name}); where a folder is wanted, it is {SHIPPED[name].folder}")
    near = nearest(name, SHIPPED)
    raise InputError(
        f"{name}: no such folder, and no model of that name is shipped: {', '.join(SHIPPED)} is"
        f"{f' (did you mean {near}?)' if near else ''}. A hub name is ORG/NAME, as Qwen/Qwen2.5-VL-7B-Instruct"
    )
