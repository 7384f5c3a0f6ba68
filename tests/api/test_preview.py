import base64
import io

from PIL import Image

from api.preview import build_preview
from provenance.media.limits import IntakeLimits
from provenance.storage.blob import Blob
from tests.sites import encode, photograph


def test_a_picture_is_made_small_and_what_is_none_is_nothing():
    url = build_preview(Blob.from_bytes(encode(photograph(side=900), "PNG")), IntakeLimits(), 100)
    lead, _, data = url.partition(",")
    assert lead == "data:image/jpeg;base64"
    assert max(Image.open(io.BytesIO(base64.b64decode(data))).size) == 100
    assert build_preview(Blob.from_bytes(b"<svg onload=alert(1)>"), IntakeLimits()) == ""
