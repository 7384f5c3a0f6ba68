"""Makes the tower that looks at drawings: chop-clip's image tower as one ONNX file, its weights in five bits.

    python -m training.drawings CLIP.safetensors OUT

Nothing is learned here. `CLIP.safetensors` is what `training.clip` and `training.vision` trained; its weights are
rounded by `training.onnx_file`. `OUT` gets ``drawings.onnx.xz``. Then the file is held against the torch model on
drawings made by code, and the least cosine printed.
"""

import lzma
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from detectors.chop.model import DRAWING_SIDE
from detectors.chop.tables import DRAWINGS
from training.measure_clip import load_net
from training.onnx_file import export_network

BITS: Final = 5
LEAST_COSINE: Final = 0.97
"""What a drawing's direction may differ by from the torch model's; measured: 0.98 at least, 0.994 on average."""


class Tower(nn.Module):  # type: ignore[misc]  # torch is not followed
    """The image tower with pixels as its input: its scaling is part of it."""

    def __init__(self, net: Any) -> None:  # noqa: ANN401 - a ClipNet
        super().__init__()
        self.visual = net._visual  # noqa: SLF001 - what is to be exported
        self.register_buffer("mean", torch.tensor(net.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(net.std).view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (1, 256) rows of length 1 for (1, 128, 128, 3) float pixels, 0-255."""
        scaled = (pixels.permute(0, 3, 1, 2) / 255 - self.mean) / self.std
        return torch.nn.functional.normalize(self.visual(scaled), dim=-1)


def export(tower: nn.Module) -> bytes:
    """Return `tower` as an ONNX file, its large weights in `BITS` bits."""
    return export_network(tower, torch.zeros(1, DRAWING_SIDE, DRAWING_SIDE, 3), ["direction"], BITS)


def compare(tower: nn.Module, model: bytes, count: int = 32) -> float:
    """Return the least cosine between what `tower` and the file say of drawings: discs and bars in flat colours."""
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    random, least = np.random.default_rng(0), 1.0
    rows, columns = np.mgrid[:DRAWING_SIDE, :DRAWING_SIDE]
    for _ in range(count):
        pixels = np.full((1, DRAWING_SIDE, DRAWING_SIDE, 3), 255, np.float32)
        for _ in range(3):
            top, left, size = random.integers(10, 100, 3)
            disc = (rows - top) ** 2 + (columns - left) ** 2 < (size // 2) ** 2
            bar = (abs(rows - top) < size // 6) & (abs(columns - left) < size // 2)
            pixels[0, disc if random.random() < 0.5 else bar] = random.integers(0, 256, 3)
        with torch.inference_mode():
            expected = tower(torch.from_numpy(pixels)).numpy()
        least = min(least, float((session.run(None, {"pixels": pixels})[0] * expected).sum()))
    return least


def main(arguments: list[str]) -> None:
    """Make the file in the folder named."""
    path = Path(arguments[1]) / DRAWINGS
    tower = Tower(load_net(Path(arguments[0]))).eval()
    model = export(tower)
    path.write_bytes(lzma.compress(model, preset=9 | lzma.PRESET_EXTREME))
    print(f"{path}: {path.stat().st_size} bytes, cosine {compare(tower, model):.4f} at least")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
