"""A tiny network of each real class, an encoded clip, and the plain way of computing everything."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import time
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `models`")
transformers = pytest.importorskip("transformers", reason="needs the extra `models`")

from medgrpo.models import Encoded, Encoder, PositionRule, Request, build_nano, build_tiny, open_encoder  # noqa: E402
from medgrpo.policy import Policy, Prompt  # noqa: E402
from medgrpo.video import SampledClip  # noqa: E402


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class Tiny:
    folder: Path
    encoder: Encoder
    network: Any

    def encoded(self, frames_per_second: float = 0.5, frames: int = 8, seed: int = 0) -> Encoded:
        side = self.encoder.family.form.side_multiple
        height, width = 2 * side, 3 * side
        random = np.random.default_rng(seed)
        clip = SampledClip(
            f"clip{seed}",
            tuple(random.integers(0, 255, (height, width, 3), dtype=np.uint8) for _ in range(frames)),
            tuple(index / frames_per_second for index in range(frames)),
            Fraction(frames_per_second),
            width,
            height,
        )
        return self.encoder.encode(Request(f"q{seed}", "When?", clip, 16))

    def policy(self, rule: PositionRule = "maximum", **options: Any) -> Policy:
        return Policy(self.network, self.encoder.vision.all, [self.encoder.end_of_turn], rule, **options)

    def plain(self, policy: Policy, prompt: Prompt, answer: Any) -> Any:
        """Log-probabilities of one answer by transformers' own forward over [prompt, answer], nothing shared."""
        place = torch.arange(len(answer)) + prompt.next_position
        logits = self.network(
            input_ids=torch.cat([prompt.token_ids, answer[None]], 1),
            position_ids=torch.cat([prompt.positions, place.expand(3, 1, -1)], 2),
            pixel_values_videos=prompt.pixels,
            video_grid_thw=prompt.grid,
        ).logits[0, prompt.tokens - 1 : -1]
        return policy_table(logits, policy.temperature, self.encoder.vision.all).gather(1, answer[:, None])[:, 0]


def policy_table(logits: Any, temperature: float, banned: Sequence[int]) -> Any:
    allowed = torch.ones(logits.shape[1], dtype=torch.bool)
    allowed[list(banned)] = False
    scaled = logits / temperature
    return torch.where(allowed, scaled - torch.logsumexp(scaled[:, allowed], 1, keepdim=True), -torch.inf)


@pytest.fixture(scope="session", params=["qwen2.5-vl", "qwen3-vl", "qwen3.5"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(request.param, tmp_path_factory.mktemp("tiny") / request.param)


@pytest.fixture(scope="session")
def tiny25(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny("qwen2.5-vl", tmp_path_factory.mktemp("tiny") / "one")


def make_tiny(kind: Any, folder: Path) -> Tiny:
    build_tiny(kind, folder)
    transformers.utils.logging.disable_progress_bar()
    network = transformers.AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        for parameter in network.parameters():  # sharper than noise, so that a wrong mask or position shows
            parameter.mul_(3 if parameter.ndim > 1 else 1)
    return Tiny(folder, open_encoder(str(folder)), network)


@dataclass(frozen=True)
class Ended:
    """How one of several processes came to its end: what its work gave, the line it would write, or a code without a word."""

    value: Any = None
    said: str = ""
    code: int = 0


def _in_child(work: Any, rank: int, count: int, port: int, target: Path) -> None:
    from medgrpo.core import MedgrpoError
    from medgrpo.policy import open_team

    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    try:
        with open_team() as team:
            value = work(team)
        ended = Ended(value)
    except MedgrpoError as error:
        ended = Ended(None, str(error), error.exit_code)
    except SystemExit as error:
        ended = Ended(None, "", int(str(error.code)))
    except Exception:  # noqa: BLE001 - a child of a test has nobody else to tell
        ended = Ended(None, traceback.format_exc(), 1)
    target.write_bytes(pickle.dumps(ended))
    os._exit(0)


@pytest.fixture
def in_processes(tmp_path: Path) -> Any:
    """`in_processes(2, work)`: `work(team)` in as many forked processes; how each ended, by rank; None for one that was killed.

    Forked, so that nothing is imported again. One that hangs for a minute is killed and fails the test.
    """

    def run(count: int, work: Any) -> list[Ended | None]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        children: list[int] = []
        for rank in range(count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads; none runs here
                child = os.fork()
            if child == 0:
                _in_child(work, rank, count, port, tmp_path / f"ended-{port}-{rank}")
            children.append(child)
        waiting, deadline = set(children), time.monotonic() + 120
        while waiting:
            waiting -= {child for child in waiting if os.waitpid(child, os.WNOHANG)[0]}
            if time.monotonic() > deadline:
                for child in waiting:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                pytest.fail(f"{len(waiting)} of {count} processes hang")
            time.sleep(0.02)
        files = [tmp_path / f"ended-{port}-{rank}" for rank in range(count)]
        return [pickle.loads(file.read_bytes()) if file.exists() else None for file in files]

    return run


@pytest.fixture(scope="session")
def nano_start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nano model before training."""
    return build_nano(["When does cutting happen? 0.0-1.8, 12.5-18.0 seconds."] * 9, tmp_path_factory.mktemp("nano") / "start")
