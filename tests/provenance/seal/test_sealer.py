"""Seals of every kind of picture, and every mark sabotaged once: what does not read back never ships."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import Asset, MediaType, Origin, new_asset_id, sha256_hex
from provenance.errors import SigningError, UnmarkableError, VerificationError
from provenance.grant import Grant, MarkKind, Obligation
from provenance.labels.aigc import AigcItem
from provenance.labels.implicit import ImplicitLabels, read_labels, write_labels
from provenance.manifests.timestamp import TimestampAuthority
from provenance.manifests.validation import read_manifest
from provenance.media.picture import medium as sealing
from provenance.media.picture.image import Picture, encode_image, parse_image
from provenance.seal.sealed import build_payload
from provenance.storage.blob import Blob
from tests.end_to_end.attackers import sign
from tests.sites import as_submission, build_light_settings, build_sealer, encode, photograph, pictures

SIDE = 288
FIXTURES = Path(__file__).parents[4] / "shared" / "data" / "c2pa-rs-fixtures"
HEIC = Path(__file__).parents[1] / "media" / "vectors"
ALL_PACKS = ("light", "cn-labeling-2025")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = build_light_settings(tmp_path_factory.mktemp("site") / "home")
    with open_site(settings) as opened:
        yield opened


def release(site, data, *, packs=("light",), sealer=None, **fields):
    here = site.deployment if sealer is None else replace(site.deployment, sealer=sealer)
    return gate.release(here, as_submission(data, packs=packs, **fields))


def released(site, data, **fields):
    result = release(site, data, **fields)
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    file = site.deployment.blobs.public.get(result.public_key)
    assert site.verifier.verify(file).state == "consistent"
    return result, file


def held(site, data, **fields):
    """Seal with something broken; return why it was held. Nothing of it may be readable."""
    before = sorted(site.deployment.blobs.public.keys())
    result = release(site, data, **fields)
    assert result.outcome is Outcome.HOLD
    assert result.decision.decided_by == "seal"
    assert sorted(site.deployment.blobs.public.keys()) == before
    return result.decision.reasons[0].text


def jpeg(side=SIDE):
    return encode(photograph(side=side))


# pictures of every kind


def greyscale():
    return encode(photograph(side=SIDE).convert("L"), "PNG")


def sixteen_bits():
    levels = np.asarray(photograph(side=SIDE).convert("L"), dtype=np.uint16) * 257
    return encode(Image.fromarray(levels), "PNG")


def palette():
    return encode(photograph(side=SIDE).quantize(64), "PNG")


def cmyk():
    return encode(photograph(side=SIDE).convert("CMYK"))


@pytest.mark.parametrize("build", [greyscale, sixteen_bits, palette, cmyk])
def test_unusual_pixels_ship_with_every_mark(site, build):
    result, _ = released(site, build(), packs=ALL_PACKS)
    assert {mark["kind"] for mark in result.seal["marks"] if mark["made"]} >= {
        "signed_metadata", "watermark", "explicit_label", "aigc_metadata",
    }  # fmt: skip


def test_transparency_ships_beside_the_watermark_and_the_label(site):
    picture = photograph(side=SIDE)
    alpha = Image.linear_gradient("L").resize(picture.size).point(lambda value: 128 + value // 2)
    picture.putalpha(alpha)
    result, file = released(site, encode(picture, "PNG"), packs=ALL_PACKS)
    shipped = parse_image(file)
    assert result.seal["media_type"] == MediaType.PNG
    assert shipped.alpha is not None
    assert np.abs(shipped.alpha[:100].astype(int) - np.asarray(alpha)[:100]).max() <= 3, "its low bits are cleaned"
    assert (shipped.alpha[-20:, -100:] == 255).any(), "the label is opaque"


def test_a_still_gif_ships_as_png(site):
    result, file = released(site, encode(photograph(side=SIDE), "GIF"))
    assert result.seal["media_type"] == MediaType.PNG
    assert file.startswith(b"\x89PNG")


def test_heic_ships_as_jpeg(site):
    data = (HEIC / "turned.heic").read_bytes()
    picture = parse_image(data)
    asset = Asset(new_asset_id(), sha256_hex(data), MediaType.HEIC, len(data), picture.facts, Origin.SUBMITTED)
    signed_only = Grant(asset.id, asset.sha256, "decision", (), (Obligation(MarkKind.SIGNED_METADATA),), 7)
    coarse = build_sealer(site, fingerprints=pictures(site).fingerprints[:1])  # pHash needs more pixels
    sealed = coarse.seal(asset, picture, Blob.from_bytes(data), signed_only, {})
    shipped = parse_image(sealed.file.read())
    assert sealed.media_type is shipped.media_type is MediaType.JPEG
    assert (shipped.width, shipped.height) == (picture.width, picture.height)
    assert [mark.kind for mark in sealed.marks] == [MarkKind.SIGNED_METADATA]


def test_an_orientation_that_was_applied_is_told(site):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = photograph(side=SIDE)
    result, file = released(site, encode(picture, exif=exif.tobytes()))
    shipped = parse_image(file)
    assert (shipped.width, shipped.height) == (picture.height, picture.width)
    assert not shipped.is_turned
    report = read_manifest(file, MediaType.JPEG, site.verifier._trust)
    assert "c2pa.orientation" in report.actions
    assert result.seal["manifest_id"] == report.manifest_id
    _, upright = released(site, jpeg())
    assert "c2pa.orientation" not in read_manifest(upright, MediaType.JPEG, site.verifier._trust).actions


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (300, 20), (255, 255)])
def test_a_picture_too_small_for_its_marks_is_held(site, size):
    rng = np.random.default_rng(1)
    tiny = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    result = release(site, encode(tiny, "PNG"))
    assert result.outcome is Outcome.HOLD
    assert result.public_key == ""


# what came in


def test_an_incoming_manifest_is_kept_as_an_ingredient(site):
    taken = sign(jpeg(), MediaType.JPEG, "digitalCapture")
    before = read_manifest(taken, MediaType.JPEG, site.verifier._trust)
    _, file = released(site, taken)
    report = read_manifest(file, MediaType.JPEG, site.verifier._trust)
    (kept,) = report.ingredients
    assert (kept.id, kept.relationship, kept.has_manifest) == (before.manifest_id, "parentOf", True)
    assert not kept.failure_codes
    assert report.actions[0] == "c2pa.opened"


@pytest.mark.parametrize("name", ["C.jpg", "CA.jpg"])
def test_manifests_of_others_live_on(site, name):
    if not FIXTURES.is_dir():
        pytest.skip("../shared/data/c2pa-rs-fixtures is absent")
    data = (FIXTURES / name).read_bytes()
    before = read_manifest(data, MediaType.JPEG, site.verifier._trust)
    _, file = released(site, data)
    report = read_manifest(file, MediaType.JPEG, site.verifier._trust)
    assert report.ingredients[0].id == before.manifest_id


def test_an_incoming_aigc_item_is_joined_not_doubled(site):
    item = AigcItem(content_producer="another service", produce_id="77")
    labelled = write_labels(jpeg(), MediaType.JPEG, ImplicitLabels(item))
    result, file = released(site, labelled, packs=ALL_PACKS)
    (found,) = read_labels(file, MediaType.JPEG).aigc
    assert (found.item.content_producer, found.item.produce_id) == ("another service", "77")
    assert found.item.content_propagator == site.deployment.sealer.provider.name
    assert found.item.propagate_id == result.asset_id


def test_no_prompt_and_no_foreign_metadata_is_in_the_file(site):
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    data = encode(photograph(side=SIDE), exif=exif.tobytes(), comment=b"a secret comment")
    _, file = released(site, data, prompt="a violet teapot", origin=Origin.GENERATED, packs=ALL_PACKS)
    assert b"violet" not in file
    assert b"secret" not in file


# sabotage


class Scheme:
    """A watermark scheme whose embedding is somebody's mistake."""

    def __init__(self, site, embed):
        own = pictures(site).watermark
        self.name, self.alg, self.extract = own.name, own.alg, own.extract
        self.embed = lambda frame, payload: embed(own, frame, payload)


def give_up(*_):
    raise UnmarkableError("this picture cannot carry the mark")


@pytest.mark.parametrize(("embed", "why"), [
    (lambda _own, frame, _payload: frame, "does not read back"),
    (lambda own, frame, payload: own.embed(frame, payload ^ 1 << 40), "does not read back"),
    (lambda _own, frame, _payload: np.ascontiguousarray(frame[::-1]), "does not read back"),
    (give_up, "cannot carry the mark"),
], ids=["nothing", "another payload", "a spoiled picture", "refusal"])  # fmt: skip
def test_a_watermark_that_does_not_read_back_holds(site, embed, why):
    sealer = build_sealer(site, watermark=Scheme(site, embed))
    assert why in held(site, jpeg(), sealer=sealer)


def test_a_watermark_under_a_strangers_key_holds(site):
    from provenance.watermarks.base import WatermarkKey
    from provenance.watermarks.dwt_dct_svd import DwtDctSvd

    stranger = DwtDctSvd((WatermarkKey("stranger", bytes(32)),))
    sealer = build_sealer(site, watermark=Scheme(site, lambda _own, *given: stranger.embed(*given)))
    assert "does not read back" in held(site, jpeg(), sealer=sealer)


def test_a_label_that_was_not_drawn_holds(site, monkeypatch):
    monkeypatch.setattr(sealing, "draw_label", lambda picture, **_: picture)
    assert "visible label" in held(site, jpeg(), packs=ALL_PACKS)


def test_a_label_that_the_encoder_loses_holds(site, monkeypatch):
    """The file is encoded from the picture as it was before the label."""
    drawn = sealing.draw_label
    before = []

    def draw(picture, **options):
        before.append(picture)
        return drawn(picture, **options)

    monkeypatch.setattr(sealing, "draw_label", draw)
    monkeypatch.setattr(sealing, "encode_image", lambda _, media_type: encode_image(before[-1], media_type))
    assert "visible label" in held(site, jpeg(), packs=ALL_PACKS)


def test_a_label_that_does_not_fit_holds(site):
    assert "label" in held(site, jpeg(), packs=("light", "label"))


def test_metadata_that_is_dropped_holds(site, monkeypatch):
    monkeypatch.setattr(sealing, "write_labels", lambda encoded, *_: encoded)
    assert "gb45438 aigc" in held(site, jpeg(), packs=ALL_PACKS)


def test_a_doubled_item_holds(site, monkeypatch):
    def twice(encoded, media_type, labels):
        written = write_labels(encoded, media_type, labels)
        at = written.index(b"<TC260")
        item = written[at : written.index(b">", written.index(b"</TC260", at)) + 1]
        return written if not item else grow(written, at, item)

    def grow(data, at, item):
        start = data.index(b"\xff\xe1")
        size = int.from_bytes(data[start + 2 : start + 4]) + len(item)
        return data[: start + 2] + size.to_bytes(2) + data[start + 4 : at] + item + data[at:]

    monkeypatch.setattr(sealing, "write_labels", twice)
    assert "gb45438 aigc" in held(site, jpeg(), packs=ALL_PACKS)


def test_another_picture_in_the_file_holds(site, monkeypatch):
    other = parse_image(encode(photograph("chelsea.png", SIDE)))
    monkeypatch.setattr(sealing, "encode_image", lambda _, media_type: encode_image(other, media_type))
    assert "does not read back" in held(site, jpeg())


def test_a_picture_that_is_not_what_was_fingerprinted_holds(site, monkeypatch):
    """The watermark is right, the picture below it is another: only the fingerprint notices."""
    own = pictures(site)
    other = photograph("chelsea.png", SIDE)

    def swap(picture, media_type):
        payload = own.watermark.extract(picture.frame).payload
        frame = own.watermark.embed(np.asarray(other), payload)
        return encode_image(Picture.from_frame(frame), media_type)

    monkeypatch.setattr(sealing, "encode_image", swap)
    assert "bits of pdq from what was sealed" in held(site, jpeg())


class Refuses:
    """An identity that cannot sign, or signs something else."""

    def __init__(self, identity, answer):
        self._identity, self._answer = identity, answer

    def sign(self, data):
        return self._answer(data)

    def __getattr__(self, name):
        return getattr(self._identity, name)


def out_of_reach(_):
    raise SigningError("the key is out of reach")


@pytest.mark.parametrize(("answer", "why"), [
    (out_of_reach, "the key is out of reach"), (lambda data: bytes(64), "signing"), (lambda data: b"", "signing"),
], ids=["no key", "a wrong signature", "no signature"])  # fmt: skip
def test_a_signer_that_fails_holds(site, answer, why):
    sealer = build_sealer(site, identity=Refuses(site.identity, answer))
    assert why in held(site, jpeg(), sealer=sealer)


def test_a_time_stamp_authority_that_is_down_holds(site):
    sealer = build_sealer(site, timestamp=TimestampAuthority("http://127.0.0.1:9/"))
    assert "time-stamp" in held(site, jpeg(), sealer=sealer, packs=("light", "eu-ai-act-50"))


def test_without_an_authority_the_missing_time_stamp_is_reported(site):
    result, _ = released(site, jpeg(), packs=("light", "eu-ai-act-50"))
    marks = {mark["kind"]: (mark["made"], mark["required"]) for mark in result.seal["marks"]}
    assert marks["timestamp"] == (False, False)


# the sealer itself


def test_an_optional_watermark_is_reported_missing_where_it_cannot_be(site):
    """A pack may ask for a mark where the picture allows it."""
    from policies.line import intake
    from policies.line.granting import grant
    from tests.policies.deployments import decided

    here = site.deployment
    asset_id = decided(here)
    licence = grant(here, asset_id)
    optional = tuple(replace(item, required=item.kind is not MarkKind.WATERMARK) for item in licence.obligations)
    asset = intake.load_asset(here, asset_id)
    picture, original = intake.load_content(here, asset)
    sealer = build_sealer(site, watermark=Scheme(site, give_up))
    sealed = sealer.seal(asset, picture, original, replace(licence, obligations=optional), {})
    report = {mark.kind: mark for mark in sealed.marks}[MarkKind.WATERMARK]
    assert (report.made, report.required) == (False, False)
    assert report.detail == {"problem": "this picture cannot carry the mark"}
    assert {item.alg.rpartition(".")[0] for item in sealed.soft_bindings} == {"org.chopmark.pdq"} or len(
        sealed.soft_bindings
    ) == 1
    silent = build_sealer(site, watermark=Scheme(site, lambda _own, frame, _payload: frame))
    with pytest.raises(VerificationError, match="names a watermark that does not read back"):
        silent.seal(asset, picture, original, replace(licence, obligations=optional), {})


def test_the_sealer_does_not_touch_the_picture_that_it_was_given(site):
    from policies.line import intake
    from policies.line.granting import grant
    from tests.policies.deployments import decided

    here = site.deployment
    asset_id = decided(here, packs=ALL_PACKS)
    asset = intake.load_asset(here, asset_id)
    picture, original = intake.load_content(here, asset)
    before = picture.frame.copy()
    sealed = here.sealer.seal(asset, picture, original, grant(here, asset_id), {})
    assert np.array_equal(picture.frame, before)
    reading = pictures(site).watermark.extract(np.asarray(Image.open(io.BytesIO(sealed.file.read())).convert("RGB")))
    assert reading.payload == build_payload(grant(here, asset_id).payload)
    assert here.sealer.has_timestamp is False


def test_a_second_opinion_that_wavers_does_not_hold_a_release(site):
    from provenance.fingerprints.base import Fingerprint

    class Wavering:
        """A second fingerprint that never says the same twice."""

        alg, bits, confident_distance_bits = "wavering", 64, 0

        def __init__(self):
            self.said = 0

        def compute(self, picture):
            self.said += 1
            return Fingerprint(self.alg, self.said.to_bytes(8), 100)

    here = site.deployment
    sealer = build_sealer(site, fingerprints=(pictures(site).fingerprints[0], Wavering()))
    result = gate.release(replace(here, sealer=sealer), as_submission(encode(photograph())))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert [binding["alg"] for binding in result.seal["soft_bindings"]].count("org.chopmark.wavering.1") == 0
