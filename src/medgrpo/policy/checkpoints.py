"""A run's state on disk and back, of one process or many, whole or in shares; how its processes start together.

`checkpoint.pt` holds all that every process knows. Where a network lies in shares (`run.spread = "shard"`) it names a folder,
`shares-STEP/`, with one file per process and its size. The folder is whole before it is named, so that a kill leaves the
state before.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from medgrpo.core import InputError, ModelError
from medgrpo.policy.keeping import CHECKPOINT, RunFolder, read_tensors, write_tensors
from medgrpo.policy.questions import Questions
from medgrpo.policy.spreading import Spread, local, optimiser_shares, shares
from medgrpo.policy.team import Team


class Checkpoints:
    """`weights`: what is kept of the network, by name, under the key `name`. Everything else is given and returned as `common`."""

    def __init__(
        self,
        folder: RunFolder,
        team: Team,
        spread: Spread,
        name: str,
        weights: Mapping[str, Tensor],
        optimiser: torch.optim.Optimizer,
    ) -> None:
        self._folder, self._team, self._spread = folder, team, spread
        self._name, self._weights, self._optimiser = name, weights, optimiser

    def save(self, common: Mapping[str, Any]) -> None:
        """Replace the checkpoint. All processes call it; the last step is kept, or the one before."""
        told = {
            **common,
            "torch": self._team.gather(torch.get_rng_state()),
            "processes": self._team.size,
            "spread": self._spread.kind,
        }
        own = {self._name: shares(dict(self._weights)), "optimiser": shares(self._optimiser.state_dict())}
        if self._spread.kind == "replicate":
            if self._team.first:
                self._folder.save({**told, **own})
            return
        below = self._folder.folder / f"shares-{common['step']}"
        sizes = self._team.gather(self._team.together(lambda: _write_share(below / self._file(), own)))
        if self._team.first:
            self._folder.save({**told, "shares": {"folder": below.name, "bytes": sizes}})
            for older in self._folder.folder.glob("shares-*"):
                if older != below:
                    shutil.rmtree(older)

    def restore(self, device: torch.device) -> dict[str, Any]:
        """Put weights, optimiser and torch's generator back; the rest is returned. ModelError, the same in all processes."""
        return self._team.together(lambda: self._restored(device))

    @torch.no_grad()
    def _restored(self, device: torch.device) -> dict[str, Any]:
        state = self._folder.load(device)
        made_by = (state.get("processes", 1), state.get("spread", "replicate"))
        if made_by != (self._team.size, self._spread.kind):
            raise ModelError(
                f"{self._folder.folder / CHECKPOINT}: was written by {_told(*made_by)}, and this is a run of "
                f"{_told(self._team.size, self._spread.kind)}: go on as it began"
            )
        own = state if "shares" not in state else self._share(state["shares"], device)
        stored: Mapping[str, Tensor] = own[self._name]
        different = sorted({*stored} ^ {*self._weights}) or [
            name for name, weight in self._weights.items() if stored[name].shape != local(weight).shape
        ]
        if different:
            raise ModelError(f"{self._folder.folder}: the checkpoint is of another model: {different[0]}")
        for name, weight in self._weights.items():
            local(weight).copy_(stored[name])
        try:
            self._optimiser.load_state_dict(optimiser_shares(own["optimiser"], self._optimiser))
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelError(
                f"{self._folder.folder}: the checkpoint is of another optimiser: {str(error).splitlines()[0]}"
            ) from error
        torch.set_rng_state(state["torch"][self._team.rank].cpu())
        return state

    def _share(self, named: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
        path = self._folder.folder / named["folder"] / self._file()
        expected, found = named["bytes"][self._team.rank], path.stat().st_size if path.exists() else None
        if found != expected:
            said = "is missing" if found is None else f"has {found:,} bytes, not {expected:,}"
            raise ModelError(f"{path}: cannot be read as a checkpoint: it {said}")
        return read_tensors(path, device)

    def _file(self) -> str:
        return f"{self._team.rank}-of-{self._team.size}.pt"


def start_together(folder: RunFolder, team: Team, told: Mapping[str, Any], questions: Path, found: Questions) -> bool:
    """Whether there is a checkpoint to go on from. The first process makes or reopens the folder; all must be told the same, read
    the same questions and see the same folder."""
    data = hashlib.sha256(questions.read_bytes()).hexdigest() if team.size > 1 else ""
    team.agreed("version, recipe, calibration, judge or questions file", (json.dumps(told, sort_keys=True, default=str), data))
    goes_on = team.from_first(lambda: folder.start(told))
    team.from_first(lambda: folder.count(len(found.kept), found.left_out))
    team.together(lambda: folder.seen(team.rank))
    return goes_on


def _write_share(path: Path, state: Mapping[str, Any]) -> int:
    """Bytes written."""
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be written: {error.strerror or error}") from error
    write_tensors(path, state)
    return path.stat().st_size


def _told(processes: int, kind: str) -> str:
    return "one process" if processes == 1 else f"{processes} processes (run.spread = {kind!r})"
