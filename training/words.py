"""Makes the tower that says what words mean among drawings: chop-clip's text tower, in whole numbers of a few bits.

    python -m training.words CLIP.safetensors OUT

Nothing is learned here. `CLIP.safetensors` is what `training.clip` trained; its image tower became ``drawings.onnx.xz``
by `training.drawings`. Tokens get fewer bits than the rest, and those none that were neither learned nor begun with a
word's vector, which their length tells. Words that no English list has are kept: without names of countries and such
3 % fewer drawings were named rightly. `OUT` gets ``words.npz.xz``, the same bytes every time. Then it is held against
the torch model on plain words, and the least cosine printed.
"""

import io
import lzma
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.chop.words import WORDS, WordTower, parse_words
from training.measure_clip import load_net
from training.onnx_file import round_weight

TOKEN_BITS: Final = 4
BITS: Final = 5
LEAST_COSINE: Final = 0.95
_LARGE: Final = 4096
_UNLEARNED: Final = 0.28
"""Length of a token's numbers up to which it stands where chance put it: 0.23 on average."""
_LAYERS: Final = 6
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
Arrays = Mapping[str, NDArray[Any]]
SAID: Final = (
    "a cat",
    "a red apple",
    "an icon of a fire engine",
    "money",
    "two people holding hands",
    "a glass of wine",
)


def name_tables(state: Arrays) -> dict[str, NDArray[np.float32]]:
    """Return the tower's weights as `detectors.chop.words` names them, each to be multiplied from the right."""
    wide = {name: value.astype(np.float32) for name, value in state.items() if not name.startswith("visual.")}
    tables = {"tokens": wide["token_embedding.weight"], "places": wide["positional_embedding"]}
    tables |= {"last_scale": wide["ln_final.weight"], "last_shift": wide["ln_final.bias"]}
    tables["out"] = wide["text_projection"]
    for layer in range(_LAYERS):
        own = f"transformer.resblocks.{layer}."
        for norm, name in (("ln_1", "first"), ("ln_2", "second")):
            tables[f"{layer}.{name}_scale"] = wide[f"{own}{norm}.weight"]
            tables[f"{layer}.{name}_shift"] = wide[f"{own}{norm}.bias"]
        tables[f"{layer}.turn_in"] = wide[f"{own}attn.in_proj_weight"].T
        tables[f"{layer}.turn_in_bias"] = wide[f"{own}attn.in_proj_bias"]
        for place, name in (("attn.out_proj", "turn_out"), ("mlp.c_fc", "wide"), ("mlp.c_proj", "narrow")):
            tables[f"{layer}.{name}"] = wide[f"{own}{place}.weight"].T
            tables[f"{layer}.{name}_bias"] = wide[f"{own}{place}.bias"]
    return tables


def pack_words(state: Arrays, merges: list[str]) -> bytes:
    """Return the file that `detectors.chop.words.parse_words` reads.

    Args:
        state: the weights, as numpy has them.
        merges: of the vocabulary, in their order: as many tokens count, and the two that begin and end a text.
    """
    tables = name_tables(state)
    tables["tokens"] = np.concatenate([tables["tokens"][: 512 + len(merges)], tables["tokens"][-2:]])
    packed: dict[str, NDArray[Any]] = {"merges": np.frombuffer("\n".join(merges).encode(), np.uint8)}
    for name, values in tables.items():
        if values.size < _LARGE:
            packed[name] = values.astype(np.float16)
            continue
        if name == "tokens":
            packed |= round_tokens(values)
        else:
            packed[name], packed[f"{name}.scale"] = round_weight(values, 1, BITS)
    return lzma.compress(_zip(packed), preset=9 | lzma.PRESET_EXTREME)


def round_tokens(values: NDArray[np.float32]) -> Arrays:
    """Return the tokens and their scales; what learned nothing is left at zero."""
    chosen = np.linalg.norm(values, axis=1) > _UNLEARNED
    whole = np.zeros(values.shape, np.int8)
    scale = np.zeros((len(values), 1), np.float16)
    whole[chosen], scale[chosen] = round_weight(values[chosen], 0, TOKEN_BITS)
    return {"tokens": whole, "tokens.scale": scale}


def _zip(arrays: Arrays) -> bytes:
    """Return what `numpy.savez` makes, but for the time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, values in sorted(arrays.items()):
            file = io.BytesIO()
            np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EARLIEST), file.getvalue())
    return buffer.getvalue()


def read_merges(count: int | None = None) -> list[str]:
    """Return the first merges of CLIP's vocabulary, as they come with open_clip; all of them unless told how many."""
    import gzip

    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    from open_clip.tokenizer import default_bpe

    lines = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")
    everything = lines[1 : 49_152 - 256 - 2 + 1]
    return everything[:count]


def compare(words: WordTower, net: Any) -> float:  # noqa: ANN401 - a ClipNet
    """Return the least cosine between what the file and the torch model say of plain words."""
    return float((words.embed(SAID) * net.embed_texts(list(SAID))).sum(axis=1).min())


def main(arguments: list[str]) -> None:
    """Make the file in the folder named."""
    from safetensors.numpy import load_file

    path = Path(arguments[1]) / WORDS
    data = pack_words(load_file(arguments[0]), read_merges())
    path.write_bytes(data)
    least = compare(parse_words(data), load_net(Path(arguments[0])))
    print(f"{path}: {path.stat().st_size} bytes, cosine {least:.4f} at least")  # noqa: T201 - a command
    if least < LEAST_COSINE:
        sys.exit(f"expected {LEAST_COSINE} at least")


if __name__ == "__main__":
    main(sys.argv[1:])
