"""One network over the processes of a team: each with a copy of everything, or each with its share (FSDP2).

    replicate   every process holds weights, gradients and optimiser; gradients are summed once per update
    shard       every process holds its share of them. For an update a layer's weights are gathered when it is reached and dropped
                after it; gradients are summed into shares by each backward pass. For rollout and checks all weights are gathered
                once (`gathered`): sampling then sends nothing, so that processes may have unlike numbers of answers and tokens.

Weights are gathered in float32, as they are kept: the arithmetic is that of one process. A vision tower of which nothing is trained
stays whole on every process, because features that are found on disk would leave its layers unvisited by some.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from medgrpo.policy.team import Team

SpreadKind = Literal["replicate", "shard"]
Tensors = TypeVar("Tensors", bound=tuple[Tensor, ...])


class Spread(Protocol):
    """What training needs to know of how a network lies."""

    kind: SpreadKind

    def through(self, work: Callable[[], Tensors]) -> Tensors:
        """Run a forward pass of the network; its gradients go back through what is returned."""
        ...

    def gathered(self) -> AbstractContextManager[None]:
        """Within it every process holds all weights as they are, and forward passes without gradient send nothing."""
        ...

    def rounds(self, count: int) -> int:
        """How many forward and backward passes this process runs when it has work for `count`; the rest weigh nothing."""
        ...

    def sum_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """After the last backward pass of an update: gradients are those of all processes."""
        ...

    def clip(self, weights: Iterable[nn.Parameter], most: float) -> Tensor:
        """Scale gradients down to a norm of `most` over all weights; the norm before."""
        ...


class Replicated:
    """A copy of everything in every process; of one process nothing but the network itself."""

    kind: SpreadKind = "replicate"

    def __init__(self, team: Team) -> None:
        self._team = team

    def through(self, work: Callable[[], Tensors]) -> Tensors:
        return work()

    def gathered(self) -> AbstractContextManager[None]:
        return nullcontext()

    def rounds(self, count: int) -> int:
        return count

    def sum_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        self._team.sum_gradients(weights)

    def clip(self, weights: Iterable[nn.Parameter], most: float) -> Tensor:
        return torch.nn.utils.clip_grad_norm_(weights, most)


class _Whole(nn.Module):
    """The root of the shares: what is done inside its forward finds weights gathered layer by layer."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, work: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        return tuple(one.clone() for one in work())  # its hooks hang on what is returned, and a view would lose them


class Sharded:
    """Shares by `fully_shard`, a unit per layer of language and of vision; the rest (embeddings, head, norms) is one unit."""

    kind: SpreadKind = "shard"

    def __init__(self, network: Any, team: Team) -> None:
        self._team = team
        mesh = init_device_mesh(network.device.type, (team.size,))
        visual: nn.Module = network.model.visual
        whole = set() if any(weight.requires_grad for weight in visual.parameters()) else set(visual.parameters())
        blocks = [] if whole else list(cast("Any", visual).blocks)
        for layer in [*network.model.language_model.layers, *blocks]:
            fully_shard(layer, mesh=mesh)
        root = _Whole(network)
        fully_shard(root, mesh=mesh, ignored_params=whole)
        self._root: Any = root
        self._units = [cast("FSDPModule", unit) for unit in root.modules() if isinstance(unit, FSDPModule)]
        for unit in self._units:
            unit.set_gradient_divide_factor(1.0)  # the sum: weights of tokens are those of the whole update already
            unit.set_force_sum_reduction_for_comms(True)
            unit.set_reshard_after_forward(True, recurse=False)
        with torch.no_grad():
            root(lambda: ())  # the first forward says who is the root; sampling calls the network inside it

    def through(self, work: Callable[[], Tensors]) -> Tensors:
        return self._root(work)

    @contextmanager
    def gathered(self) -> Generator[None]:
        for unit in self._units:
            unit.set_reshard_after_forward(False, recurse=False)
            unit.unshard()
        try:
            yield
        finally:
            # FSDP remembers the layers that ran and gathers them ahead in the next backward pass: who sampled would gather in
            # another order than who did not, and both would wait for ever
            self._root.reset_iter_state()
            for unit in self._units:
                unit.set_reshard_after_forward(True, recurse=False)
                unit.reshard()

    def rounds(self, count: int) -> int:
        return max(self._team.gather(count))

    def sum_gradients(self, weights: Iterable[nn.Parameter]) -> None:
        """Each backward pass has done it."""

    def clip(self, weights: Iterable[nn.Parameter], most: float) -> Tensor:
        gradients = [local(weight.grad) for weight in weights if weight.grad is not None]
        device = next(self._root.parameters()).device
        squares = torch.stack([torch.zeros((), device=device), *[one.float().square().sum() for one in gradients]]).sum()
        norm = self._team.sum_number(squares).sqrt()
        scale = (most / (norm + 1e-6)).clamp(max=1.0)
        for one in gradients:
            one.mul_(scale)
        return norm


def spread_over(network: Any, team: Team, kind: SpreadKind) -> Spread:
    """Lay the network out; its parameters are other objects afterwards. Of one process there is nothing to share."""
    return Sharded(network, team) if kind == "shard" and team.size > 1 else Replicated(team)


def local(value: Tensor) -> Tensor:
    """This process's share of a tensor; a tensor that is not shared, itself."""
    return value.to_local() if isinstance(value, DTensor) else value


def shares(value: Any) -> Any:
    """A state with every tensor in it as this process's share."""
    if isinstance(value, Tensor):
        return local(value.detach())
    if isinstance(value, Mapping):
        return {key: shares(one) for key, one in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list):
        return [shares(one) for one in cast("list[Any]", value)]
    return value


def optimiser_shares(state: Mapping[str, Any], optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """What `shares` made of this optimiser's state, with shared tensors put together again, ready for `load_state_dict`."""
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    held: dict[int, dict[str, Any]] = {}
    for number, own in state["state"].items():
        weight = weights[number]
        held[number] = {
            name: _joined(value, weight) if isinstance(weight, DTensor) and isinstance(value, Tensor) and value.ndim else value
            for name, value in own.items()
        }
    return {**state, "state": held}


def _joined(value: Tensor, like: DTensor) -> DTensor:
    return DTensor.from_local(value, like.device_mesh, like.placements, run_check=False, shape=like.shape, stride=like.stride())
