"""Makes the network that finds faces: YuNet's weights out of a package's compiled library, as one ONNX file.

    python -m training.faces LIBRARY OUT

Nothing is learned here. Package `yuface` 2023.5.1 is libfacedetection (Shiqi Yu, BSD-3-Clause) built into
``libfacedetection.so``, whose table of symbols names every array of weights; the library is read as a file and never
run. `OUT` gets ``faces.onnx``, which takes pictures of any sides that are multiples of 32.
Source: github.com/ShiqiYu/libfacedetection, src/facedetectcnn-model.cpp for what follows what;
doi 10.1007/s11633-023-1423-y.
"""

import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

OUTPUTS: Final = ("near", "middle", "far")
"""(1, 6, H / s, W / s) for a stride s of 8, 16, 32: class and object as logits, then where a box's centre lies from the
cell's corner and the logarithms of its sides, all in strides."""

OPSET: Final = 18

# System V ABI, ELF-64: a section header and a symbol; a symbol of kind 1 is an array.
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_SYMTAB: Final = 2
_OBJECT: Final = 1


def read_arrays(library: bytes) -> dict[str, NDArray[np.float32]]:
    """Return every named array of a 64-bit ELF library that lies in its data, as floats, by its symbol's name.

    Raises:
        ValueError: it is no such library, or is without a table of symbols.
    """
    if library[:6] != b"\x7fELF\x02\x01":
        raise ValueError("expected a 64-bit little-endian ELF library")
    at, size, count = struct.unpack_from("<Q", library, 40)[0], *struct.unpack_from("<HH", library, 58)
    sections = [_SECTION.unpack_from(library, at + size * one) for one in range(count)]
    tables = [one for one in sections if one[1] == _SYMTAB]
    if not tables:
        raise ValueError("the library is stripped: its arrays have no names")
    names = sections[tables[0][6]]
    arrays = {}
    for place in range(tables[0][4], tables[0][4] + tables[0][5], _SYMBOL.size):
        name_at, info, _, section, value, length = _SYMBOL.unpack_from(library, place)
        if info & 15 != _OBJECT or not 0 < section < count or length % 4:
            continue
        start = names[4] + name_at
        name = library[start : library.index(b"\0", start)].decode()
        home = sections[section]
        offset = value - home[3] + home[4]
        arrays[name] = np.frombuffer(library[offset : offset + length], "<f4").copy()
    return arrays


@dataclass(slots=True)
class _Graph:
    """The nodes and weights of an ONNX graph while it grows; each method returns the name of its output."""

    arrays: Mapping[str, NDArray[np.float32]]
    nodes: list[Any] = field(default_factory=list)
    weights: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - as onnx takes them
        import onnx

        output = f"t{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def head(self, name: str) -> str:
        """The first layer, 3x3 with a stride of 2: 27 weights a filter, as many zeros as fill up 32."""
        rows = self.arrays[f"{name}_weight"].reshape(16, 32)[:, :27].reshape(16, 3, 3, 3)
        kept = np.ascontiguousarray(rows.transpose(0, 3, 1, 2))
        self.weights[f"{name}_weight"], self.weights[f"{name}_bias"] = kept, self.arrays[f"{name}_bias"]
        out = self.add("Conv", "pixels", f"{name}_weight", f"{name}_bias", strides=[2, 2], pads=[1, 1, 1, 1])
        return self.add("Relu", out)

    def pair(self, x: str, name: str, *, bends: bool = True) -> str:
        """A layer of single pixels, then one of 3x3 a channel."""
        channels = self.arrays[f"{name}_pw_bias"].size
        self.weights[f"{name}_pw_weight"] = self.arrays[f"{name}_pw_weight"].reshape(channels, -1, 1, 1)
        # The library keeps one pixel of all channels beside the next.
        across = self.arrays[f"{name}_dw_weight"].reshape(3, 3, 1, channels)
        self.weights[f"{name}_dw_weight"] = np.ascontiguousarray(across.transpose(3, 2, 0, 1))
        for part in ("pw", "dw"):
            self.weights[f"{name}_{part}_bias"] = self.arrays[f"{name}_{part}_bias"]
        x = self.add("Conv", x, f"{name}_pw_weight", f"{name}_pw_bias")
        x = self.add("Conv", x, f"{name}_dw_weight", f"{name}_dw_bias", pads=[1, 1, 1, 1], group=channels)
        return self.add("Relu", x) if bends else x

    def pool(self, x: str) -> str:
        return self.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    def unit(self, x: str, stage: int) -> str:
        for part in (1, 2):
            x = self.pair(x, f"backbone__model{stage}_dp{part}")
        return x

    def merge(self, coarse: str, fine: str) -> str:
        self.weights["twice"] = np.array([1, 1, 2, 2], np.float32)
        wide = self.add("Resize", coarse, "", "twice", mode="nearest", coordinate_transformation_mode="asymmetric",
                        nearest_mode="floor")  # fmt: skip
        return self.add("Add", wide, fine)

    def answer(self, x: str, level: int) -> str:
        heads = (f"bbox_head__multi_level_{what}__{level}" for what in ("cls", "obj", "bbox"))
        return self.add("Concat", *(self.pair(x, head, bends=False) for head in heads), axis=1)


def build_model(arrays: Mapping[str, NDArray[np.float32]]) -> Any:  # noqa: ANN401 - onnx has no types
    """Return the network as an ONNX model; the points of eyes, nose and mouth are left out."""
    import onnx

    graph = _Graph(arrays)
    x = graph.pool(graph.pair(graph.head("backbone__model0_pw"), "backbone__model0_dp"))
    x = graph.pool(graph.unit(graph.unit(x, 1), 2))
    near = graph.unit(x, 3)
    middle = graph.unit(graph.pool(near), 4)
    far = graph.pair(graph.unit(graph.pool(middle), 5), "neck__lateral_convs__2")
    middle = graph.pair(graph.merge(far, middle), "neck__lateral_convs__1")
    near = graph.pair(graph.merge(middle, near), "neck__lateral_convs__0")
    for level, (x, name) in enumerate(zip((near, middle, far), OUTPUTS, strict=True)):
        graph.nodes.append(onnx.helper.make_node("Identity", [graph.answer(x, level)], [name]))
    value = onnx.helper.make_tensor_value_info
    made = onnx.helper.make_graph(
        graph.nodes,
        "faces",
        [value("pixels", onnx.TensorProto.FLOAT, [1, 3, "height", "width"])],
        [value(name, onnx.TensorProto.FLOAT, [1, 6, f"{name}_rows", f"{name}_columns"]) for name in OUTPUTS],
        [onnx.numpy_helper.from_array(array, name) for name, array in graph.weights.items()],
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Write the network out of a library."""
    library, out = Path(sys.argv[1]), Path(sys.argv[2])
    model = build_model(read_arrays(library.read_bytes()))
    (out / "faces.onnx").write_bytes(model.SerializeToString())
    print(f"{out / 'faces.onnx'}: {(out / 'faces.onnx').stat().st_size} bytes")  # noqa: T201 - what it is run for


if __name__ == "__main__":
    main()
