"""Weights out of a compiled library: named arrays of an ELF file, and how the network is put together."""

import struct

import numpy as np
import pytest

from training.faces import OUTPUTS, read_arrays


def library(symbols, data, names=b"\0backbone_weight\0main\0"):
    """Return an ELF file of one data section, its symbols and their names."""
    head, entry = 64, 24
    table = b"".join(struct.pack("<IBBHQQ", *symbol) for symbol in symbols)
    data_at, table_at = head, head + len(data)
    names_at = table_at + len(table)
    sections_at = names_at + len(names)
    rows = [
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0, 1, 0, 0x4000, data_at, len(data), 0, 0, 4, 0),
        (0, 2, 0, 0, table_at, len(table), 3, 0, 8, entry),
        (0, 3, 0, 0, names_at, len(names), 0, 0, 1, 0),
    ]
    header = bytearray(head)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", header, 40, sections_at)
    struct.pack_into("<HH", header, 58, 64, len(rows))
    return bytes(header) + data + table + names + b"".join(struct.pack("<IIQQQQIIQQ", *row) for row in rows)


def test_named_arrays_are_read_as_floats():
    data = struct.pack("<4f", 9.0, 0.5, -1.25, 3.0)
    made = library([(1, 1, 0, 1, 0x4004, 8), (17, 2, 0, 1, 0x4000, 4)], data)
    arrays = read_arrays(made)
    assert list(arrays) == ["backbone_weight"]
    assert arrays["backbone_weight"].tolist() == [0.5, -1.25]


@pytest.mark.parametrize("unread", [b"", b"MZ" + bytes(200), b"\x7fELF\x01\x01" + bytes(200)])
def test_what_is_no_such_library_is_refused(unread):
    with pytest.raises(ValueError, match="expected a 64-bit little-endian ELF library"):
        read_arrays(unread)


def test_a_stripped_library_is_refused():
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    with pytest.raises(ValueError, match="stripped"):
        read_arrays(bytes(header))


def test_the_network_has_every_weight_of_the_library_in_the_shape_that_it_is_used():
    onnx = pytest.importorskip("onnx", reason="needs the group 'training'")
    from training.faces import build_model

    arrays = made_up_arrays()
    model = build_model(arrays)
    assert [one.name for one in model.graph.output] == list(OUTPUTS)
    kept = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    deep = "backbone__model1_dp2_dw_weight"
    assert kept[deep].shape == (32, 1, 3, 3)
    assert np.array_equal(kept[deep][5, 0].ravel(), arrays[deep].reshape(9, 32)[:, 5])
    assert kept["backbone__model0_pw_weight"].shape == (16, 3, 3, 3)


def made_up_arrays():
    random = np.random.default_rng(0)
    widths = {"backbone__model0_dp": (16, 16), "backbone__model1_dp1": (16, 16), "backbone__model1_dp2": (16, 32),
              "backbone__model2_dp1": (32, 32), "backbone__model2_dp2": (32, 64)}  # fmt: skip
    widths |= {f"backbone__model{stage}_dp{part}": (64, 64) for stage in (3, 4, 5) for part in (1, 2)}
    widths |= {f"neck__lateral_convs__{level}": (64, 64) for level in range(3)}
    heads = {"cls": 1, "obj": 1, "bbox": 4}
    widths |= {f"bbox_head__multi_level_{what}__{level}": (64, n) for what, n in heads.items() for level in range(3)}
    arrays = {"backbone__model0_pw_weight": random.normal(size=512), "backbone__model0_pw_bias": random.normal(size=16)}
    for name, (came, goes) in widths.items():
        arrays[f"{name}_pw_weight"] = random.normal(size=came * goes)
        arrays[f"{name}_dw_weight"] = random.normal(size=goes * 9)
        arrays |= {f"{name}_{part}_bias": random.normal(size=goes) for part in ("pw", "dw")}
    return {name: array.astype(np.float32) for name, array in arrays.items()}
