"""What looks at pictures for the detector `clip`: the model that comes along, or an open_clip model of your own.

Both turn a picture into a direction and ask concept banks and trained heads about it. Here is what they share, and the
second one; the first is `detectors.chop.eyes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detectors.concept_bank import ConceptBank, Embedding, Margin
from detectors.heads import Head
from detectors.pixels import resized
from provenance.media.picture.image import Picture

if TYPE_CHECKING:
    from detectors._clip_net import ClipNet

Record = dict[str, Any]
"""A category, what measured it and how: ``category``, ``by``, ``raw``, ``score``, ``makes_score``, and of a bank
``nearest``: the index of the nearest positive text."""
_RESAMPLING: Final = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, slots=True)
class Glance:
    """What was made of one view of a picture.

    Attributes:
        records: one for each category of each bank, and for each head.
        evidence: what a person may want to know beside them.
        words: the same in a few words, or "".
    """

    records: tuple[Record, ...]
    evidence: tuple[Mapping[str, Any], ...] = ()
    words: str = ""


class Eyes(Protocol):
    """A loaded model with its banks and heads; safe for any number of threads."""

    def embed(self, picture: Picture) -> Embedding:
        """Return the direction of an opaque picture: (D,) float32 of length 1."""

    def look(self, picture: Picture) -> Glance:
        """Return what banks and heads make of an opaque picture."""


@dataclass(frozen=True, slots=True)
class OpenClipEyes:
    """An open_clip model, its bank embedded, and heads on the same embedding."""

    net: "ClipNet"
    bank: ConceptBank
    texts: NDArray[np.float32]
    heads: tuple[Head, ...]

    def embed(self, picture: Picture) -> Embedding:
        """Return the image embedding of an opaque picture: (D,) float32 of length 1."""
        row: Embedding = self.net.embed(build_input(picture, self.net)[np.newaxis])[0]
        return row

    def look(self, picture: Picture) -> Glance:
        """Return a record for each category of the bank and for each head."""
        row = self.embed(picture)
        records = [bank_record(one, self.bank.name or "bank") for one in self.bank.measure(row, self.texts)]
        return Glance((*records, *(head_record(head, row) for head in self.heads)))


def bank_record(one: Margin, bank: str) -> Record:
    """Return the record of a category of a bank."""
    return {
        "category": one.category,
        "by": bank,
        "raw": one.margin,
        "score": one.score,
        "nearest": one.nearest,
        "makes_score": one.makes_score,
    }


def head_record(head: Head, row: Embedding) -> Record:
    """Return the record of a head."""
    return {
        "category": head.category,
        "by": head.name,
        "raw": head.logit(row),
        "score": head.score(row),
        "makes_score": True,
    }


def build_input(picture: Picture, net: "ClipNet") -> NDArray[np.float32]:
    """Return (3, H, W) standardised pixels, as open_clip's own transform does but from the shared array."""
    small = resized(picture, net.image_size, mode=net.mode, resample=_RESAMPLING[net.interpolation])
    scaled = small.astype(np.float32) * (1 / (255 * net.std)) - net.mean / net.std
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)
