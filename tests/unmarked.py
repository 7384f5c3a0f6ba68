"""Photographs that bear no mark are searched for marks once a worker, and not anew by every site of every test.

More than half of what it takes to release one is that search, and what it says of a photograph that nobody has marked is
the same under any keys. Known as unmarked is only what `tests.sites` encoded from a photograph as it came. Whatever else
is handed in is searched as ever, and so is all in other processes; verification always searches.
"""

import hashlib
import io
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from detectors.incoming_marks import IncomingMarksDetector

_photographs: set[bytes] = set()
_frames: set[bytes] = set()


def note_photograph(picture: Image.Image) -> None:
    """Note the pixels of a photograph that bears no mark."""
    _photographs.add(_digest(picture))


def note_file(picture: Image.Image, data: bytes) -> None:
    """Note what a file decodes to that was made of `picture`, where that is a photograph as it came."""
    if picture.mode == "RGB" and _digest(picture) in _photographs:
        with Image.open(io.BytesIO(data)) as opened:
            _frames.add(_digest(opened.convert("RGB")))


def is_known(frame: np.ndarray) -> bool:
    """Whether these are the pixels, (H, W, 3) uint8, of a file that bears no mark."""
    return _digest(frame) in _frames


@contextmanager
def searching_once():
    """Have what is known as unmarked searched once, and be answered as then whenever it is handed in again."""
    search = IncomingMarksDetector._watermarks
    searched: set[tuple[bytes, ...]] = set()

    def once(detector, subject):
        frame = subject.picture.frame
        if not is_known(frame):
            return search(detector, subject)
        seen = (_digest(frame), *(scheme.alg.encode() for scheme in detector.toolbox.marks.values()))
        if seen in searched and not subject.unsearched:
            return {}, []
        answer = search(detector, subject)
        if answer == ({}, []):
            searched.add(seen)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(IncomingMarksDetector, "_watermarks", once)
        yield searched


def _digest(pixels: Image.Image | np.ndarray) -> bytes:
    # Not SHA-256, which tests count.
    array = np.ascontiguousarray(pixels)
    return hashlib.blake2b(repr(array.shape).encode() + array.tobytes(), digest_size=16).digest()
