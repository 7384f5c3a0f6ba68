"""The two parts of chop-draw that diffusers does not have; the rest is its own Stable Diffusion pipeline.

A picture is a code: so much of each of a few hundred basis pictures, and the colour behind. The denoiser takes noise
to a code by flow matching, led by words; the decoder adds the basis pictures up and brings the sum to 512 x 512. Both
have to be imported before a pipeline that names them is loaded: diffusers imports no module for a folder's sake.
"""

import math
from typing import Any, Final

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn
from torch.nn import functional

# Stable Diffusion's pipeline halves a picture's sides this often; 512 becomes latents of 1 x 1.
_HALVINGS: Final = 9
_BACKGROUND: Final = 3
_EDGE: Final = (0.3, 0.7)


class PictureDecoder(ModelMixin, ConfigMixin):
    """Turns codes into pictures: a mean and basis pictures with transparency, on one colour.

    Limits: pictures are as sharp as `side` pixels allow; only the outline is sharpened on the way to 512.
    """

    @register_to_config
    def __init__(self, code_size: int = 448, side: int = 64, scaling_factor: float = 1.0) -> None:  # noqa: ARG002 - read by the pipeline
        super().__init__()
        self.register_to_config(block_out_channels=[1] * (_HALVINGS + 1), latent_channels=code_size + _BACKGROUND)
        self.mean = nn.Parameter(torch.zeros(4 * side * side))
        self.basis = nn.Parameter(torch.zeros(code_size, 4 * side * side))
        self.spread = nn.Parameter(torch.ones(code_size))

    def decode(self, z: torch.Tensor, return_dict: bool = True, generator: Any = None) -> Any:  # noqa: ANN401, ARG002, FBT001, FBT002
        """Return (B, 3, 512, 512) pictures, -1 to 1, for (B, C, 1, 1) codes; a tuple as diffusers' own decoders do."""
        code = z.mean(dim=(2, 3))
        flat = self.mean + (code[:, :-_BACKGROUND] * self.spread) @ self.basis
        side = self.config.side
        small = flat.view(-1, 4, side, side)
        large = functional.interpolate(small, scale_factor=2**_HALVINGS // side, mode="bicubic", align_corners=False)
        cover = large[:, 3:].clamp(0, 1)
        paint = large[:, :3] / cover.clamp(min=0.25)
        low, high = _EDGE
        rise = ((cover - low) / (high - low)).clamp(0, 1)
        crisp = rise * rise * (3 - 2 * rise)
        below = (code[:, -_BACKGROUND:] * 0.5 + 0.5).clamp(0, 1)[:, :, None, None]
        picture = (paint.clamp(0, 1) * crisp + below * (1 - crisp)) * 2 - 1
        return (picture,)


class _Block(nn.Module):
    """One residual step, shifted and scaled by what words and noise level ask for."""

    def __init__(self, width: int, lead: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.lead = nn.Linear(lead, 2 * width)
        self.wide = nn.Linear(width, 2 * width)
        self.back = nn.Linear(2 * width, width)

    def forward(self, rows: torch.Tensor, lead: torch.Tensor) -> torch.Tensor:
        scale, shift = self.lead(lead).chunk(2, dim=1)
        inner = self.norm(rows) * (1 + scale) + shift
        return rows + self.back(functional.silu(self.wide(inner)))


class CodeDenoiser(ModelMixin, ConfigMixin):
    """Predicts the velocity, noise less code, of a noisy code under words.

    What a linear filter knows, from each number's own spread alone, is worked out (after arXiv:2206.00364); the network
    learns the rest.
    """

    @register_to_config
    def __init__(
        self,
        in_channels: int = 451,
        width: int = 512,
        depth: int = 3,
        queries: int = 8,
        text_width: int = 128,
        sample_size: int = 1,  # noqa: ARG002 - read by the pipeline
        time_cond_proj_dim: int | None = None,  # noqa: ARG002 - read by the pipeline
    ) -> None:
        super().__init__()
        self.spread = nn.Parameter(torch.ones(in_channels))
        self.asked = nn.Parameter(torch.randn(queries, text_width) * 0.3)
        self.hear = nn.Sequential(nn.Linear(queries * text_width, width), nn.SiLU(), nn.Linear(width, width))
        self.when = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.enter = nn.Linear(in_channels, width)
        self.blocks = nn.ModuleList(_Block(width, width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, in_channels)

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor | float,
        encoder_hidden_states: torch.Tensor,
        **_: Any,  # noqa: ANN401 - what Stable Diffusion passes and this does not need
    ) -> tuple[torch.Tensor]:
        """Return the velocity, as (B, C, 1, 1), in a tuple."""
        code = sample.mean(dim=(2, 3))
        level = torch.as_tensor(timestep, device=code.device, dtype=code.dtype).reshape(-1).expand(len(code)) / 1000
        return (self.velocity(code, level, encoder_hidden_states)[:, :, None, None].expand_as(sample),)

    def velocity(self, code: torch.Tensor, level: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return (B, C) for codes at noise levels 0 to 1."""
        noise, clean = level[:, None], 1 - level[:, None]
        whole = (clean**2 * self.spread**2 + noise**2).sqrt()
        known = code * (noise - clean * self.spread**2) / whole**2
        return known + self._rest(code / whole, level, words) * self.spread / whole

    def _rest(self, code: torch.Tensor, level: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        attention = (words @ self.asked.T / math.sqrt(words.shape[-1])).softmax(dim=1)
        heard = (attention.transpose(1, 2) @ words).flatten(1)
        waves = level[:, None] * torch.exp(torch.linspace(0, 6, 32, device=level.device, dtype=level.dtype))
        lead = self.hear(heard) + self.when(torch.cat([waves.sin(), waves.cos()], dim=1))
        lead = functional.silu(lead)
        rows = self.enter(code)
        for block in self.blocks:
            rows = block(rows, lead)
        out: torch.Tensor = self.leave(self.norm(rows))
        return out
