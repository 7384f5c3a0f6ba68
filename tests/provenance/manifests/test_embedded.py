import json

import c2pa
import numpy as np
import pytest

from provenance.asset import MediaType
from provenance.manifests import embedded
from provenance.manifests.embedded import show_embedded
from provenance.media.media import Media
from provenance.media.picture.image import parse_image
from provenance.media.picture.medium import PictureMedium
from tests.provenance.manifests.samples import photograph, pictured, worded

MEDIA = Media([PictureMedium(None, {}, ())])


@pytest.fixture(scope="module")
def shown():
    return photograph(MediaType.JPEG, 64)


@pytest.mark.parametrize("media_type", [MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.TIFF, MediaType.AVIF])
def test_the_thumbnail_of_a_manifest_is_found_in_every_container(media_type, shown, identity):
    data = pictured(photograph(media_type), media_type, shown, identity)
    (found,) = show_embedded(MEDIA, data, media_type)
    assert np.array_equal(found.carrier.frame, parse_image(shown).frame)


def test_what_is_no_picture_is_passed_over(identity):
    data = pictured(photograph(MediaType.JPEG), MediaType.JPEG, b"no picture", identity)
    assert show_embedded(MEDIA, data, MediaType.JPEG) == ()
    assert show_embedded(MEDIA, photograph(MediaType.JPEG), MediaType.JPEG) == ()
    assert show_embedded(MEDIA, b"jumb" + bytes(100), MediaType.JPEG) == ()


def test_there_are_bounds(shown, identity, monkeypatch):
    data = pictured(photograph(MediaType.JPEG), MediaType.JPEG, shown, identity)
    monkeypatch.setattr(embedded, "MAX_FILES", 0)
    assert show_embedded(MEDIA, data, MediaType.JPEG) == ()


def test_the_definition_of_the_samples_is_what_c2pa_takes():
    assert c2pa.Builder.from_json(json.dumps(dict(worded().manifest))) is not None
