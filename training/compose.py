"""Puts pictures on backgrounds, alone or two together, and wears them down as the world does; all on the device."""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch.nn import functional

from training.captions import COLOURS

# open_clip's default preprocessing, OpenAI's numbers.
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STD: Final = (0.26862954, 0.26130258, 0.27577711)


@dataclass(slots=True)
class Layout:
    """Where pictures go: centre (-1 to 1), size as a share of the canvas, angle in radians, mirrored or not."""

    x: torch.Tensor
    y: torch.Tensor
    size: torch.Tensor
    angle: torch.Tensor
    is_flipped: torch.Tensor


def uniform(count: int, low: float, high: float, device: torch.device) -> torch.Tensor:
    """Return (count,) random numbers."""
    return torch.rand(count, device=device) * (high - low) + low


def single_layout(count: int, sizes: tuple[float, float], turn: float, device: torch.device) -> Layout:
    """Place one picture near the middle of each canvas."""
    size = uniform(count, *sizes, device)
    room = (1 - size).clamp(min=0.04)
    return Layout(
        x=uniform(count, -1, 1, device) * room,
        y=uniform(count, -1, 1, device) * room,
        size=size,
        angle=torch.randn(count, device=device) * turn,
        is_flipped=torch.zeros(count, dtype=torch.bool, device=device),
    )


def pair_layouts(relation: torch.Tensor, sizes: tuple[float, float], turn: float) -> tuple[Layout, Layout]:
    """Place two pictures so that the first is left of, right of, above, below or anyhow beside the second."""
    count, device = len(relation), relation.device
    either = torch.randint(4, (count,), device=device)
    way = torch.where(relation < 4, relation, either)
    is_row = way < 2
    sign = torch.where((way == 0) | (way == 2), -1.0, 1.0)
    layouts = []
    for side in (1.0, -1.0):
        size = uniform(count, *sizes, device)
        along = sign * side * uniform(count, 0.42, 0.54, device)
        across = uniform(count, -0.25, 0.25, device)
        layouts.append(
            Layout(
                x=torch.where(is_row, along, across),
                y=torch.where(is_row, across, along),
                size=size,
                angle=torch.randn(count, device=device) * turn,
                is_flipped=torch.zeros(count, dtype=torch.bool, device=device),
            )
        )
    return layouts[0], layouts[1]


def place(pictures: torch.Tensor, layout: Layout, side: int) -> torch.Tensor:
    """Return (B, 4, side, side) premultiplied layers of (B, S, S, 4) uint8 pictures.

    Pictures that come out less than half as large are halved first, for bilinear sampling skips pixels otherwise.
    """
    rgba = pictures.permute(0, 3, 1, 2).float() / 255
    rgba = torch.cat([rgba[:, :3] * rgba[:, 3:], rgba[:, 3:]], dim=1)
    if pictures.shape[1] >= 1.6 * side * layout.size.mean():  # halving earlier blurs what is drawn nearly as large
        rgba = functional.avg_pool2d(rgba, 2)
    return functional.grid_sample(rgba, _grid(layout, side), mode="bilinear", align_corners=False)


def _grid(layout: Layout, side: int) -> torch.Tensor:
    """Return (B, side, side, 2): where in its picture each place of the canvas lies."""
    line = (torch.arange(side, device=layout.x.device) * 2 + 1) / side - 1
    scale = 1 / layout.size
    cosine, sine = (layout.angle.cos() * scale)[:, None, None], (layout.angle.sin() * scale)[:, None, None]
    across, down = line[None, None, :] - layout.x[:, None, None], line[None, :, None] - layout.y[:, None, None]
    mirror = torch.where(layout.is_flipped, -1.0, 1.0)[:, None, None]
    return torch.stack([(cosine * across + sine * down) * mirror, cosine * down - sine * across], dim=-1)


def tint(layer: torch.Tensor, colour: torch.Tensor, is_tinted: torch.Tensor) -> torch.Tensor:
    """Give the shapes that `is_tinted` one colour each; `colour` is (B, 3), 0 to 1."""
    painted = torch.cat([colour[:, :, None, None].to(layer.dtype) * layer[:, 3:], layer[:, 3:]], 1)
    return torch.where(is_tinted[:, None, None, None], painted, layer)


def named_colours(numbers: torch.Tensor, spread: float = 0.06) -> torch.Tensor:
    """Return (B, 3) colours near the named ones, 0 to 1."""
    palette = torch.tensor(list(COLOURS.values()), device=numbers.device, dtype=torch.float32) / 255
    return (palette[numbers] + torch.randn(len(numbers), 3, device=numbers.device) * spread).clamp(0, 1)


def backgrounds(colour: torch.Tensor, is_plain: torch.Tensor, side: int) -> torch.Tensor:
    """Return (B, 3, side, side): the colour alone, or flowing into another by a gradient or in blotches."""
    count, device = len(colour), colour.device
    other = torch.rand(count, 3, device=device)
    angle = uniform(count, 0, 2 * math.pi, device)
    line = torch.linspace(-1, 1, side, device=device)
    ramp = angle.cos()[:, None, None] * line[None, None, :] + angle.sin()[:, None, None] * line[None, :, None]
    cells = torch.rand(count, 1, 5, 5, device=device)
    blotches = functional.interpolate(cells, size=(side, side), mode="bicubic", align_corners=False)[:, 0]
    is_ramp = torch.rand(count, device=device)[:, None, None] < 0.5
    mix = torch.where(is_ramp, ramp * 0.5 + 0.5, blotches).clamp(0, 1)
    mix = torch.where(is_plain[:, None, None], 0.0, mix)[:, None]
    return colour[:, :, None, None] * (1 - mix) + other[:, :, None, None] * mix


def over(layer: torch.Tensor, below: torch.Tensor) -> torch.Tensor:
    """Return `layer` on `below`, (B, 3, H, W)."""
    return layer[:, :3].float() + below * (1 - layer[:, 3:].float())


def weather(canvas: torch.Tensor) -> torch.Tensor:
    """Change colours of most pictures; blur some, put JPEG's blocks into some and noise on some, in place."""
    count, device = len(canvas), canvas.device

    def each(low: float, high: float) -> torch.Tensor:
        return uniform(count, low, high, device)[:, None, None, None]

    # One map from colour to colour for each picture: saturation, contrast and light together.
    is_changed = (torch.rand(count, device=device) < 0.7)[:, None, None, None]  # the rest stay as they were drawn
    saturation = torch.where(torch.rand(count, device=device)[:, None, None, None] < 0.05, 0.0, each(0.5, 1.5))
    contrast, light = each(0.7, 1.3), each(-0.15, 0.15)
    keep = torch.where(is_changed, saturation * contrast, 1.0)
    share = torch.where(is_changed, (1 - saturation) * contrast, 0.0)
    shift = torch.where(is_changed, light + 0.5 * (1 - contrast), 0.0)
    canvas = (canvas * keep + canvas.mean(1, keepdim=True) * share + shift).clamp_(0, 1)
    side, start = canvas.shape[-1], torch.randint(6, (3,)).tolist()
    some = canvas[start[0] :: 7]
    small = functional.interpolate(some, size=(side // 2 - side // 12 * (start[0] % 3),) * 2, mode="area")
    some.copy_(functional.interpolate(small, size=(side, side), mode="bilinear", align_corners=False))
    some = canvas[start[1] :: 6]
    some.copy_(_blocks(some, uniform(len(some), 0.02, 0.12, device)).clamp(0, 1))
    some = canvas[start[2] :: 6]
    noise = torch.randn_like(some) * uniform(len(some), 0.01, 0.07, device)[:, None, None, None]
    some.copy_((some + noise).clamp(0, 1))
    return canvas


def _blocks(canvas: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """Round the cosine coefficients of 8x8 blocks, coarser towards high frequencies, as JPEG does."""
    index = torch.arange(8, device=canvas.device, dtype=torch.float32)
    basis = torch.cos((2 * index[None, :] + 1) * index[:, None] * math.pi / 16) * 0.5
    basis[0] /= math.sqrt(2)
    batch, planes, height, width = canvas.shape
    tiles = canvas.reshape(batch, planes, height // 8, 8, width // 8, 8)
    waves = torch.einsum("ua,bphawc,vc->bphuwv", basis, tiles, basis)
    steps = step[:, None, None, None, None, None] * (1 + index[:, None, None] + index)[None, None, None]
    rounded = torch.round(waves / steps) * steps
    return torch.einsum("ua,bphuwv,vc->bphawc", basis, rounded, basis).reshape(canvas.shape)


def standardised(canvas: torch.Tensor) -> torch.Tensor:
    """Return pixels as the image tower takes them."""
    mean = torch.tensor(MEAN, device=canvas.device)[:, None, None]
    std = torch.tensor(STD, device=canvas.device)[:, None, None]
    return (canvas - mean) / std
