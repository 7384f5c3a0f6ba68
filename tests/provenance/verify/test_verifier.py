"""What an inquiry does with schemes that fail, files that it cannot read, and look-alikes; see end_to_end for states."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from api.wiring import open_site
from policies import gate
from provenance.errors import AssetError, WatermarkError
from provenance.media.media import Media
from provenance.verify.verifier import Verifier
from tests.end_to_end.attackers import repaint, strip
from tests.sites import as_submission, build_light_settings, encode, photograph, pictures

SIDE = 288


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def released(site):
    result = gate.release(site.deployment, as_submission(encode(photograph(side=SIDE))))
    return result, site.deployment.blobs.public.get(result.public_key)


def verifier(site, **changes):
    here, own = site.deployment, site.verifier
    medium = {name: changes.pop(name) for name in ("readers", "fingerprints") if name in changes}
    parts = {
        "database": here.database, "blobs": here.blobs, "log": here.log, "works": here.works,
        "media": Media([pictures(site).having(**medium)]), "trust": own._trust, "limits": here.limits,
    }  # fmt: skip
    return Verifier(**{**parts, **changes})


class Broken:
    name = alg = "broken.1"

    def extract(self, frame):
        raise WatermarkError("no such shape")


def test_without_schemes_the_watermark_is_not_checked(site, released):
    layer = verifier(site, readers={}).verify(released[1]).layer("watermark")
    assert (layer.status, layer.technique) == ("not_checked", "none enabled")


def test_a_scheme_that_fails_does_not_hide_another(site, released):
    own = pictures(site).readers
    both = verifier(site, readers={"broken": Broken(), **own}).verify(released[1])
    assert both.layer("watermark").status == "found"
    alone = verifier(site, readers={"broken": Broken()}).verify(released[1]).layer("watermark")
    assert alone.status == "not_checked"
    assert alone.text == "broken.1 could not be read: no such shape"


@pytest.mark.parametrize("data", [b"", b"words", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_a_typed_error(site, data):
    with pytest.raises(AssetError):
        site.verifier.verify(data)


def test_asking_leaves_nothing_behind(site, released):
    here = site.deployment
    before = (here.log.size(), sorted(here.blobs.public.keys()), sorted(here.blobs.quarantine.keys()))
    for data in (released[1], strip(released[1]), encode(photograph("rocket.jpg", SIDE))):
        site.verifier.verify(data)
    assert (here.log.size(), sorted(here.blobs.public.keys()), sorted(here.blobs.quarantine.keys())) == before


def test_the_watermark_chooses_among_look_alikes(site, released):
    """The same picture released twice: each copy leads to its own release, though both look the same."""
    second = gate.release(site.deployment, as_submission(encode(photograph(side=SIDE), quality=85)))
    for result, data in (released, (second, site.deployment.blobs.public.get(second.public_key))):
        verification = site.verifier.verify(strip(data))
        assert verification.state == "stripped_recovered_by_watermark"
        assert verification.asset_id == result.asset_id
        fingerprint = verification.layer("fingerprint")
        assert result.asset_id in fingerprint.text
        assert fingerprint.text.endswith("and like 1 more")
        assert len(fingerprint.detail["candidates"]) == 2


def share_in_common(one, other):
    """Return the area of two boxes' intersection over that of their union."""
    across, down = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    both = max(across, 0) * max(down, 0)
    return both / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both)


def test_every_mark_of_a_page_is_told_with_its_place_and_its_release(site, released):
    other = gate.release(site.deployment, as_submission(encode(photograph("chelsea.png", side=SIDE))))
    page, laid = Image.new("RGB", (1000, 640), (245, 245, 245)), {}
    for left, top, result in ((40, 30, released[0]), (540, 330, other)):
        picture = Image.open(io.BytesIO(site.deployment.blobs.public.get(result.public_key)))
        page.paste(picture, (left, top))
        laid[result.asset_id] = (left, top, left + picture.width, top + picture.height)
    verification = site.verifier.verify(encode(page, "JPEG", quality=85))
    layer = verification.layer("watermark")
    told = {entry["asset_id"]: entry["box"] for entry in (layer.detail, *layer.detail["others"])}
    assert told.keys() == laid.keys()
    assert all(share_in_common(told[asset_id], laid[asset_id]) > 0.85 for asset_id in laid)
    assert "; it lies at " in layer.text
    assert "; another mark at " in layer.text
    assert verification.state == "stripped_recovered_by_watermark", "by details shared with the part"


def test_a_picture_without_structure_cannot_contradict_its_watermark(site, released):
    """The fingerprint says nothing about a flat picture, so the watermark stands alone."""
    value = int(released[0].seal["soft_bindings"][0]["value"], 16)
    watermark = pictures(site).watermark
    flat = encode(photograph(side=SIDE).point(lambda _: 120), "PNG")
    marked = repaint(flat, lambda frame: watermark.embed(frame, value))
    verification = site.verifier.verify(marked)
    assert verification.layer("fingerprint").status == "not_checked"
    assert verification.layer("watermark").detail["fingerprint_distance_bits"] is None
    assert verification.state == "stripped_recovered_by_watermark"


def test_another_manifest_store_than_was_recorded_is_not_recovered(site, released):
    """The public store is not trusted either: one byte of padding, which no signature covers, is enough."""
    result, data = released
    public = site.deployment.blobs.public
    key = f"{result.asset_id}/manifest.c2pa"
    kept = public.get(key)
    damaged = bytearray(kept)
    damaged[len(damaged) // 2] ^= 1
    try:
        public.put(key, bytes(damaged))
        verification = site.verifier.verify(strip(data))
        assert verification.asset_id == result.asset_id
        assert verification.manifest_id == ""
        assert verification.layer("manifest_integrity").text == "the file carries no manifest"
    finally:
        public.put(key, kept)
    assert site.verifier.verify(strip(data)).layer("manifest_integrity").detail["signature_intact"]


def test_past_the_limits_only_the_manifest_answers(site, released):
    tight = verifier(site, limits=replace(site.deployment.limits, max_pixels=100))
    verification = tight.verify(encode(photograph(side=SIDE)))
    assert verification.state == "none_found"
    assert "pixels" in verification.summary
    assert {layer.name for layer in verification.layers if layer.status == "not_checked"} == {
        "manifest_trust", "watermark", "fingerprint", "implicit_label", "ledger",
    }  # fmt: skip
    assert tight.verify(released[1]).state == "consistent"


def test_pixels_are_not_changed_by_being_looked_at(site, released):
    from provenance.media.picture.image import parse_image

    picture = parse_image(released[1])
    before = picture.frame.copy()
    pictures(site).read_mark(picture)
    pictures(site).fingerprint(picture)
    assert np.array_equal(picture.frame, before)


def test_large_pictures_take_turns(site, monkeypatch):
    """Each takes hundreds of MiB, and a batch asks on every core."""
    from concurrent.futures import ThreadPoolExecutor
    from concurrent.futures import TimeoutError as NotYet

    from provenance.verify import verifier as verifying

    one = verifier(site)
    data = encode(photograph("rocket.jpg", SIDE))
    with ThreadPoolExecutor(2) as pool:
        with one._turn:
            assert pool.submit(one.verify, data).result(timeout=60).state == "none_found"
            monkeypatch.setattr(verifying, "LARGE_PIXELS", 1000)
            waiting = pool.submit(one.verify, data)
            with pytest.raises(NotYet):
                waiting.result(timeout=0.2)
        assert waiting.result(timeout=60).state == "none_found"
