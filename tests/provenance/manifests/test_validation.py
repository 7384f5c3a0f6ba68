import ast
import io
import json
from pathlib import Path

import c2pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from provenance.asset import MediaType
from provenance.manifests import validation
from provenance.manifests.claim import Marks
from provenance.manifests.report import Integrity, Trust, ValidationState
from provenance.manifests.signing import sign_manifest
from provenance.manifests.softbinding import SoftBinding
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import (
    MOST_WHOLE_BYTES,
    Presence,
    build_settings,
    locate_manifest,
    read_manifest,
    read_store,
)
from provenance.storage.blob import Blob
from tests import image_bytes as make
from tests.provenance.manifests.samples import MARKS, RECIPE, SIGNED_TYPES, define, photograph

NOBODY = TrustAnchors()
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"

MEDIA_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
    "heic": "image/heic",
    "tiff": "image/tiff",
}


def read(fixtures, name):
    return read_manifest((fixtures / name).read_bytes(), MEDIA_TYPES[name.rpartition(".")[2]], NOBODY)


@pytest.mark.parametrize("media_type", [*SIGNED_TYPES, MediaType.GIF])
def test_a_file_without_manifest_is_none(media_type):
    assert read_manifest(photograph(media_type), media_type, NOBODY) is None
    assert locate_manifest(photograph(media_type), media_type) == (Presence.NONE, "")


def test_a_file_whose_manifest_was_read_is_not_opened_again_to_find_it(fixtures, monkeypatch):
    for name, presence in (("C.jpg", Presence.EMBEDDED), ("no_manifest.jpg", Presence.NONE)):
        data = photograph(MediaType.JPEG) if presence is Presence.NONE else (fixtures / name).read_bytes()
        file = Blob.from_bytes(data + name.encode())  # of this test alone
        found = read_manifest(file, MediaType.JPEG, NOBODY)
        assert (found is None) == (presence is Presence.NONE)
        with monkeypatch.context() as patch:
            patch.setattr(c2pa, "Reader", None)
            assert locate_manifest(Blob.from_bytes(file.read(file.size_bytes)), MediaType.JPEG) == (presence, "")


EXPECTED = {
    "C.jpg": (Integrity.OK, ()),
    "CA.jpg": (Integrity.OK, ()),
    "CACA.jpg": (Integrity.OK, ()),
    "boxhash.jpg": (Integrity.OK, ()),
    "ocsp.jpg": (Integrity.OK, ()),
    "update_manifest.jpg": (Integrity.OK, ()),
    "C_with_CAWG_data.jpg": (Integrity.OK, ("cawg.x509.credential.untrusted",)),
    "CACAE-uri-CA.jpg": (Integrity.OK, ()),
    "CIE-sig-CA.jpg": (Integrity.OK, ()),
    "E-sig-CA.jpg": (Integrity.FAILED, ("claimSignature.mismatch",)),
    "XCA.jpg": (Integrity.FAILED, ("assertion.dataHash.mismatch",)),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_public_fixtures_give_their_codes(name, fixtures):
    integrity, codes = EXPECTED[name]
    report = read(fixtures, name)
    assert report.integrity is integrity
    assert set(report.failure_codes) == {"signingCredential.untrusted", *codes}
    assert report.trust is Trust.UNTRUSTED
    assert report.validation_state is (ValidationState.VALID if integrity is Integrity.OK else ValidationState.INVALID)


@pytest.mark.parametrize(
    ("name", "title", "depth", "code"),
    [
        ("CIE-sig-CA.jpg", "E-sig-CA.jpg", 1, "claimSignature.mismatch"),
        ("CACAE-uri-CA.jpg", "E-uri-CA.jpg", 2, "assertion.hashedURI.mismatch"),
    ],
)
def test_faults_of_ingredients_are_theirs(name, title, depth, code, fixtures):
    report = read(fixtures, name)
    faulty = [item for item in report.ingredients if item.failure_codes]
    assert [(item.title, item.depth, item.failure_codes) for item in faulty] == [(title, depth, (code,))]


def test_a_damaged_signature_and_a_damaged_picture_are_told_apart(fixtures):
    assert not read(fixtures, "E-sig-CA.jpg").is_signature_intact
    assert read(fixtures, "XCA.jpg").is_signature_intact


def test_a_remote_manifest_is_named_and_never_fetched(fixtures):
    report = read(fixtures, "cloud.jpg")
    assert report.integrity is Integrity.NOT_CHECKED
    assert report.validation_state is ValidationState.NOT_CHECKED
    assert report.remote_host == "cai-manifests.adobe.com"
    assert report.note == "not checked: remote manifest at cai-manifests.adobe.com"
    presence, url = locate_manifest((fixtures / "cloud.jpg").read_bytes(), "image/jpeg")
    assert presence is Presence.REMOTE
    assert url.startswith("https://cai-manifests.adobe.com/")


def test_source_types_say_what_is_claimed(fixtures):
    camera = read(fixtures, "C_with_CAWG_data.jpg")
    assert camera.digital_source_types == (f"{IPTC}digitalCapture",)
    assert (camera.is_ai, camera.claims_human_capture) == (False, True)
    edited = read(fixtures, "ocsp.jpg")
    assert (edited.is_ai, edited.claims_human_capture) == (True, False)
    drawn = read(fixtures, "C.jpg")
    assert (drawn.is_ai, drawn.claims_human_capture) == (False, False)


def test_every_fixture_is_answered(fixtures):
    """Whole, broken or hostile, of whatever type: a report or None, never an exception."""
    for path in sorted(fixtures.iterdir()):
        media_type = MEDIA_TYPES.get(path.suffix[1:], "image/jpeg")
        report = read_manifest(path.read_bytes(), media_type, NOBODY)
        assert report is None or report.integrity in set(Integrity)


def test_files_that_cannot_be_walked_are_not_checked(fixtures):
    report = read(fixtures, "tiff_poc.tiff")
    assert (report.integrity, report.trust) == (Integrity.NOT_CHECKED, Trust.NOT_CHECKED)
    assert report.note.startswith("not checked: the file cannot be walked")
    assert locate_manifest((fixtures / "tiff_poc.tiff").read_bytes(), "image/tiff")[0] is Presence.UNREADABLE


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff", bytes(1000)])
@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/tiff", "application/x-nonsense", ""])
def test_junk_is_reported_not_raised(data, media_type):
    report = read_manifest(data, media_type, NOBODY)
    assert report is None or report.integrity is not Integrity.OK


@pytest.fixture(scope="module")
def signed_files(identity, trust):
    return {
        media_type: sign_manifest(photograph(media_type), media_type, define(media_type), identity, trust=trust)
        for media_type in SIGNED_TYPES
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(media_type=st.sampled_from(SIGNED_TYPES), offset=st.integers(0, 2**20), bit=st.integers(0, 7))
def test_one_flipped_bit_in_the_picture_breaks_integrity(media_type, offset, bit, signed_files, trust):
    signed = signed_files[media_type]
    start, stop = _pixel_range(signed.file.read(), media_type)
    damaged = bytearray(signed.file.read())
    damaged[start + offset % (stop - start)] ^= 1 << bit
    report = read_manifest(bytes(damaged), media_type, trust)
    assert report is not None
    assert report.integrity is Integrity.FAILED
    assert report.is_signature_intact
    assert report.validation_state is ValidationState.INVALID


def _pixel_range(data: bytes, media_type: MediaType) -> tuple[int, int]:
    """Where the coded pixels lie."""
    if media_type is MediaType.JPEG:
        return data.index(b"\xff\xda") + 14, len(data) - 2
    if media_type is MediaType.PNG:
        return data.index(b"IDAT") + 4, data.rindex(b"IEND") - 8
    if media_type is MediaType.WEBP:
        at = data.index(b"VP8 ") + 8
        return at, at + int.from_bytes(data[at - 4 : at], "little")
    if media_type is MediaType.AVIF:
        at = data.index(b"mdat") + 4
        return at, at - 8 + int.from_bytes(data[at - 8 : at - 4], "big")
    with Image.open(io.BytesIO(data)) as image:
        offsets, sizes = image.tag_v2[273], image.tag_v2[279]
    return offsets[0], offsets[0] + sizes[0]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    media_type=st.sampled_from((MediaType.JPEG, MediaType.PNG, MediaType.WEBP, MediaType.TIFF)),
    in_claim=st.booleans(),
    offset=st.integers(0, 10_000),
    bit=st.integers(0, 7),
)
def test_one_flipped_bit_in_what_the_manifest_says_breaks_integrity(
    media_type, in_claim, offset, bit, signed_files, trust
):
    """Assertions and claim; the container's own lengths and the padding after the signature say nothing."""
    signed = signed_files[media_type]
    store = signed.manifest_bytes
    claim = store.index(b"c2pa.claim.v2\0") + 14
    claim_size = int.from_bytes(store[claim : claim + 4], "big")
    spans = (store.index(b"c2pa.actions.v2\0"), claim - 14 - 25), (claim + 8, claim + claim_size)
    start, stop = spans[in_claim]
    position = signed.file.read().index(store) + start + offset % (stop - start)
    damaged = bytearray(signed.file.read())
    damaged[position] ^= 1 << bit
    report = read_manifest(bytes(damaged), media_type, trust)
    assert report is not None
    assert report.integrity is Integrity.FAILED


def test_a_recovered_manifest_is_checked_against_a_stripped_file(signed_files, trust):
    for media_type, signed in signed_files.items():
        stripped = photograph(media_type)
        assert read_manifest(stripped, media_type, trust) is None
        report = read_manifest(stripped, media_type, trust, signed.manifest_bytes)
        assert report.manifest_id == signed.manifest_id
        assert not report.is_embedded
        assert report.is_signature_intact
        assert report.integrity is Integrity.FAILED
        hashes = {code for code in report.failure_codes if not code.startswith("signingCredential.")}
        assert hashes == {
            "assertion.bmffHash.mismatch" if media_type is MediaType.AVIF else "assertion.dataHash.mismatch"
        }
        assert report.soft_bindings == MARKS_BINDINGS


MARKS_BINDINGS = (MARKS.watermark, *MARKS.fingerprints)


def test_a_damaged_recovered_manifest_is_not_intact(signed_files, trust):
    signed = signed_files[MediaType.JPEG]
    at = signed.manifest_bytes.index(b"trainedAlgorithmicMedia")
    damaged = bytearray(signed.manifest_bytes)
    damaged[at : at + 7] = b"drained"
    report = read_manifest(photograph(MediaType.JPEG), MediaType.JPEG, trust, bytes(damaged))
    assert not report.is_signature_intact
    assert "assertion.hashedURI.mismatch" in report.failure_codes


@pytest.mark.parametrize("manifest_bytes", [b"", b"junk", bytes(100)])
def test_a_recovered_manifest_that_is_none_is_reported(manifest_bytes, trust):
    report = read_manifest(photograph(MediaType.JPEG), MediaType.JPEG, trust, manifest_bytes)
    assert report is None or report.integrity is not Integrity.OK


HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE assets; --",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}${7*7}",
    "\u202egpj.exe\u0000\u001b[2J",
    "A" * 10_000,
    "=HYPERLINK(1)",
    "../../etc/passwd",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_text_in_our_own_manifests_is_inert(text, identity, trust):
    recipe = {**RECIPE, "backend": text, "model_name": text, "model_identifier": text}
    marks = Marks(explicit_label=text, metadata=(text,))
    definition = define(recipe=recipe, marks=marks, title=text)
    signed = sign_manifest(photograph(MediaType.JPEG), MediaType.JPEG, definition, identity, trust=trust)
    assert signed.report.integrity is Integrity.OK
    assert_bounded(signed.report)
    shown = signed.report.crjson["manifests"][0]["claim.v2"]["dc:title"]
    assert shown[:200] == text.replace("\u202e", "\ufffd").replace("\0", "\ufffd").replace("\x1b", "\ufffd")[:200]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_text_in_manifests_of_others_is_inert(text, identity, trust):
    """Written by c2pa itself, as a stranger would, past all our own bounds."""
    clean = text.replace("\0", "")
    definition = {
        "title": clean,
        "claim_generator_info": [{"name": clean, "version": clean}],
        "ingredients": [{"title": clean, "relationship": "inputTo", "format": clean[:100], "instance_id": clean}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "created": True,
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "digitalSourceType": clean,
                            "softwareAgent": {"name": clean},
                            "description": clean,
                        },
                        {"action": f"org.example.{clean}"},
                    ]
                },
            },
            {"label": "c2pa.soft-binding", "data": {"alg": clean, "blocks": [{"scope": {}, "value": clean}]}},
        ],
    }
    data = sign_as_a_stranger(definition, identity)
    report = read_manifest(data, MediaType.JPEG, trust)
    assert_bounded(report)
    json.dumps(report.crjson)


def sign_as_a_stranger(definition, identity) -> bytes:
    out = io.BytesIO()
    context = c2pa.Context.from_dict(build_settings(NOBODY))
    builder = c2pa.Builder.from_json(json.dumps(definition), context=context)
    signer = c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.certificate_chain_pem)
    builder.sign(signer, "image/jpeg", io.BytesIO(photograph(MediaType.JPEG)), out)
    return out.getvalue()


def assert_bounded(report):
    texts = [report.manifest_id, report.issuer, report.signer, report.claim_generator, report.note]
    texts += [*report.digital_source_types, *report.edit_source_types, *report.actions, *report.failure_codes]
    for item in report.ingredients:
        texts += [item.id, item.title, item.media_type, item.relationship]
    assert all(len(text) <= 600 for text in texts)
    assert not any(char in text for text in texts for char in "\0\x1b\u202e")
    assert all(isinstance(binding, SoftBinding) and len(binding.alg) <= 128 for binding in report.soft_bindings)
    assert max((len(text) for text in _strings(report.crjson)), default=0) <= 2048


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def test_c2pa_stays_behind_two_modules():
    package = Path(validation.__file__).parents[1]
    importing = {
        path.name
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "c2pa" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "c2pa")
    }
    assert importing == {"signing.py", "validation.py"}


def test_a_file_in_too_many_pieces_is_not_checked_and_never_none():
    """c2pa-rs reads a GIF block by block, each by a call into Python."""
    blocks = b"\x21\xfe" + b"\1x" * 150_000 + b"\0"
    data = make.gif_with(blocks)
    report = read_manifest(data, MediaType.GIF, NOBODY)
    assert (report.integrity, report.note) == (Integrity.NOT_CHECKED, "not checked: the file is in too many pieces")
    assert locate_manifest(data, MediaType.GIF) == (Presence.UNREADABLE, "")
    assert read_manifest(make.gif_with(b"\x21\xfe" + b"\1x" * 50_000 + b"\0"), MediaType.GIF, NOBODY) is None


def test_what_c2pa_would_hold_whole_is_looked_into_up_to_a_bound(trust, tmp_path):
    path = tmp_path / "large"
    for head, integrity in (
        (b"\xff\xd8\xff", Integrity.NOT_CHECKED),
        (b"  <svg", Integrity.NOT_CHECKED),
        (b"RIFF", None),
    ):
        with path.open("wb") as file:
            file.write(head)
            file.truncate(MOST_WHOLE_BYTES + 1)
        report = read_manifest(Blob.from_stored(path), "image/jpeg" if integrity else "image/webp", trust)
        assert (report and report.integrity) == integrity
        assert read_store(Blob.from_stored(path), "image/jpeg") == b""
    assert report is None
