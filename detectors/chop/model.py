"""chop-clip: one look at a picture tells its kind, names what it shows, and gives a direction that words have, too.

Photographs: the network that finds copies (`provenance.sight`) names a thousand things; the picture's direction is the
mix of what those names mean, in the space of the sentence encoder, with a part that was learned from the network's
last features, so that what has no name of its own leans towards what is like it (ConSE, Norouzi et al. 2014, and a
linear map). Drawings: a small tower of our own that learned from icons and emoji. Which of both counts is for the
picture's kind to say, which a linear head reads off the same look. Everything runs on ONNX Runtime; trusts nothing.
Figures: `docs/models/chop-clip.md`.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.cards import load_card
from detectors.chop.tables import BANKS, DRAWINGS, TABLES, Tables, parse_tables, read_file, unpack_network
from detectors.concept_bank import KINDS
from detectors.pixels import resized
from provenance.asset import Frame
from provenance.inference import load_session
from provenance.media.picture.image import Picture
from provenance.sight.network import SHARED_SIDE, Look, load_network, look_at

DRAWING_SIDE: Final = 128
SURE_LENGTH: Final = 0.78
"""Length of the mix of names from which on they count as sure; one name has 1, of photographs half are over 0.8."""
_LONG: Final = 2.5
"""Longest side by shortest from which on a picture is looked at in parts along it, too."""
_MOST_PARTS: Final = 12
_LEGIBLE: Final = 224
"""Shortest side that a long picture keeps, where it has it: what a square of it is looked at with."""
_LONGEST_SHAPE: Final = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look made of a picture.

    Attributes:
        kinds: share of each of `KINDS`, in that order; together 1.
        names: (1000,) share of each of ImageNet's names.
        photographs: (N, 384) its directions as a photograph: the whole's, then each square's of a long one.
        drawing: (256,) its direction as a drawing, of length 1.
    """

    kinds: NDArray[np.float32]
    names: NDArray[np.float32]
    photographs: NDArray[np.float32]
    drawing: NDArray[np.float32]

    @property
    def kind(self) -> str:
        """The likeliest kind."""
        return KINDS[int(self.kinds.argmax())]


class ChopClip:
    """The model, loaded; safe for any number of threads."""

    def __init__(self, drawings: bytes, tables: Tables) -> None:
        """Take what is already checked; `load_chop_clip` is the usual door.

        Args:
            drawings: the tower that sees drawings, as an ONNX file.
            tables: as `training.chop_tables` makes them.
        """
        self._drawings = load_session(drawings)
        self._tables = tables

    @property
    def usual_features(self) -> NDArray[np.float32]:
        """(1280,) mean features of photographs: where directions start."""
        return self._tables["usual_features"]

    def place_classes(self) -> NDArray[np.float32]:
        """Return where ImageNet's names lie among photographs: (1000, 384), in the order of `load_names`."""
        return self._tables["classes"]

    def see(self, picture: Picture) -> Seen:
        """Look at an opaque picture: whole, at its middle square, and of a long one at parts along it.

        Kind and names are the mean of all looks.
        """
        looks = look_over(picture)
        features = np.stack([look.features.mean(axis=(0, 1)) for look in looks])
        names = np.stack([soften(look.logits) for look in looks])
        whole = self.embed_look(features.mean(axis=0), names.mean(axis=0))
        squares = [self.embed_look(*look) for look in zip(features, names, strict=True)] if len(looks) > 2 else []
        return Seen(
            kinds=soften(features.mean(axis=0) @ self._tables["kinds"] + self._tables["kinds_bias"]),
            names=names.mean(axis=0),
            photographs=np.stack([whole, *squares]),
            drawing=self._embed_drawing(picture),
        )

    def embed_look(self, features: NDArray[np.float32], names: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the direction of a photograph: (384,), of length 1, or less where its names are not sure.

        Many unlikely names that have nothing in common leave a short mix, whatever it happens to point at. Every margin
        shrinks with it, so that what the network does not know is not held.

        Args:
            features: (1280,) mean over the map.
            names: (1000,) share of each name.
        """
        mix = names @ self._tables["classes"]
        leaning = unit(features - self._tables["usual_features"]) @ self._tables["projection"]
        sureness = min(1.0, float(np.linalg.norm(mix)) / SURE_LENGTH)
        directed: NDArray[np.float32] = sureness * unit(unit(mix) + leaning)
        return directed

    def embed_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return (T, 384) and (T, 256) rows of length 1: what the texts mean among photographs, and among drawings.

        Among drawings the tower that they were learned with reads what it can, the sentence encoder any other language.

        Raises:
            WeightsError: tower or encoder are missing, or not those that this version was tested with.
        """
        from detectors.chop.words import load_words, reads
        from detectors.sentences.encoder import encode

        photographs, drawings = place_sentences(encode(texts), self._tables)
        read = [place for place, text in enumerate(texts) if reads(text)]
        if read:
            drawings[read] = load_words().embed([texts[place] for place in read])
        return photographs, drawings

    def _embed_drawing(self, picture: Picture) -> NDArray[np.float32]:
        side = DRAWING_SIDE
        small = resized(picture, (side, side), mode="shortest", resample=Image.Resampling.BICUBIC)
        row: NDArray[np.float32] = self._drawings.run(None, {"pixels": small[np.newaxis].astype(np.float32)})[0][0]
        return row


def place_sentences(sentences: NDArray[np.float32], tables: Tables) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring rows of the sentence encoder to where pictures lie, photographs first, drawings second."""
    photographs = unit((sentences - tables["usual_sentence"]) @ tables["whitening"])
    hidden = np.maximum(photographs @ tables["words_in"] + tables["words_in_bias"], 0)
    return photographs, unit(hidden @ tables["words_out"] + tables["words_out_bias"])


def look_over(picture: Picture) -> tuple[Look, ...]:
    """Return the looks at an opaque picture, made once: at all of it, and at what `cut_parts` cuts out."""

    def look() -> tuple[Look, ...]:
        network = load_network()
        return (look_at(picture), *(network.look(part) for part in cut_parts(reduce_for_parts(picture))))

    return picture.derive("sight, looked over", look)


def reduce_for_parts(picture: Picture) -> Frame:
    """Return the picture small enough to be cut into parts, a panorama with its short side still legible.

    512 pixels along, or as many as leave 224 across, where it has them: a panorama of 20 megapixels has one then, and
    what is sixty times as long as wide, or longer, has three at most.
    """
    short, long = sorted((picture.height, picture.width))
    shape = min(long / short, _LONGEST_SHAPE)
    return picture.reduced(max(SHARED_SIDE, round(_LEGIBLE * shape)) if shape >= _LONG else SHARED_SIDE)


def cut_parts(frame: Frame) -> list[Frame]:
    """Return what is looked at beside all of it: its middle square, and of a long picture up to twelve parts along it.

    The parts of a long picture are squares that together cover it; where twelve do not, they are as long as it takes.
    """
    rows, columns = frame.shape[:2]
    side, length = min(rows, columns), max(rows, columns)
    if side == length:
        return []
    if length < _LONG * side:
        parts = [(round((length - side) / 2), side)]
    else:
        count = min(_MOST_PARTS, math.ceil(length / side))
        size = max(side, math.ceil(length / count))
        parts = [(round(place * (length - size) / (count - 1)), size) for place in range(count)]
    cut = [frame[:, at : at + size] if columns > rows else frame[at : at + size] for at, size in parts]
    return [np.ascontiguousarray(part) for part in cut]


def soften(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return shares that add up to 1."""
    raised = np.exp(logits - logits.max())
    shares: NDArray[np.float32] = (raised / raised.sum()).astype(np.float32)
    return shares


def unit(rows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return rows of length 1; one of length 0 stays as it is."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


@cache
def load_names() -> tuple[str, ...]:
    """Return ImageNet-1k's names in the network's order, as torchvision spells them."""
    return tuple(files("detectors").joinpath("words/imagenet.txt").read_text(encoding="utf-8").splitlines())


_LOADING: Final = threading.Lock()


def load_chop_clip() -> ChopClip:
    """Return the model that comes with the package; loaded once for the whole process.

    Raises:
        WeightsError: a file is missing, or not the one that this version was tested with.
    """
    with _LOADING:
        return _load()


def load_bank_rows() -> Mapping[str, NDArray[np.float32]]:
    """Return the texts of the shipped banks, embedded ahead of time; see `detectors.chop.tables.rows_key`.

    Raises:
        WeightsError: as `load_chop_clip`.
    """
    with _LOADING:
        return _load_rows()


@cache
def _load() -> ChopClip:
    digests = load_card("clip").weights
    drawings = unpack_network(read_file(DRAWINGS, digests))
    load_network()
    return ChopClip(drawings, parse_tables(read_file(TABLES, digests)))


@cache
def _load_rows() -> Mapping[str, NDArray[np.float32]]:
    return parse_tables(read_file(BANKS, load_card("clip").weights))
