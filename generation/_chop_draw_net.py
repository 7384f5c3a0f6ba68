"""The one part of chop-draw that diffusers does not have; the rest is its own Stable Diffusion pipeline.

Latents of 16 x 16 become 128 x 128 pixels by a few convolutions that all work at 16 x 16, then 512 x 512 by bicubic
interpolation. This module has to be imported before a pipeline that names it is loaded: diffusers imports no module
for a folder's sake.
"""

from typing import Any, Final

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import nn
from torch.nn import functional

# Stable Diffusion's pipeline halves a picture's sides this often: 512 pixels are 16 latents.
_HALVINGS: Final = 5


class PictureDecoder(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers has no types
    """Turns latents into pictures, 32 pixels a latent.

    Limits: it decodes only, so there is no image-to-image; edges are as sharp as a quarter of the size allows.
    """

    @register_to_config  # type: ignore[untyped-decorator]  # diffusers has no types
    def __init__(
        self,
        latent_channels: int = 16,
        width: int = 256,
        patch: int = 8,
        scaling_factor: float = 1.0,  # noqa: ARG002 - read by the pipeline
    ) -> None:
        super().__init__()
        self.register_to_config(block_out_channels=[width] * (_HALVINGS + 1))
        self.enter = nn.Conv2d(latent_channels, width, 3, padding=1)
        self.near = nn.Conv2d(width, width, 3, padding=1)
        self.own = nn.Conv2d(width, width, 1)
        self.leave = nn.Conv2d(width, 3 * patch * patch, 1)

    def small(self, latents: torch.Tensor) -> torch.Tensor:
        """Return (B, 3, 8 H, 8 W) pictures, about -1 to 1."""
        rows = functional.silu(self.enter(latents))
        rows = rows + functional.silu(self.near(rows))
        rows = rows + functional.silu(self.own(rows))
        made: torch.Tensor = functional.pixel_shuffle(self.leave(rows), self.config.patch)
        return made

    def decode(self, z: torch.Tensor, return_dict: bool = False, generator: Any = None) -> tuple[torch.Tensor]:  # noqa: ANN401, ARG002, FBT001, FBT002 - as diffusers calls it
        """Return (B, 3, 32 H, 32 W) pictures, in a tuple."""
        times = 2**_HALVINGS // self.config.patch
        large = functional.interpolate(self.small(z), scale_factor=times, mode="bicubic", align_corners=False)
        return (large.clamp(-1, 1),)
