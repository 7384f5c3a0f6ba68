"""What words mean among drawings: the text tower that chop-clip's eyes for drawings were learned with.

A small transformer of CLIP's kind, six layers of 128 numbers, in whole numbers of a few bits. It reads English, and
some Chinese; `reads` says of a text whether it does, and any other is left to the sentence encoder. Runs on numpy, some
milliseconds a text: only a bank of your own needs it, once. Made by `training.words`.
"""

import io
import lzma
import math
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.cards import load_card
from detectors.chop.tables import read_file
from detectors.chop.tokens import Tokens, find_words
from detectors.lexicon import is_english
from detectors.lexicon import load_words as load_listed
from detectors.segmentation import is_han
from provenance.errors import WeightsError

WORDS: Final = "words.npz.xz"
CONTEXT: Final = 32
"""Tokens of a text that are read, its start and its end included."""
HEADS: Final = 4
_EPSILON: Final = 1e-5
_FOREIGN: Final = load_listed("foreign")
"""Small words of other languages that English also has."""

Rows = NDArray[np.float32]


class WordTower:
    """The tower, loaded; safe for any number of threads."""

    def __init__(self, tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the tables of `WORDS`; `load_words` is the usual door."""
        self.tokens: Final = Tokens(tables["merges"].tobytes().decode().split("\n"))
        self._whole, self._scale = tables["tokens"], tables["tokens.scale"]
        self._tables: Final = {
            name: array.astype(np.float32) * tables.get(f"{name}.scale", np.float32(1))
            for name, array in tables.items()
            if name not in {"merges", "tokens"} and not name.endswith(".scale")
        }
        self._layers: Final = sum(name.endswith(".turn_in") for name in tables)

    def embed(self, texts: Sequence[str]) -> Rows:
        """Return (T, 256) rows of length 1; of a long text the first 30 tokens count."""
        rows = [self._embed(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self._tables["out"].shape[1]), np.float32)

    def _embed(self, text: str) -> Rows:
        start = self.tokens.start
        ids = [start, *self.tokens.cut(text)[: CONTEXT - 2], start + 1]
        rows = self._whole[ids].astype(np.float32) * self._scale[ids] + self._tables["places"][: len(ids)]
        for layer in range(self._layers):
            rows = rows + self._attend(self._even(rows, f"{layer}.first"), layer)
            bent = _bend(self._apply(self._even(rows, f"{layer}.second"), f"{layer}.wide"))
            rows = rows + self._apply(bent, f"{layer}.narrow")
        last: Rows = self._even(rows[-1:], "last")[0] @ self._tables["out"]
        return (last / max(float(np.linalg.norm(last)), 1e-12)).astype(np.float32)

    def _apply(self, rows: Rows, name: str) -> Rows:
        applied: Rows = rows @ self._tables[name] + self._tables[f"{name}_bias"]
        return applied

    def _even(self, rows: Rows, name: str) -> Rows:
        centred = rows - rows.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + _EPSILON)
        evened: Rows = centred / spread * self._tables[f"{name}_scale"] + self._tables[f"{name}_shift"]
        return evened

    def _attend(self, rows: Rows, layer: int) -> Rows:
        count, width = rows.shape
        parts = self._apply(rows, f"{layer}.turn_in").reshape(count, 3, HEADS, width // HEADS).transpose(1, 2, 0, 3)
        asked, offered, told = parts
        weights = asked @ offered.transpose(0, 2, 1) / math.sqrt(width // HEADS)
        weights += np.triu(np.full((count, count), -np.inf, np.float32), 1)
        weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
        seen = (weights / weights.sum(axis=-1, keepdims=True)) @ told
        return self._apply(seen.transpose(1, 0, 2).reshape(count, width), f"{layer}.turn_out")


def reads(text: str) -> bool:
    """Return whether the tower reads the language of `text`: half of its words at least are English or Chinese."""
    words = [word for word in find_words(text) if word[0].isalpha()]
    known = sum(all(map(is_han, word)) or (word not in _FOREIGN and is_english(word)) for word in words)
    return bool(words) and 2 * known >= len(words)


def _bend(rows: Rows) -> Rows:
    """Return GELU of `rows`: each times the share of a normal law below it."""
    from scipy.special import erf

    bent: Rows = rows * (0.5 * (1 + erf(rows / math.sqrt(2)))).astype(np.float32)
    return bent


def parse_words(data: bytes) -> WordTower:
    """Return the tower that `data` holds.

    Raises:
        WeightsError: it holds none.
    """
    try:
        with np.load(io.BytesIO(lzma.decompress(data)), allow_pickle=False) as archive:
            return WordTower({name: archive[name] for name in archive.files})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, lzma.LZMAError) as exc:
        raise WeightsError(f"words of chop-clip cannot be read: {exc}") from exc


_LOADING: Final = threading.Lock()


def load_words() -> WordTower:
    """Return the tower that comes with the package; loaded once for the whole process.

    Raises:
        WeightsError: it is missing, or not the one that this version was tested with.
    """
    with _LOADING:
        return _load()


@cache
def _load() -> WordTower:
    return parse_words(read_file(WORDS, load_card("clip").weights))
