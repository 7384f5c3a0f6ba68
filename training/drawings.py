"""Makes the tower that looks at drawings: chop-clip's image tower as one ONNX file, its weights in five bits.

    python -m training.drawings CLIP.safetensors OUT

Nothing is learned here. `CLIP.safetensors` is what `training.clip` and `training.vision` trained. Each large weight is
rounded to whole numbers of -15 to 15 with a scale for each output channel, the scale that errs least; a session widens
them when it loads. `OUT` gets ``drawings.onnx.xz``. Then the file is held against the torch model on drawings made by
code, and the least cosine printed.
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

BITS: Final = 5
LEAST_COSINE: Final = 0.97
"""What a drawing's direction may differ by from the torch model's; measured: 0.98 at least, 0.994 on average."""
_LARGE: Final = 4096
_SHRINKS: Final = 26


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
    import onnx

    program = torch.onnx.export(
        tower,
        (torch.zeros(1, DRAWING_SIDE, DRAWING_SIDE, 3),),
        input_names=["pixels"],
        output_names=["direction"],
        opset_version=18,
        dynamo=True,
    )
    assert program is not None
    model = program.model_proto
    _round(model.graph)
    model.producer_name, model.doc_string = "", ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _round(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    """Keep each large weight as whole numbers behind a cast and a product; sessions fold both when they load."""
    from onnx import TensorProto, helper, numpy_helper

    widening, scales = [], []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < _LARGE:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        # A convolution's outputs come first; what was folded into a product of (in, out) has them last.
        axis = 0 if name.endswith(".weight") else 1
        whole, scale = round_weight(values, axis)
        weight.CopyFrom(numpy_helper.from_array(whole, f"{name}.whole"))
        scales.append(numpy_helper.from_array(scale, f"{name}.scale"))
        widening.append(helper.make_node("Cast", [f"{name}.whole"], [f"{name}.wide"], to=TensorProto.FLOAT))
        widening.append(helper.make_node("Mul", [f"{name}.wide", f"{name}.scale"], [name]))
    nodes = [*widening, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(scales)


def round_weight(values: np.ndarray, axis: int, bits: int = BITS) -> tuple[np.ndarray, np.ndarray]:
    """Return whole numbers like `values`, and a scale for each place along `axis`: the one that errs least."""
    most = 2 ** (bits - 1) - 1
    moved = np.moveaxis(values, axis, 0)
    rows = moved.reshape(len(moved), -1)
    tops = np.abs(rows).max(axis=1)
    best, scales = np.full(len(rows), np.inf), np.ones(len(rows))
    for share in np.linspace(0.5, 1, _SHRINKS):
        tried = np.maximum(tops * share / most, 1e-12)[:, None]
        errors = ((np.clip(np.round(rows / tried), -most, most) * tried - rows) ** 2).sum(axis=1)
        better = errors < best
        best[better], scales[better] = errors[better], tried[better, 0]
    whole = np.clip(np.round(rows / scales[:, None]), -most, most).astype(np.int8).reshape(moved.shape)
    shape = [1] * values.ndim
    shape[axis] = -1
    return np.ascontiguousarray(np.moveaxis(whole, 0, axis)), scales.astype(np.float32).reshape(shape)


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
