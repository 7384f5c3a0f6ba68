import base64
import io

import pytest
from PIL import Image

from api.preview import build_preview
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import MEDIA, Kit
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.sites import encode, photograph

TAKEN = Media([MEDIA.load(name)(Kit()) for name in ("picture", "video")])


def preview(data, side=480):
    return build_preview(TAKEN, Blob.from_bytes(data), IntakeLimits(), side)


def opened(url):
    lead, _, data = url.partition(",")
    assert lead == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_a_picture_is_made_small_and_what_is_none_is_nothing():
    assert max(opened(preview(encode(photograph(side=900), "PNG"), 100)).size) == 100
    assert preview(b"<svg onload=alert(1)>") == ""


@pytest.mark.parametrize(("count", "cells"), [(24, (2, 1)), (48, (2, 2))])
def test_a_clip_is_a_sheet_of_its_frames(count, cells):
    width, height = opened(preview(clip(count=count), 484)).size
    across, down = cells
    assert (width, height) == (across * 242, down * 183)
