"""Variations of glyphs, as batched tensor operations: affine, elastic, thickness, blur. Never flips."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(glyphs: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Varied copies of glyphs (N, 1, 28, 28), float 0..255. `strength` 0 changes nothing, 1 is full."""
    if strength <= 0:
        return glyphs
    warped = warp(glyphs, strength, generator)
    return thickness(warped, 0.3 * strength, generator)


def warp(glyphs: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Turns to 12 degrees, shear to 0.2, size to 12 %, shifts to 1.5 px, elastic bending to about 1 px."""
    count, size = glyphs.shape[0], glyphs.shape[-1]

    def spread(limit: float) -> Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit * strength

    turn, shear = torch.deg2rad(spread(12.0)), spread(0.2)
    wide, high = 1 + spread(0.12), 1 + spread(0.12)
    shift = 2 * 1.5 / size
    cos, sin = torch.cos(turn), torch.sin(turn)
    theta = torch.stack([
        torch.stack([cos * wide, -sin * high + shear, spread(shift)], dim=1),
        torch.stack([sin * wide, cos * high, spread(shift)], dim=1),
    ], dim=1)  # fmt: skip
    grid = F.affine_grid(theta, [count, 1, size, size], align_corners=False)
    # Bending: random shifts on a coarse grid, smoothly enlarged.
    coarse = (torch.rand(count, 2, 5, 5, generator=generator) * 2 - 1) * (2 * 1.6 / size) * strength
    bend = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=True)
    return F.grid_sample(glyphs, grid + bend.permute(0, 2, 3, 1), mode="bilinear", align_corners=False)


def thickness(glyphs: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Thicken, thin or blur a `share` of the glyphs by about half a pixel."""
    choice = torch.rand(glyphs.shape[0], 1, 1, 1, generator=generator)
    blurred = F.avg_pool2d(F.pad(glyphs, (1, 1, 1, 1)), 3, stride=1)
    result = torch.where(choice < share / 3, 0.5 * glyphs + 0.5 * F.max_pool2d(glyphs, 3, 1, 1), glyphs)
    thin = 0.5 * glyphs - 0.5 * F.max_pool2d(-glyphs, 3, 1, 1)
    result = torch.where((choice >= share / 3) & (choice < 2 * share / 3), thin, result)
    soft = (0.5 * glyphs + 0.5 * blurred) * 1.1
    return torch.where((choice >= 2 * share / 3) & (choice < share), soft.clamp(max=255), result)
