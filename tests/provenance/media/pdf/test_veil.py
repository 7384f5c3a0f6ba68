import zlib

import numpy as np
import pytest

from provenance.errors import UnmarkableError
from provenance.media.pdf.veil import SIDE, STRENGTH, build_veil
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile2.scheme import Tile2

SCHEME = Tile2((WatermarkKey("own", bytes(range(32))),))


class Idle:
    alg = "org.example.idle"

    def embed(self, frame, payload):
        return frame.copy()


def test_a_veil_is_faint_and_reads_on_paper():
    veil = build_veil(SCHEME, 0x0123456789ABCD01)
    opacity = np.frombuffer(zlib.decompress(veil.opacity), np.uint8).reshape(SIDE, SIDE)
    assert (opacity.min(), opacity.max()) == (0, STRENGTH)
    paper = np.repeat((255 - opacity)[:, :707, None], 3, axis=2)
    assert SCHEME.extract(np.ascontiguousarray(paper)).payload == 0x0123456789ABCD01
    assert len(veil.opacity) < 250_000


def test_a_scheme_that_needs_a_picture_to_hide_in_is_told():
    with pytest.raises(UnmarkableError, match=r"org\.example\.idle"):
        build_veil(Idle(), 1)
