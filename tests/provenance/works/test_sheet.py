"""A recorded match is drawn as it was, and what is no picture is not drawn."""

import io

from PIL import Image

from provenance.media.picture.image import parse_image
from provenance.storage.blob import Blob
from provenance.works.sheet import build_sheet
from tests.sites import encode, photograph


def test_both_are_on_the_sheet():
    data = encode(photograph(side=200))
    match = {"overlap": {"shared": 40, "in_part": [0.1, 0.1, 0.5, 0.5], "in_whole": [0, 0, 1, 1], "is_mirrored": True}}
    for one in (match, {"overlap": None}):
        sheet = build_sheet(Blob.from_bytes(data), parse_image(data), one)
        with Image.open(io.BytesIO(sheet)) as opened:
            assert opened.format == "PNG"
            assert opened.width > opened.height


def test_what_is_no_picture():
    reference = parse_image(encode(photograph(side=200)))
    assert build_sheet(Blob.from_bytes(b"nothing of the kind"), reference, {}) is None
