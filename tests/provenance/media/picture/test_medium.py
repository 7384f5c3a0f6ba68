"""Pictures as a medium: what is asked of them, and what it comes to; sabotage is in `tests/provenance/seal`."""

import numpy as np
import pytest

from provenance.asset import AssetId, Digest, MediaType
from provenance.errors import MislabelledAssetError, WatermarkError
from provenance.fingerprints.pdq import Pdq
from provenance.grant import Grant, MarkKind, Obligation
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Orders, Provider
from provenance.media.picture.medium import PictureMedium
from provenance.media.view import PICTURE
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.dwt_dct_svd import DwtDctSvd
from tests.sites import encode, photograph

LIMITS = IntakeLimits()
SCHEME = DwtDctSvd((WatermarkKey("own", bytes(range(32))),))
MEDIUM = PictureMedium(SCHEME, {"dwt_dct_svd": SCHEME}, (Pdq(),))
FILE = Blob.from_bytes(encode(photograph(side=288), "GIF"))
EVERY = tuple(Obligation(kind, required=False) for kind in MarkKind)


def orders(obligations=EVERY):
    licence = Grant(AssetId("a"), Digest("0" * 64), "d", (), obligations, 7)
    return Orders(AssetId("a"), licence, 7, Provider("somebody"), {}, FILE)


def test_a_picture_is_one_view_of_itself():
    content = MEDIUM.take(FILE, Claims("x.gif", "image/gif"), LIMITS)
    (view,) = content.views()
    assert (view.kind, view.carrier, view.span) == (PICTURE, content, None)
    assert content.facts == {"width": content.width, "height": content.height}
    with pytest.raises(MislabelledAssetError):
        MEDIUM.take(FILE, Claims("x.png"), LIMITS)


def test_every_mark_reads_back():
    content = MEDIUM.take(FILE, Claims(), LIMITS)
    made = MEDIUM.mark(content, orders())
    assert made.media_type is MEDIUM.shipping_type(MediaType.GIF) is MediaType.PNG
    assert (made.marks.watermark.alg, made.marks.metadata) == (SCHEME.alg, ("AIGC", "IPTC"))
    found = MEDIUM.show(made.file, made)
    assert found.problem == ""
    assert set(found.marks) == MEDIUM.marks
    assert all(mark.is_made for mark in found.marks.values())
    again = MEDIUM.take(made.file, Claims(), LIMITS)
    assert MEDIUM.read_mark(again).reading.payload == 7
    assert MEDIUM.read_labels(made.file).item.produce_id == "a"
    assert MEDIUM.compare(again, made.codes[0].value, lambda: None).agrees is True
    assert MEDIUM.mark(content, orders()).file.sha256 == made.file.sha256, "the same picture makes the same file"


def test_what_is_not_granted_is_not_made():
    made = MEDIUM.mark(MEDIUM.take(FILE, Claims(), LIMITS), orders(()))
    assert made.marks.watermark is None
    assert not any(mark.is_made for mark in MEDIUM.show(made.file, made).marks.values())
    bare = MEDIUM.having(watermark=None).mark(MEDIUM.take(FILE, Claims(), LIMITS), orders())
    assert bare.marks.watermark is None


def test_a_scheme_that_fails_is_told():
    class Broken:
        name = alg = "broken.1"

        def extract(self, _frame):
            raise WatermarkError("no such shape")

    broken = MEDIUM.having(readers={"broken": Broken()})
    assert broken.mark_algs == ("broken.1",)
    assert broken.read_mark(MEDIUM.take(FILE, Claims(), LIMITS)).problems == (
        "broken.1 could not be read: no such shape",
    )


def test_a_flat_picture_has_no_code():
    flat = np.full((64, 64, 3), 90, np.uint8)
    content = MEDIUM.take(FILE, Claims(), LIMITS)
    assert MEDIUM.fingerprint(type(content).from_frame(flat)) == ()
    assert MEDIUM.fingerprint(content)[0].alg == MEDIUM.code_alg == "pdq"
