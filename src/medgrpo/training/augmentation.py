"""What may happen to a training picture: another camera angle, another light, something in the way. Torch only, by the batch."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def uniform(generator: torch.Generator, count: int, low: float, high: float) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def random_views(generator: torch.Generator, count: int) -> Tensor:
    """(count, 2, 3) affine maps from output to input coordinates (both -1..1): zoom, aspect, turn, shift, mirror."""
    zoom = torch.exp(uniform(generator, count, -0.30, 0.30))
    aspect = torch.exp(uniform(generator, count, -0.18, 0.18))
    turn = uniform(generator, count, -math.radians(25), math.radians(25))
    mirror_x = 1 - 2 * (torch.rand(count, generator=generator) < 0.5).float()
    mirror_y = 1 - 2 * (torch.rand(count, generator=generator) < 0.1).float()
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        cos * zoom * aspect * mirror_x,
        -sin * zoom * aspect * mirror_x,
        sin * zoom / aspect * mirror_y,
        cos * zoom / aspect * mirror_y,
    ]
    linear = torch.stack(rows, 1).reshape(count, 2, 2)
    shift = torch.stack([uniform(generator, count, -0.22, 0.22), uniform(generator, count, -0.22, 0.22)], 1)
    return torch.cat([linear, shift[:, :, None]], 2)


def warp(images: Tensor, views: Tensor, height: int, width: int) -> Tensor:
    """Look at (count, 3, h, w) pictures through `views`; black outside. Gives (count, 3, height, width)."""
    grid = functional.affine_grid(views, [len(images), 3, height, width], align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def warp_boxes(centres_xy: Tensor, sizes_wh: Tensor, view: Tensor) -> tuple[Tensor, Tensor]:
    """Where boxes (centres and sizes, 0..1, shape (n, 2)) lie after `warp` by one (2, 3) view; sizes slightly shrunk, as
    the axis-parallel box round a turned box is larger than what it holds."""
    inverse = torch.linalg.inv(view[:, :2])
    centres = ((centres_xy * 2 - 1 - view[:, 2]) @ inverse.T + 1) / 2
    return centres, sizes_wh @ inverse.abs().T * 0.9


def relight(generator: torch.Generator, images: Tensor) -> Tensor:
    """Gamma, colour cast, brightness, saturation, contrast, veil of smoke, blur and noise; in and out 0..1."""
    count = len(images)

    def each(low: float, high: float, channels: int = 1) -> Tensor:
        return uniform(generator, count * channels, low, high).reshape(count, channels, 1, 1)

    images = images.clamp(1e-4, 1) ** torch.exp(each(-0.35, 0.35))
    images = images * torch.exp(each(-0.15, 0.15, 3) + each(-0.25, 0.25))
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * each(0.6, 1.4)
    images = (images - 0.4) * each(0.8, 1.25) + 0.4
    veil = each(0.1, 0.45) * (each(0, 1) < 0.15)
    images = images * (1 - veil) + 0.75 * veil
    blurred = functional.avg_pool2d(functional.pad(images, (2, 2, 2, 2), mode="reflect"), 5, 1)
    strength = each(0, 1) * (each(0, 1) < 0.3)
    images = images * (1 - strength) + blurred * strength
    noise = torch.randn(images.shape, generator=generator) * (each(0, 0.04) * (each(0, 1) < 0.3))
    return (images + noise).clamp(0, 1)


def cover(generator: torch.Generator, images: Tensor) -> Tensor:
    """A round mask like an endoscope's on three in ten pictures, and up to three random patches on four in ten (in place)."""
    height, width = images.shape[-2:]
    y = torch.linspace(0, 1, height)[:, None]
    x = torch.linspace(0, 1, width)[None]
    for image in images:
        if torch.rand(1, generator=generator) < 0.3:
            radius, centre_x, centre_y = (uniform(generator, 1, *limits) for limits in ((0.45, 0.62), (0.45, 0.55), (0.45, 0.55)))
            image *= ((x - centre_x) ** 2 + (y - centre_y) ** 2 < radius**2).float()
        if torch.rand(1, generator=generator) < 0.4:
            for _ in range(int(torch.randint(1, 4, (1,), generator=generator))):
                tall, wide = (int(n) for n in torch.randint(height // 16, height // 4, (2,), generator=generator))
                top = int(torch.randint(0, height - tall, (1,), generator=generator))
                left = int(torch.randint(0, width - wide, (1,), generator=generator))
                image[:, top : top + tall, left : left + wide] = torch.rand(3, 1, 1, generator=generator)
    return images
