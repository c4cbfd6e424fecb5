"""The processes of one run: who they are, how they agree, and how one that ends takes the others with it, in one line.

A launcher (`--processes`, torchrun, `accelerate launch`) starts them and tells each its number in the environment. All decide
alike: what one of them learns (rewards, lengths, a clip that could not be had) is gathered by all, whatever keys it has, and
decisions are taken from what was gathered. Nothing is gathered inside a loop whose length depends on the process, so that none
waits for one that has nothing to say.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from medgrpo.core import InputError, MedgrpoError, ModelError

Value = TypeVar("Value")
PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others; one that ended is noticed at once, one that hangs only so. Loading, writing a checkpoint
and the slowest share of a step (its judge included) have to fit."""
LAUNCHED = "MEDGRPO_LAUNCHED"
"""Set in processes that `run_processes` started: it tells itself when one of them was killed."""
BUCKET = 1 << 25
"""Numbers that are summed over processes at a time."""
_ENDED = "medgrpo/ended"
_MET = "medgrpo/met"
"""How often a process came to where all meet, by rank: who is behind when waiting ends is who hangs."""
_LINGER_SECONDS = 1.0
_LOST = ("gloo/transport", "NCCL", "Connection closed by peer", "Connection reset by peer")
"""What torch's errors hold when a collective of FSDP loses the other side."""
_FOREIGN = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED", "ACCELERATE_USE_MEGATRON_LM")


class PeerLost(ModelError):
    """Another process of the run ended or stopped answering."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: MedgrpoError


class Team:
    """`rank` of `size` processes, `local` counted on its machine. Of one process every method does its work and sends nothing."""

    def __init__(self, rank: int = 0, size: int = 1, local: int = 0, store: Any = None) -> None:
        self.rank, self.size, self.local = rank, size, local
        self._store = store
        self._met = 0

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and talks."""
        return self.rank == 0

    def owns(self, place: int) -> bool:
        """Whether the piece of work with this number is this process's."""
        return place % self.size == self.rank

    def gather(self, value: Value) -> list[Value]:
        """Everybody's value, by rank. PeerLost where somebody is not there any more."""
        if self.size == 1:
            return [value]
        found: list[Any] = [None] * self.size
        with self._heard():
            self._meet()
            dist.all_gather_object(found, value)
        return found

    def from_first(self, work: Callable[[], Value]) -> Value:
        """What the first process's `work` gives, or the error that it raises, in all."""
        if self.size == 1:
            return work()
        return self._same([self._tried(work) if self.first else None], 0)

    def together(self, work: Callable[[], Value]) -> Value:
        """This process's own `work`; all raise when it fails in one of them, the error of the lowest rank."""
        if self.size == 1:
            return work()
        own = self._tried(work)
        for failure in self.gather(own if isinstance(own, _Failed) else None):
            if failure is not None:
                raise failure.error
        assert not isinstance(own, _Failed)
        return own

    def agreed(self, what: str, value: object) -> None:
        """ModelError when the processes hold different values."""
        for rank, other in enumerate(self.gather(value)):
            if other != value:
                raise ModelError(f"process {rank} of {self.size} has another {what} than process {self.rank}: give all the same")

    def any(self, flag: bool) -> bool:
        """Whether it is so anywhere."""
        return any(self.gather(flag))

    def sum_gradients(self, weights: Iterable[torch.nn.Parameter]) -> None:
        """Every gradient becomes the sum over processes; a weight that none has a gradient for keeps none."""
        if self.size == 1:
            return
        known = list(weights)
        held = self.gather([weight.grad is not None for weight in known])
        bucket: list[torch.Tensor] = []
        for weight, *marks in zip(known, *held, strict=True):
            if not any(marks):
                continue
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            bucket.append(weight.grad)
            if sum(one.numel() for one in bucket) >= BUCKET:
                self._sum(bucket)
                bucket = []
        if bucket:
            self._sum(bucket)

    def sum_number(self, value: torch.Tensor) -> torch.Tensor:
        """A tensor of any shape, summed over processes in place."""
        if self.size > 1:
            with self._heard():
                dist.all_reduce(value)
        return value

    def speaks(self) -> bool:
        """Whether this process is the first one to ask: it tells what ended the run, the others end without a word."""
        if self._store is None:
            return True
        try:
            return self._store.add(_ENDED, 1) == 1
        except (RuntimeError, ValueError):  # the store went with the process that held it: nobody can be asked
            return True

    def linger(self) -> None:
        """After connections were closed: the first process, which may hold the store, waits a moment for the others to ask."""
        until = time.monotonic() + _LINGER_SECONDS
        while self.first and self._store is not None and time.monotonic() < until and self._store.add(_ENDED, 0) < self.size:
            time.sleep(0.05)

    def _meet(self) -> None:
        self._met += 1
        if self._store is not None:
            self._store.set(self._meetings()[self.rank], str(self._met))

    def _behind(self) -> list[int]:
        """Processes that did not come to where this one waits; none where the store is gone."""
        if self._store is None:
            return []
        try:
            met = [int(self._store.get(name)) if self._store.check([name]) else 0 for name in self._meetings()]
        except (RuntimeError, ValueError):  # the store went with the process that held it
            return []
        return [rank for rank, count in enumerate(met) if count < self._met]

    def _meetings(self) -> list[str]:
        return [f"{_MET}/{rank}" for rank in range(self.size)]

    def _sum(self, bucket: list[torch.Tensor]) -> None:
        flat = self.sum_number(torch.cat([one.flatten() for one in bucket]))
        for one, part in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
            one.copy_(part.view_as(one))

    def _tried(self, work: Callable[[], Value]) -> Value | _Failed:
        try:
            return work()
        except MedgrpoError as error:
            return _Failed(type_kept(error))

    def _same(self, holder: list[Any], source: int) -> Any:
        with self._heard():
            self._meet()
            dist.broadcast_object_list(holder, source)
        if isinstance(holder[0], _Failed):
            raise holder[0].error
        return holder[0]

    @contextmanager
    def _heard(self) -> Generator[None]:
        try:
            yield
        except RuntimeError as error:
            raise self.lost(error) from error

    def lost(self, error: RuntimeError) -> PeerLost:
        """What to say when sending or waiting failed."""
        said = (str(error).strip() or type(error).__name__).splitlines()[-1]
        behind = self._behind() if "imed out" in str(error) or "timeout" in str(error).lower() else []
        if behind:
            names, minutes = " and ".join(f"process {rank}" for rank in behind), PATIENCE.total_seconds() / 60
            return PeerLost(
                f"process {self.rank} of {self.size}: waited {minutes:g} minutes for {names}, which hangs or is too slow; end what "
                f"is left of the run; the last checkpoint stands and the same command goes on"
            )
        return PeerLost(
            f"process {self.rank} of {self.size}: another process of this run ended or does not answer ({said[:120]}); the last "
            f"checkpoint stands and the same command goes on"
        )


ALONE = Team()


def type_kept(error: MedgrpoError) -> MedgrpoError:
    """The error as one that can be sent: of the nearest class that is made from one line, with the same exit code."""
    kind = InputError if isinstance(error, InputError) else ModelError if isinstance(error, ModelError) else MedgrpoError
    sent = kind(str(error))
    sent.exit_code = error.exit_code
    return sent


def _end(team: Team, error: MedgrpoError) -> None:
    """Let the others notice; SystemExit where it is told elsewhere what ended the run."""
    speaks = team.speaks() and not (isinstance(error, PeerLost) and LAUNCHED in os.environ)
    dist.destroy_process_group()
    team.linger()
    if not speaks:
        raise SystemExit(error.exit_code) from error


@contextmanager
def open_team() -> Generator[Team]:
    """The team that the launcher's environment tells of, for as long as the run goes; without a launcher, one process.

    An error inside is raised in one process and ends the others silently, with its exit code.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    foreign = [name for name in _FOREIGN if os.environ.get(name, "false").lower() not in ("", "false", "0")]
    if foreign:
        raise InputError(f"{foreign[0]} is set: how a model is spread is the recipe's `run.spread`; launch without it")
    try:
        store, rank, size = next(iter(rendezvous("env://", timeout=PATIENCE)))
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=PATIENCE)
    except (RuntimeError, ValueError, KeyError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"the {size} processes that the environment tells of do not find one another: {said}") from error
    team = Team(rank, size, int(os.environ.get("LOCAL_RANK", "0")), store)
    try:
        yield team
        team.gather(None)  # nobody leaves before all are done: what ends first would look like a failure
    except MedgrpoError as error:
        _end(team, error)
        raise
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _LOST):
            raise
        lost = team.lost(error)
        _end(team, lost)
        raise lost from error
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
