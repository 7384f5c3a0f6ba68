"""The scheme `chord`: a keyed pattern in the loudness of neighbouring cells of time and pitch, below what masks it.

Forth: `layout` (what a key fixes), `hearing` (how strong it may be), `embedding`. Back: `spectrum` (what stands out),
`detection` (where the pattern lies and what it says), `reading` (a stream). The message, its keyed check and its code
are the tile's (`provenance.watermarks.tile.code`). docs/sound.md has the figures.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.errors import WatermarkError
from provenance.watermarks.base import Reading, WatermarkKey
from provenance.watermarks.chord.detection import PATHS
from provenance.watermarks.chord.embedding import Marker
from provenance.watermarks.chord.layout import build_layout
from provenance.watermarks.chord.reading import MOST_READS, Detection, Reader
from provenance.watermarks.tile.code import CHANCE_PER_TEST, build_messages, encode

LEAST_RATE_HZ: Final = 8000
MOST_RATE_HZ: Final = 384_000
MOST_CHANNELS: Final = 8

Samples = NDArray[np.float32]
"""(C, N) float32, -1 to 1; C channels."""


class Chord:
    """Hides 64 bits in sound of any length under one or more keys, all channels alike.

    Some three seconds carry all of it where nothing happened to them, six to ten after most edits.

    Limits: a reading is evidence, its absence is not. Silence carries nothing. Voice conversion and re-synthesis remove
        the mark, as does whoever holds the sound before it was marked. Figures: docs/sound.md.
    """

    name: Final = "chord"
    alg: Final = "org.chopmark.chord.1"

    def __init__(self, keys: tuple[WatermarkKey, ...]) -> None:
        if not keys:
            raise WatermarkError("expected at least one key, got none")
        for key in keys:
            if len(key.secret) != 32:
                raise WatermarkError(f"expected a secret of 32 bytes for key {key.key_id!r}, got {len(key.secret)}")
        self._layouts = tuple(build_layout(key, self.alg) for key in keys)
        self.false_positive_bound = min(1.0, MOST_READS * PATHS * len(keys) * CHANCE_PER_TEST)
        """Probability that reading a stream that was not marked under a key held finds something, by arithmetic."""

    def build_marker(self, rate_hz: int, channels: int, payload: int) -> Marker:
        """Return what marks a stream, block by block: as many samples come out as go in, a second or so later.

        Args:
            rate_hz: 8,000 to 384,000.
            channels: 1 to 8.
            payload: 0 <= payload < 2**64.

        Raises:
            PayloadTooLargeError: more than 64 bits.
            WatermarkError: a rate or a number of channels out of bounds.
        """
        _check(rate_hz, channels)
        layout = self._layouts[0]
        code = encode(build_messages(layout.message, payload, range(1)))[0]
        return Marker(layout.spell(code), rate_hz, channels)

    def build_reader(self, rate_hz: int, *, is_plain: bool = False) -> Reader:
        """Return what reads a stream, block by block, under every key held; if `is_plain`, at its own speed alone.

        Raises:
            WatermarkError: a rate out of bounds.
        """
        _check(rate_hz, 1)
        return Reader(self._layouts, rate_hz, is_plain=is_plain)

    def read(self, blocks: Iterable[Samples], rate_hz: int, *, is_plain: bool = False) -> Reading | None:
        """Look for a mark in a stream (C, N) under every key held, at its own speed alone if `is_plain`."""
        reader = self.build_reader(rate_hz, is_plain=is_plain)
        for block in blocks:
            reader.push(block)
            if reader.found:
                break
        return self.describe(reader.finish())

    def embed(self, samples: Samples, rate_hz: int, payload: int) -> Samples:
        """Return a marked copy of a short sound, (C, N); see `build_marker`."""
        samples = _require_samples(samples)
        marker = self.build_marker(rate_hz, len(samples), payload)
        return np.concatenate([marker.push(samples), marker.finish()], axis=1)

    def extract(self, samples: Samples, rate_hz: int) -> Reading | None:
        """Look for a mark in a short sound, (C, N), under every key held; None when none is found."""
        reader = self.build_reader(rate_hz)
        reader.push(_require_samples(samples))
        return self.describe(reader.finish())

    def describe(self, found: Detection | None) -> Reading | None:
        """Return what a reader found in the words that every scheme uses."""
        if found is None:
            return None
        return Reading(
            scheme=self.name,
            alg=self.alg,
            payload=found.payload,
            key_id=found.key_id,
            false_positive_bound=self.false_positive_bound,
            corrected_bits=found.corrected_bits,
            score=found.score,
        )


def _check(rate_hz: int, channels: int) -> None:
    if not LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ:
        raise WatermarkError(f"expected a rate of {LEAST_RATE_HZ} to {MOST_RATE_HZ} Hz, got {rate_hz}")
    if not 1 <= channels <= MOST_CHANNELS:
        raise WatermarkError(f"expected 1 to {MOST_CHANNELS} channels, got {channels}")


def _require_samples(samples: object) -> Samples:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.float32 or samples.ndim != 2 or not len(samples):
        raise WatermarkError("expected an array (channels, samples) of float32")
    return samples
