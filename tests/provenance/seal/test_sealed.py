"""The record of a seal, without its bytes: nothing else is lost, and other bytes are refused."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import AssetId, MediaType, sha256_hex
from provenance.errors import VerificationError
from provenance.fingerprints.base import Fingerprint
from provenance.grant import MarkKind
from provenance.manifests.softbinding import SoftBinding
from provenance.seal.sealed import (
    PAYLOAD_VERSION,
    MarkReport,
    Sealed,
    SourceReport,
    build_payload,
    build_seal_facts,
    describe_source,
    parse_seal_facts,
    payload_bytes,
)
from provenance.storage.blob import Blob

SEALED = Sealed(
    asset_id=AssetId("a1"),
    decision_id="d1",
    file=Blob.from_bytes(b"the file"),
    media_type=MediaType.JPEG,
    manifest_id="urn:c2pa:1",
    manifest_bytes=b"the manifest",
    marks=(MarkReport(MarkKind.WATERMARK, "x.1", made=True, required=False, detail={"payload": "01"}),),
    soft_bindings=(SoftBinding("x.1", b"\x01\x02"),),
    fingerprints=(Fingerprint("pdq", bytes(32), 100),),
)


def test_a_seal_survives_its_record():
    facts = json.loads(json.dumps(build_seal_facts(SEALED)))
    assert parse_seal_facts(facts, file=Blob.from_bytes(b"the file"), manifest_bytes=b"the manifest") == SEALED
    assert facts["size_bytes"] == 8
    assert facts["manifest_sha256"] == sha256_hex(b"the manifest")


@pytest.mark.parametrize("blobs", [{"file": Blob.from_bytes(b"other")}, {"manifest_bytes": b"other"}])
def test_a_record_does_not_take_other_bytes(blobs):
    facts = build_seal_facts(SEALED)
    with pytest.raises(VerificationError, match="not those that were sealed"):
        parse_seal_facts(facts, **{"file": Blob.from_bytes(b"the file"), "manifest_bytes": b"the manifest", **blobs})


def test_no_bytes_are_in_the_record():
    assert "the file" not in json.dumps(build_seal_facts(replace(SEALED, file=Blob.from_bytes(b"the file"))))


@given(st.integers(0, 2**56 - 1))
def test_a_payload_is_eight_bytes_version_first(identifier):
    packed = payload_bytes(build_payload(identifier))
    assert len(packed) == 8
    assert packed[0] == PAYLOAD_VERSION
    assert int.from_bytes(packed[1:]) == identifier


def test_what_became_of_what_came_in_survives_and_is_said():
    manifest = {"presence": "embedded", "form": "repeated", "redacted": ("stds.exif",), "because": ()}
    sealed = replace(SEALED, source=SourceReport(("a pattern",), ("a gain map",), manifest))
    facts = json.loads(json.dumps(build_seal_facts(sealed)))
    assert parse_seal_facts(facts, file=Blob.from_bytes(b"the file"), manifest_bytes=b"the manifest") == sealed
    assert describe_source(facts) == (
        "cleaned: a pattern",
        "left out: a gain map",
        "redacted out of the manifest that came with it: stds.exif",
    )
    referenced = {"source": {"manifest": {"form": "referenced", "because": ["c2pa.claim.v2"]}}}
    assert "words that cannot be redacted in c2pa.claim.v2" in describe_source(referenced)[0]
    before = {name: value for name, value in facts.items() if name != "source"}
    assert describe_source(before) == ()
    assert parse_seal_facts(before, file=Blob.from_bytes(b"the file"), manifest_bytes=b"the manifest") == SEALED
