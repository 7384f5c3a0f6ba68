"""The two parts of chop-draw that diffusers does not have; the rest is its own Stable Diffusion pipeline.

A picture is a thing with its alpha, on a plain colour. Its latents are 4 x 4 cells of a 64 x 64 copy: each cell's
principal components, fixed once, and the colour of the ground beside them. So the denoiser is a small multilayer
perceptron over all 16 cells at once, and only the decoder works on pixels. This module has to be imported before a
pipeline that names it is loaded: diffusers imports no module for a folder's sake.
"""

import math
from contextlib import suppress
from itertools import pairwise
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

from provenance.torchvision_guard import import_torchvision

with suppress(ImportError):
    import_torchvision()  # before diffusers, as generation._diffusers_net does
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

GRID: Final = 4
CELL: Final = 16
"""Latents are GRID x GRID cells; each stands for CELL x CELL pixels of the small copy."""
PLANES: Final = 4
GROUND: Final = 3
SIDE: Final = 128
OUT: Final = 512
_GROUND_MIDDLE: Final = 0.8
_GROUND_SCALE: Final = 2.5
# Stable Diffusion's pipeline halves a picture's sides this often: 512 pixels are 4 latents.
_HALVINGS: Final = 7


def cells_of(small: torch.Tensor) -> torch.Tensor:
    """Return (B, GRID, GRID, PLANES * CELL * CELL) from (B, PLANES, 64, 64)."""
    batch = len(small)
    cut = small.reshape(batch, PLANES, GRID, CELL, GRID, CELL)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, GRID, GRID, -1)


def joined(cells: torch.Tensor) -> torch.Tensor:
    """Undo `cells_of`."""
    batch = len(cells)
    cut = cells.reshape(batch, GRID, GRID, PLANES, CELL, CELL)
    return cut.permute(0, 3, 1, 4, 2, 5).reshape(batch, PLANES, GRID * CELL, GRID * CELL)


class _Residual(nn.Module):  # type: ignore[misc]  # torch is skipped
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(functional.silu(self.norm(x)))


class _Enlarger(nn.Module):  # type: ignore[misc]  # torch is skipped
    """Four times the pixels: bicubic interpolation, and what a few convolutions know of edges (arXiv:1609.05158)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        times = OUT // SIDE
        self.edges = nn.Sequential(
            nn.Conv2d(PLANES, width, 5, padding=2, padding_mode="replicate"),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1, padding_mode="replicate"),
            nn.SiLU(),
            nn.Conv2d(width, PLANES * times**2, 3, padding=1, padding_mode="replicate"),
            nn.PixelShuffle(times),
        )

    def forward(self, layers: torch.Tensor) -> torch.Tensor:
        large = functional.interpolate(layers, scale_factor=OUT // SIDE, mode="bicubic", align_corners=False)
        made: torch.Tensor = large + self.edges(layers)
        return made


class PictureDecoder(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers has no types
    """Turns latents into pictures of 512 x 512: principal components, and what convolutions add to them.

    Limits: it decodes only, so there is no image-to-image, and only 4 x 4 latents.
    """

    @register_to_config  # type: ignore[untyped-decorator]  # diffusers has no types
    def __init__(
        self,
        components: int = 48,
        widths: tuple[int, ...] = (384, 192, 128, 64),
        edge_width: int = 32,
        scaling_factor: float = 1.0,  # noqa: ARG002 - read by the pipeline
    ) -> None:
        super().__init__()
        self.register_to_config(block_out_channels=[widths[0]] * (_HALVINGS + 1), latent_channels=components + GROUND)
        self.register_buffer("mean", torch.zeros(PLANES * CELL * CELL))
        self.register_buffer("basis", torch.zeros(components, PLANES * CELL * CELL))
        self.register_buffer("scale", torch.ones(components))
        self.enter = nn.Conv2d(components, widths[0], 3, padding=1)
        self.whole = nn.Sequential(
            nn.Linear(components * GRID * GRID, 256), nn.SiLU(), nn.Linear(256, widths[0] * GRID * GRID)
        )
        stages: list[nn.Module] = []
        for width, narrower in pairwise(widths):
            stages += [_Residual(width), nn.Conv2d(width, narrower * 4, 1), nn.PixelShuffle(2)]
        self.stages = nn.Sequential(_Residual(widths[0]), *stages, _Residual(widths[-1]))
        shuffle = SIDE // (GRID * 2 ** (len(widths) - 1))
        self.leave = nn.Sequential(nn.SiLU(), nn.Conv2d(widths[-1], PLANES * shuffle**2, 1), nn.PixelShuffle(shuffle))
        self.enlarge = _Enlarger(edge_width)

    def encode_layers(self, layers: torch.Tensor) -> torch.Tensor:
        """Return (B, components, 4, 4) of (B, 4, 128, 128) premultiplied layers, 0 to 1."""
        small = functional.avg_pool2d(layers, SIDE // (GRID * CELL))
        found = (cells_of(small) - self.mean) @ self.basis.T / self.scale
        return found.permute(0, 3, 1, 2)

    def decode_layers(self, latents: torch.Tensor) -> torch.Tensor:
        """Return (B, 4, 128, 128) premultiplied layers of (B, components, 4, 4), about 0 to 1."""
        cells = (latents.permute(0, 2, 3, 1) * self.scale) @ self.basis + self.mean
        coarse = functional.interpolate(joined(cells), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
        rows = self.enter(latents) + self.whole(latents.flatten(1)).unflatten(1, (-1, GRID, GRID))
        made: torch.Tensor = coarse + self.leave(self.stages(rows))
        return made

    def decode(self, z: torch.Tensor, return_dict: bool = False, generator: Any = None) -> tuple[torch.Tensor]:  # noqa: ANN401, ARG002, FBT001, FBT002 - as diffusers calls it
        """Return (B, 3, 512, 512) pictures, -1 to 1, in a tuple.

        Raises:
            ValueError: the latents are not 4 x 4.
        """
        _check_grid(z)
        layers = self.enlarge(self.decode_layers(z[:, :-GROUND])).clamp(0, 1)
        ground = unground(z[:, -GROUND:])[:, :, None, None]
        picture = layers[:, :3] + ground * (1 - layers[:, 3:])
        return (picture.clamp(0, 1) * 2 - 1,)


def ground_channels(colour: torch.Tensor) -> torch.Tensor:
    """Return (B, 3, 4, 4) latents of (B, 3) colours, 0 to 1."""
    return ((colour - _GROUND_MIDDLE) * _GROUND_SCALE)[:, :, None, None].expand(-1, -1, GRID, GRID)


def unground(channels: torch.Tensor) -> torch.Tensor:
    """Return the (B, 3) colours that `ground_channels` hid."""
    return (channels.mean((2, 3)) / _GROUND_SCALE + _GROUND_MIDDLE).clamp(0, 1)


class _Block(nn.Module):  # type: ignore[misc]  # torch is skipped
    """A residual step whose norm is shifted, scaled and gated by what is asked for (arXiv:2212.09748)."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulate = nn.Linear(context, 3 * width)
        self.inner = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        shift, scale, gate = self.modulate(context).chunk(3, -1)
        return x + (1 + gate) * self.inner(self.norm(x) * (1 + scale) + shift)


class Denoiser(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers has no types
    """Predicts the velocity of flow matching, noise less picture, for all cells at once.

    Inside it predicts the picture, which lies on far fewer dimensions than the noise does (arXiv:2511.13720).
    """

    @register_to_config  # type: ignore[untyped-decorator]  # diffusers has no types
    def __init__(
        self,
        in_channels: int = 51,
        sample_size: int = GRID,  # noqa: ARG002 - read by the pipeline
        cross_attention_dim: int = 128,
        width: int = 768,
        depth: int = 5,
        context_width: int = 256,
        queries: int = 4,
        time_cond_proj_dim: int | None = None,  # noqa: ARG002 - read by the pipeline
    ) -> None:
        super().__init__()
        values = in_channels * GRID * GRID
        self.asks = nn.Parameter(torch.randn(queries, cross_attention_dim))
        self.answers = nn.Linear(cross_attention_dim, cross_attention_dim)
        self.words = nn.Linear(queries * cross_attention_dim, context_width)
        self.level = nn.Sequential(nn.Linear(128, context_width), nn.SiLU(), nn.Linear(context_width, context_width))
        self.context = nn.Sequential(nn.SiLU(), nn.Linear(context_width, context_width), nn.SiLU())
        self.enter = nn.Linear(values, width)
        self.blocks = nn.ModuleList(_Block(width, context_width) for _ in range(depth))
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, values))

    def predict(self, sample: torch.Tensor, level: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Return the picture's latents that `sample` is likely made of.

        Args:
            sample: (B, C, 4, 4), (1 - level) * picture + level * noise.
            level: (B,), 0 to 1.
            hidden: (B, T, D) last hidden states of the text encoder.
        """
        scores = torch.einsum("qd,btd->bqt", self.asks, self.answers(hidden)) / math.sqrt(hidden.shape[-1])
        told = (scores.softmax(-1) @ hidden).flatten(1)
        context = self.context(self.words(told) + self.level(_waves(level).to(told.dtype)))
        rows = self.enter(sample.flatten(1))
        for block in self.blocks:
            rows = block(rows, context)
        made: torch.Tensor = self.leave(rows)
        return made.reshape(sample.shape)

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        return_dict: bool = False,  # noqa: ARG002, FBT001, FBT002 - as diffusers calls it
        **_: Any,  # noqa: ANN401
    ) -> tuple[torch.Tensor]:
        """Return the velocity, in a tuple.

        Raises:
            ValueError: the latents are not 4 x 4.
        """
        _check_grid(sample)
        level = (timestep / 1000).float().expand(len(sample))
        picture = self.predict(sample, level, encoder_hidden_states)
        return ((sample - picture) / level.clamp(min=0.01)[:, None, None, None].to(sample.dtype),)


def _waves(level: torch.Tensor) -> torch.Tensor:
    """Return (B, 128) sines and cosines; in single precision, for the quickest turn a thousand times."""
    angles = level.float()[:, None] * torch.exp(torch.linspace(0, math.log(1000), 64, device=level.device))
    return torch.cat([angles.sin(), angles.cos()], -1)


def _check_grid(latents: torch.Tensor) -> None:
    if latents.shape[-2:] != (GRID, GRID):
        raise ValueError(f"this model draws {OUT} x {OUT} pictures only")
