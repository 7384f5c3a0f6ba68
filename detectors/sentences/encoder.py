"""multilingual-e5-small through ONNX Runtime: a sentence in any common language becomes a direction.

Sentences that mean the same lie close together, whatever language each is in. Two files lie beside this module, 25 MB
of weights in four bits and half a MB of pieces, and both are checked against their digests before they are used.
Source: Wang et al. 2024 (arXiv:2402.05672), intfloat/multilingual-e5-small, MIT; made by `training.sentences`.
"""

import hashlib
import io
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.sentences.pieces import Pieces
from provenance.asset import sha256_hex
from provenance.errors import WeightsError
from provenance.inference import load_session

WEIGHTS: Final = "sentences.onnx"
PIECES: Final = "pieces.npz"
HEAD: Final = "head.npz"
"""What a prompt's direction says: `detectors.meaning` reads it."""
DIGESTS: Final = {
    WEIGHTS: "1ad0f751526f299ef2f32618289f0b1039c7ba36bd6e6ffe2b1167dfb1327eae",
    PIECES: "46a177dcf7eec8c55e5b27b152c8569bc6f843fe386f197f4a886c04121a6a6e",
    HEAD: "0f9fba3c6e0e592a2a72365378550d3bfc6fd7bf631627b3f93f5d8d13041ae4",
}
WIDTH: Final = 384
"""Numbers of one direction."""
LONGEST: Final = 128
"""Pieces of a text that are read, the two at its ends included: what stands behind them is not."""
_BEGIN: Final = 0
_END: Final = 2
# The model's card asks for this in front of every text that is compared with its like.
_PREFIX: Final = "query: "
# No piece is longer than 16 signs: more of a text is never needed.
_MOST_SIGNS: Final = 16 * LONGEST
# Who asks for a picture asks again in nearly the same words: directions are kept (4 MB), under digests of their pieces,
# so that no prompt stays in memory.
_ROWS_KEPT: Final = 2048
_KEY_BYTES: Final = 16


class Encoder:
    """The encoder, loaded; safe for any number of threads."""

    def __init__(self, weights: bytes, pieces: Pieces) -> None:
        """Load `weights` as they are; `load_encoder`, which knows whose they are, is the usual door."""
        self._session = load_session(weights)
        self._pieces = pieces
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()
        self._prefix = pieces.cut(_PREFIX)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (n, 384) float32 rows of length 1, one for each text.

        A lone surrogate counts as an unknown sign, a text of blanks as the empty one. Of a long text the first 124
        pieces or so count, about 80 words: whoever wants the rest cuts it into windows.
        """
        return np.array([self._find(text) for text in texts], np.float32).reshape(-1, WIDTH)

    def _find(self, text: str) -> NDArray[np.float32]:
        """Return one row; of pieces that were met lately, the one that was found then."""
        # One by one: bytes are scaled by the largest number of a run, and no text's answer may hang on its neighbours.
        ids = np.array([self._line(text)], np.int64)
        key = hashlib.blake2b(ids.tobytes(), digest_size=_KEY_BYTES).digest()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        means = self._session.run(["means"], {"ids": ids})[0]
        row: NDArray[np.float32] = (means / np.linalg.norm(means, axis=1, keepdims=True))[0]
        with self._lock:
            self._kept[key] = row
            if len(self._kept) > _ROWS_KEPT:
                self._kept.popitem(last=False)
        return row

    def cut(self, text: str) -> list[int]:
        """Return the numbers of the pieces of `text`, in order."""
        return self._pieces.cut(text)

    def _line(self, text: str) -> list[int]:
        room = LONGEST - 2 - len(self._prefix)
        return [_BEGIN, *self._prefix, *self._pieces.cut(text[:_MOST_SIGNS])[:room], _END]


_LOADING: Final = threading.Lock()


def load_encoder() -> Encoder:
    """Return the encoder that comes with the package; loaded once for the whole process, in a fifth of a second.

    Raises:
        WeightsError: a file is missing, or not the one that this version was tested with.
    """
    with _LOADING:
        return _load()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return (n, 384) float32 rows of length 1, one for each text: `Encoder.encode` of the encoder that comes along.

    Raises:
        WeightsError: a file is missing, or not the one that this version was tested with.
    """
    return load_encoder().encode(texts)


@cache
def _load() -> Encoder:
    weights, data = read_file(WEIGHTS), read_file(PIECES)
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        pieces = archive["pieces"].tobytes().decode().split("\n")
        folds = json.loads(archive["folds"].tobytes())
        places = {piece: place for place, piece in enumerate(pieces) if place > _END + 1}
        known = Pieces(places, archive["scores"].tolist(), {int(given): said for given, said in folds.items()})
    return Encoder(weights, known)


def read_file(name: str) -> bytes:
    """Return one of the files that come with the package.

    Raises:
        WeightsError: it is missing, or not the one that this version was tested with.
    """
    try:
        data = files("detectors.sentences").joinpath(name).read_bytes()
    except OSError as exc:
        raise WeightsError(f"{name} is not where the package has it: install chopmark again") from exc
    digest = sha256_hex(data)
    if digest != DIGESTS[name]:
        raise WeightsError(f"expected {name} with SHA-256 {DIGESTS[name][:12]}…, got {digest[:12]}…")
    return data
