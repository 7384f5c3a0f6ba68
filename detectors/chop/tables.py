"""The files of chop-clip: where they lie, which they have to be, and how they are read.

Three files, all made by `training`: the tower that looks at drawings, the tables that turn what `provenance.sight` sees
of a photograph into a direction, and the texts of the shipped banks, embedded ahead of time, so that screening reads
no text. Each is checked against its digest before it is used.
"""

import io
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from provenance.asset import Digest, sha256_hex
from provenance.errors import WeightsError

FOLDER: Final = Path(__file__).parents[1] / "models" / "chop-clip"
DRAWINGS: Final = "drawings.onnx.xz"
TABLES: Final = "tables.npz"
BANKS: Final = "banks.npz"

Tables = Mapping[str, NDArray[np.float32]]


def read_file(name: str, digests: Mapping[str, str], folder: Path = FOLDER) -> bytes:
    """Return a file of the model.

    Args:
        name: of the file.
        digests: file name to the SHA-256 that it has to have.
        folder: where it lies.

    Raises:
        WeightsError: it is missing, or not the one that this version was tested with.
    """
    try:
        data = (folder / name).read_bytes()
    except OSError as exc:
        raise WeightsError(f"{name} of chop-clip is not where the package has it: install chopmark again") from exc
    digest = sha256_hex(data)
    if digest != digests.get(name):
        expected = f"{digests[name][:12]}…" if name in digests else "on its card, which has none"
        raise WeightsError(f"{name} of chop-clip: expected SHA-256 {expected}, got {digest[:12]}…")
    return data


def unpack_network(data: bytes) -> bytes:
    """Return the ONNX file within; its weights are whole numbers of five bits, which xz packs well."""
    return lzma.decompress(data)


def parse_tables(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Return each table as floats; one kept as whole numbers beside ``<name>.scale`` is widened by that.

    Raises:
        WeightsError: it is no archive of arrays.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            kept = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as exc:
        raise WeightsError(f"tables of chop-clip cannot be read: {exc}") from exc
    wide = {name: array.astype(np.float32) for name, array in kept.items() if not name.endswith(".scale")}
    for name in wide:
        if f"{name}.scale" in kept:
            wide[name] *= kept[f"{name}.scale"].astype(np.float32)
    return wide


def pack_table(
    array: NDArray[np.float32], name: str, axis: int = 0, bits: int = 8
) -> dict[str, NDArray[np.int8] | NDArray[np.float32]]:
    """Return a matrix as whole numbers, named as `parse_tables` reads it.

    Args:
        array: (N, M).
        name: of the table.
        axis: along which a scale is shared: 0 has one for each column, 1 for each row.
        bits: of each number; fewer of them pack smaller.
    """
    most = 2 ** (bits - 1) - 1
    scale = np.maximum(np.abs(array).max(axis=axis, keepdims=True), 1e-12).astype(np.float32) / most
    return {name: np.round(array / scale).astype(np.int8), f"{name}.scale": scale}


def rows_key(digest: Digest, world: str) -> str:
    """Return under which name the rows of a bank lie in `BANKS`: its texts, embedded for one of both worlds."""
    return f"{digest}.{world}"
