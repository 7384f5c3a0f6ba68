"""Listen to a whole sound once, in a process of its own, and keep what detectors and fingerprints need.

A mistake in one of FFmpeg's decoders then ends a process that holds nothing, and a small file that decodes to hours
cannot keep the gate busy: the process is killed at its deadline.
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from provenance.asset import MediaType
from provenance.fingerprints.landmark import LandmarkMaker, Landmarks, pack_landmarks
from provenance.media.apart import Bounds, serve_files
from provenance.media.sound.decoding import Samples, import_av, open_track, read_blocks
from provenance.media.sound.shape import ShapeMaker
from provenance.storage.blob import Blob
from provenance.watermarks.chord.spectrum import Analyser

MOST_WRITTEN_BYTES: Final = 64 << 20
"""Twice what the landmarks of the longest sound take."""

_BOUNDS: Final = Bounds(memory_bytes=1 << 30, written_bytes=MOST_WRITTEN_BYTES)
# Of a part of this length the level is taken.
_PART_S: Final = 0.1
# 60 dB under full scale: the noise of a quiet room recorded well lies above it.
_SILENT: Final = 1e-3
_FULL: Final = 0.999


class Survey:
    """What is kept of one sound, block by block."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        """Expect blocks (C, N) at this rate."""
        self._rate, self._channels = rate_hz, channels
        self._analyser = Analyser(rate_hz)
        self._shape, self._landmarks = ShapeMaker(rate_hz), LandmarkMaker(rate_hz)
        self._part = max(1, round(_PART_S * rate_hz))
        self._count, self._power, self._peak, self._full = 0, 0.0, 0.0, 0
        self._parts = self._silent = 0

    @property
    def count(self) -> int:
        """How many samples of each channel there were."""
        return self._count

    def take(self, block: Samples) -> None:
        """Take in the next block."""
        powers = self._analyser.push(block)
        self._shape.add(powers)
        self._landmarks.add(powers)
        self._count += block.shape[1]
        peak = max(float(block.max(initial=0.0)), -float(block.min(initial=0.0)))
        self._peak = max(self._peak, peak)
        self._full += int((np.abs(block) >= _FULL).sum()) if peak >= _FULL else 0
        squares = np.einsum("cn,cn->n", block, block)
        self._power += float(squares.sum(dtype=np.float64))
        whole = len(squares) // self._part * self._part
        powers = squares[:whole].reshape(-1, self._part).mean(1) / self._channels
        self._parts += len(powers)
        self._silent += int((powers < _SILENT**2).sum())

    def describe(self, memory: int, start: int = 0) -> dict[str, Any]:
        """Return all of it, JSON-able; landmarks go to `memory`, a file, from `start` on."""
        samples = max(self._count * self._channels, 1)
        code, landmarks = self._shape.finish(), self._landmarks.finish()
        return {
            "duration_s": self._count / self._rate,
            "peak": self._peak,
            "loudness": (self._power / samples) ** 0.5,
            "silent": self._silent / max(self._parts, 1),
            "clipped": self._full / samples,
            "shape": None if code is None else [code.value.hex(), code.quality],
            "drawing": self._shape.drawing.tobytes().hex(),
            "landmarks": [start, write_landmarks(landmarks, memory, start), len(landmarks.played)],
        }


def write_landmarks(landmarks: Landmarks, memory: int, start: int) -> int:
    """Write landmarks to a file from `start` on; return how many bytes they are."""
    position = start
    for part in pack_landmarks(landmarks):
        position += os.pwrite(memory, part, position)
    return position - start


def survey_file(file: Blob, media_type: MediaType, memory: int) -> dict[str, Any]:
    """Listen to a file to its end; landmarks go to `memory`, another file.

    Raises:
        AssetError: it is no sound that can be taken.
    """
    with open_track(file, media_type) as (_, _, track):
        survey = Survey(track.rate_hz, track.channels)
    for block in read_blocks(file, media_type):
        survey.take(block)
    return {"track": asdict(track), **survey.describe(memory)}


def serve() -> None:
    """Be the process: listen to one sound after another until the parent goes."""
    import scipy.fft  # noqa: F401 - loaded before the bounds are set

    import_av()
    serve_files(_take, lambda _: _BOUNDS)


def _take(header: Mapping[str, Any], _: tuple[bytes, ...], memory: int) -> dict[str, Any]:
    media_type = MediaType.add(header["media_type"], extension=header["extension"])
    return survey_file(Blob.from_stored(Path(header["path"])), media_type, memory)


if __name__ == "__main__":
    serve()
