"""chop-clip as the detector `clip` uses it: the shipped banks, or one of your own, asked about what it sees.

The bank ``photographs`` is asked in the space of names, ``drawings`` in that of the tower for drawings; each has tables
for the kinds of pictures that it answers about. A bank of your own is asked in the space that the picture's kind calls
for, with your calibration.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.bank_texts import embed_bank
from detectors.chop.model import ChopClip, Seen, load_bank_rows, load_chop_clip, load_names
from detectors.chop.tables import rows_key
from detectors.concept_bank import KINDS, ConceptBank, Embedding, Margin, logistic
from detectors.eyes import Glance, Record, bank_record, head_record
from detectors.heads import Head
from provenance.errors import ConfigurationError, DetectorUnavailableError, WeightsError
from provenance.media.picture.image import Picture
from provenance.media.picture.kind import measure_kind

WORLDS: Final = ("photographs", "drawings")
"""The spaces that a bank can be asked in, in the order in which texts are embedded."""
_NAMED: Final = 5
SURE_NAME: Final = 0.5
"""Share of one name from which on a picture that looks drawn is what the name says, a thing on an even ground."""

DOUBT_LOGIT: Final = 1.5
"""What the logit of a score loses where pixels look drawn and the head for kinds says photograph (cards/clip.toml)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A bank in one world.

    Attributes:
        bank: what is asked.
        world: where: one of `WORLDS`.
        texts: its texts there, (T, D) rows of length 1.
        kinds: of pictures for which it is asked there.
    """

    bank: ConceptBank
    world: str
    texts: NDArray[np.float32]
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class _World:
    """Embeds texts for one world."""

    model: ChopClip
    world: str

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (T, D) rows of length 1."""
        return self.model.embed_texts(texts)[WORLDS.index(self.world)]


@dataclass(frozen=True, slots=True)
class ChopEyes:
    """The embedded model with its banks and heads."""

    model: ChopClip
    parts: tuple[Part, ...]
    heads: tuple[Head, ...]

    def embed(self, picture: Picture) -> Embedding:
        """Return the direction of an opaque picture as a photograph: (384,) of length 1."""
        row: Embedding = self.model.see(picture).photographs[0]
        return row

    def look(self, picture: Picture) -> Glance:
        """Return what banks and heads make of an opaque picture, its kind, and what it most looks like."""
        seen = self.model.see(picture)
        records: list[Record] = []
        asked_as = _kinds(picture, seen)
        for part in self.parts:
            for kind in sorted(asked_as & part.kinds):
                measured = _measure(part, seen, kind)
                if kind != seen.kind:
                    measured = [_doubt(one) for one in measured]
                records += (bank_record(one, part.bank.name) for one in measured)
        records += (head_record(head, seen.photographs[0]) for head in self.heads)
        order = seen.names.argsort()[::-1][:_NAMED]
        likeliest = [(load_names()[place], float(seen.names[place])) for place in order]
        kinds = {kind: round(float(share), 4) for kind, share in zip(KINDS, seen.kinds, strict=True)}
        evidence: tuple[Mapping[str, Any], ...] = (
            {"kind": seen.kind, "kinds": kinds, "asked_as": sorted(asked_as)},
            {"names": [{"name": name, "share": round(share, 4)} for name, share in likeliest]},
        )
        name, share = likeliest[0]
        return Glance(tuple(records), evidence, f"a {seen.kind}, looks like {name} ({share:.0%})")


def _kinds(picture: Picture, seen: Seen) -> frozenset[str]:
    """Return what a picture is to be asked as: its likeliest kind, and a drawing where its pixels say so.

    The head for kinds never saw soft drawings such as a small generator makes, and takes them for photographs of
    nothing in particular; their flat colours and hard edges tell.
    """
    drawn = float(seen.names.max()) < SURE_NAME and measure_kind(picture).is_drawn
    return frozenset({seen.kind, *KINDS[1:2]} if drawn else {seen.kind})


def _doubt(margin: Margin) -> Margin:
    """Return a margin as of a picture that is taken for another kind than it is asked as: its score is weaker."""
    sure = min(max(margin.score, 1e-9), 1 - 1e-9)
    return replace(margin, score=logistic(math.log(sure / (1 - sure)) - DOUBT_LOGIT))


def _measure(part: Part, seen: Seen, kind: str) -> list[Margin]:
    """Return each category's margin, of a long picture the highest of its squares."""
    rows = seen.photographs if part.world == WORLDS[0] else seen.drawing[np.newaxis]
    measured = [part.bank.measure(row, part.texts, kind) for row in rows]
    return [max(margins, key=lambda one: one.margin) for margins in zip(*measured, strict=True)]


def open_chop_eyes(banks: Sequence[ConceptBank], heads: tuple[Head, ...], cache_dir: Path, key: str) -> ChopEyes:
    """Load the model and embed what is not embedded yet.

    Args:
        banks: the two shipped ones, named as their worlds, or one of your own.
        heads: that read a photograph's direction.
        cache_dir: where the texts of a bank of your own are kept.
        key: names everything about the model that a text's place depends on.

    Raises:
        DetectorUnavailableError: weights are missing, or not those of this version.
        ConfigurationError: a head takes another width.
    """
    try:
        model = load_chop_clip()
        if len(banks) > 1:
            kept = load_bank_rows()
            parts = [_shipped(bank, kept) for bank in banks]
        else:
            parts = [
                Part(banks[0], world, embed_bank(_World(model, world), banks[0], f"{key} {world}", cache_dir), kinds)
                for world, kinds in zip(WORLDS, (frozenset(KINDS[::2]), frozenset(KINDS[1:2])), strict=True)
            ]
    except WeightsError as exc:
        raise DetectorUnavailableError(f"detector 'clip' has no network: {exc}") from exc
    width = parts[0].texts.shape[1]
    for head in heads:
        if head.width != width:
            raise ConfigurationError(f"head {head.name!r} takes {head.width} values, chop-clip yields {width}")
    return ChopEyes(model, tuple(parts), heads)


def _shipped(bank: ConceptBank, kept: Mapping[str, NDArray[np.float32]]) -> Part:
    """Return a shipped bank with its rows.

    Raises:
        WeightsError: its texts are not those that were embedded.
    """
    texts = kept.get(rows_key(bank.texts_digest, bank.name))
    if texts is None or len(texts) != len(bank.texts):
        raise WeightsError(f"bank {bank.name!r} has other texts than were embedded for it: install chopmark again")
    return Part(bank, bank.name, texts, frozenset(KINDS))
