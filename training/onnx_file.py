"""Writes a network as one small ONNX file: its large weights as whole numbers, which a session widens when it loads.

Each large weight is rounded to whole numbers of a few bits with a scale for each output channel, the scale that errs
least. Everything that is computed stays in floats, so the file runs as fast as one with wide weights.
"""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

OPSET: Final = 18
_LARGE: Final = 4096
"""Numbers in a weight from which on it is rounded; what is smaller weighs little, and stays as it is."""
_SHRINKS: Final = 26
_WHOLE, _SCALE = ".whole", ".scale"


def export_network(network: nn.Module, example: torch.Tensor, outputs: list[str], bits: int, **dynamic: Any) -> bytes:  # noqa: ANN401 - what torch takes
    """Return `network` as an ONNX file that takes ``pixels``.

    Args:
        network: to be used, not trained.
        example: of its input.
        outputs: what they are called.
        bits: of each large weight.
        dynamic: what else `torch.onnx.export` is told about shapes.
    """
    import onnx

    program = torch.onnx.export(
        network,
        (example,),
        input_names=["pixels"],
        output_names=outputs,
        opset_version=OPSET,
        dynamo=True,
        **dynamic,
    )
    assert program is not None
    model = program.model_proto
    _round(model.graph, bits)
    model.producer_name, model.doc_string = "", ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def read_weight(model: Any, shape: list[int]) -> NDArray[np.float32]:  # noqa: ANN401 - onnx has no types
    """Return the one weight of that shape in a file that `export_network` made, widened."""
    from onnx import numpy_helper

    kept = {one.name: one for one in model.graph.initializer}
    (name,) = (name for name, one in kept.items() if list(one.dims) == shape)
    values = numpy_helper.to_array(kept[name]).astype(np.float32)
    scale = kept.get(name.removesuffix(_WHOLE) + _SCALE)
    wide: NDArray[np.float32] = values if scale is None else values * numpy_helper.to_array(scale)
    return wide


def _round(graph: Any, bits: int) -> None:  # noqa: ANN401 - onnx has no types
    """Keep each large weight as whole numbers behind a cast and a product; sessions fold both when they load."""
    from onnx import TensorProto, helper, numpy_helper

    widening, scales = [], []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < _LARGE:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        # A convolution's outputs come first; what was folded into a product of (in, out) has them last.
        axis = 0 if name.endswith(".weight") else 1
        whole, scale = round_weight(values, axis, bits)
        weight.CopyFrom(numpy_helper.from_array(whole, name + _WHOLE))
        scales.append(numpy_helper.from_array(scale, name + _SCALE))
        widening.append(helper.make_node("Cast", [name + _WHOLE], [f"{name}.wide"], to=TensorProto.FLOAT))
        widening.append(helper.make_node("Mul", [f"{name}.wide", name + _SCALE], [name]))
    nodes = [*widening, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(scales)


def round_weight(values: np.ndarray, axis: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
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
