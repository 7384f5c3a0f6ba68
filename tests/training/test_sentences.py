import struct

import numpy as np

from training.sentences import _LISTED, _cut_blocks, _in_order, read_package


def packed(values, scale):
    nibbles = bytes(low | high << 4 for low, high in zip(values[:16], values[16:], strict=True))
    return np.float16(scale).tobytes() + nibbles


def test_a_block_is_a_scale_and_two_weights_a_byte():
    values = [(3 * place) % 16 for place in range(32)]
    blocks = _cut_blocks(packed(values, 0.5) * 2, 64)
    assert blocks.shape == (1, 2, 18)
    assert np.frombuffer(blocks[0, 0, :2].tobytes(), np.float16)[0] == 0.5
    ordered = _in_order(blocks[..., 2:])[0, 0]
    assert [nibble for byte in ordered.tolist() for nibble in (byte & 15, byte >> 4)] == values


def test_a_package_s_file_is_read(tmp_path):
    pieces, scores = ["<s>", "\u2581a", "字"], [0.0, -1.5, -2.0]
    blob = "".join(pieces).encode()
    ends = [0, *np.cumsum([len(piece.encode()) for piece in pieces]).tolist()]
    folds = struct.pack("<IBI", 0xFF21, 1, ord("A")) + struct.pack("<IB", 0x200B, 0)
    head = b"E5S1" + bytes(40) + struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(blob))
    tables = struct.pack("<4I", *ends) + struct.pack("<3f", *scores) + blob + struct.pack("<iI", 2, len(folds)) + folds
    name = b"emb.word"
    place = len(head) + len(tables) + 4 + 2 + len(name) + 5 + 16
    entry = struct.pack("<iH", 1, len(name)) + name + struct.pack("<BIQQ", 1, 4, place, 4)
    path = tmp_path / "model.bin"
    path.write_bytes(head + tables + entry + b"data")
    package = read_package(path)
    assert package.pieces == pieces
    assert package.scores == scores
    assert package.folds == {0xFF21: "A", 0x200B: ""}
    assert package.tensors == {"emb.word": b"data"}


def test_every_line_of_listed_words_names_its_language():
    lines = [line.split() for line in _LISTED.read_text(encoding="utf-8").splitlines()]
    assert len({line[0] for line in lines}) == len(lines) > 30
    assert all(2 <= len(line[0]) <= 3 and len(line) > 20 for line in lines)
