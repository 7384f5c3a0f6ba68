import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from provenance.asset import MediaType, Origin
from provenance.errors import ConfigurationError, SigningError
from provenance.manifests.certificates import IdentityInfo
from provenance.manifests.claim import Definition, SourceFile
from provenance.manifests.report import Integrity, Trust, ValidationState
from provenance.manifests.signing import sign_manifest
from provenance.manifests.validation import read_manifest
from tests.provenance.manifests.samples import (
    FINGERPRINT,
    RECIPE,
    SIGNED_TYPES,
    WATERMARK,
    define,
    photograph,
)


class Imposter:
    """An identity whose signatures are whatever a test wants."""

    def __init__(self, identity, sign):
        self.certificate_chain_pem = identity.certificate_chain_pem
        self.algorithm = identity.algorithm
        self.is_development = True
        self.sign = sign

    def describe(self) -> IdentityInfo:
        return IdentityInfo("s", "i", datetime.now(UTC), "", "es256", is_development=True, source="")


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("media_type", [*SIGNED_TYPES, MediaType.GIF])
def test_every_format_is_signed_without_touching_a_pixel(media_type, identity, trust):
    before = photograph(media_type)
    signed = sign_manifest(before, media_type, define(media_type), identity, trust=trust)
    assert np.array_equal(pixels(signed.file.read()), pixels(before))
    assert len(signed.file.read()) - len(before) < 20_000, "no thumbnail"
    report = read_manifest(signed.file.read(), media_type, trust)
    assert report.manifest_id == signed.manifest_id
    assert report.manifest_id.startswith("urn:c2pa:")
    assert (report.integrity, report.trust) == (Integrity.OK, Trust.DEVELOPMENT)
    assert report.validation_state is ValidationState.TRUSTED
    assert report.soft_bindings == (WATERMARK, FINGERPRINT)
    assert report.is_ai
    assert not report.claims_human_capture
    assert report.claim_generator.startswith("chopmark/")


def test_the_report_is_that_of_the_very_bytes(signed_jpeg, trust):
    again = read_manifest(signed_jpeg.file.read(), MediaType.JPEG, trust)
    assert again.manifest_id == signed_jpeg.report.manifest_id
    assert again.actions == signed_jpeg.report.actions


def test_signing_twice_makes_two_manifests(identity, trust):
    definition = define()
    ids = {
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust).manifest_id
        for _ in range(2)
    }
    assert len(ids) == 2


def test_threads_do_not_disturb_each_other(identity, trust):
    barrier = threading.Barrier(4)

    def run(media_type):
        barrier.wait()
        return [
            sign_manifest(photograph(media_type), media_type, define(media_type), identity, trust=trust)
            for _ in range(5)
        ]

    with ThreadPoolExecutor(4) as pool:
        made = [signed for batch in pool.map(run, SIGNED_TYPES[:4]) for signed in batch]
    assert len({signed.manifest_id for signed in made}) == 20
    assert all(signed.report.integrity is Integrity.OK for signed in made)


def test_an_incoming_manifest_is_kept_as_an_ingredient(identity, trust, signed_jpeg):
    source = SourceFile(MediaType.JPEG, "incoming.jpg", has_manifest=True)
    definition = define(MediaType.PNG, recipe=None, origin=Origin.SUBMITTED, source=source)
    signed = sign_manifest(
        photograph(MediaType.PNG), MediaType.PNG, definition, identity, ingredient=signed_jpeg.file.read(), trust=trust
    )
    (parent,) = signed.report.ingredients
    assert parent.id == signed_jpeg.manifest_id
    assert (parent.relationship, parent.title, parent.has_manifest) == ("parentOf", "incoming.jpg", True)
    assert parent.failure_codes == ()
    assert signed.report.is_ai, "the parent says so"


def test_an_incoming_manifest_is_kept_even_when_nobody_knew_of_it(identity, trust, signed_jpeg):
    definition = define(recipe=None, origin=Origin.SUBMITTED)
    assert "digital_source_type" in definition.ingredient
    signed = sign_manifest(
        photograph(MediaType.JPEG),
        MediaType.JPEG,
        definition,
        identity,
        ingredient=signed_jpeg.file.read(),
        trust=trust,
    )
    assert [item.id for item in signed.report.ingredients] == [signed_jpeg.manifest_id]


def test_a_broken_incoming_manifest_is_kept_with_its_fault(identity, trust, fixtures):
    source = SourceFile(MediaType.JPEG, "broken.jpg", has_manifest=True)
    definition = define(recipe=None, origin=Origin.SUBMITTED, source=source)
    incoming = (fixtures / "E-sig-CA.jpg").read_bytes()
    signed = sign_manifest(
        photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, ingredient=incoming, trust=trust
    )
    assert signed.report.integrity is Integrity.OK
    assert "claimSignature.mismatch" in signed.report.ingredients[0].failure_codes


def test_a_remote_incoming_manifest_is_named_and_not_fetched(identity, trust, fixtures):
    definition = define(recipe=None, origin=Origin.SUBMITTED)
    incoming = (fixtures / "cloud.jpg").read_bytes()
    signed = sign_manifest(
        photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, ingredient=incoming, trust=trust
    )
    ingredient = signed.report.crjson["manifests"][0]["assertions"]["c2pa.ingredient.v3"]
    assert "was not fetched" in ingredient["description"]
    assert ingredient["informationalURI"].startswith("https://cai-manifests.adobe.com/")


def test_an_unreadable_incoming_file_becomes_an_ingredient_that_says_so(identity, trust):
    definition = define(recipe=None, origin=Origin.SUBMITTED)
    signed = sign_manifest(
        photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, ingredient=b"\xff\xd8junk", trust=trust
    )
    ingredient = signed.report.crjson["manifests"][0]["assertions"]["c2pa.ingredient.v3"]
    assert "could not be read" in ingredient["description"]


def test_the_source_of_image_to_image_is_an_input(identity, trust):
    definition = define(recipe={**RECIPE, "source_sha256": "11" * 32})
    report = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust).report
    assert [item.relationship for item in report.ingredients] == ["inputTo"]
    assert report.actions[0] == "c2pa.created"


def test_garbage_signatures_never_leave(identity):
    """c2pa itself writes them into the file without a word."""
    for garbage in (b"x" * 64, b"\x30\x06\x02\x01\x01\x02\x01\x01"):
        with pytest.raises(SigningError):
            sign_manifest(
                photograph(MediaType.JPEG), MediaType.JPEG, define(), Imposter(identity, lambda _, g=garbage: g)
            )


def test_an_identity_that_fails_is_the_cause(identity):
    def refuse(_):
        raise SigningError("the token is locked")

    with pytest.raises(SigningError, match="the token is locked") as caught:
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), Imposter(identity, refuse))
    assert isinstance(caught.value.__cause__, SigningError)


def test_other_failures_of_an_identity_are_signing_errors_too(identity):
    def refuse(_):
        raise ConfigurationError("the key went away")

    with pytest.raises(SigningError, match="could not sign") as caught:
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, define(), Imposter(identity, refuse))
    assert isinstance(caught.value.__cause__, ConfigurationError)


@pytest.mark.parametrize(
    ("data", "media_type"), [(b"", "image/jpeg"), (b"not a picture", "image/png"), (b"x", "text/plain")]
)
def test_what_is_no_picture_is_not_signed(data, media_type, identity):
    with pytest.raises(SigningError, match="could not sign"):
        sign_manifest(data, media_type, define(), identity)


def test_a_definition_that_c2pa_refuses_is_a_signing_error(identity):
    manifest = {"claim_generator_info": [{"name": "x"}], "assertions": [{"label": "c2pa.actions.v2", "data": {}}]}
    with pytest.raises(SigningError):
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, Definition(manifest), identity)


def test_a_definition_that_does_not_hold_is_a_signing_error(identity):
    definition = define()
    manifest = {**definition.manifest, "assertions": [*definition.manifest["assertions"][3:]]}
    with pytest.raises(SigningError, match=r"assertion\.action\.malformed"):
        sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, Definition(manifest), identity)
