"""Whom we trust, when, and who else is named, from c2pa's JSON alone; see tests/outside/test_08_trust.py for real files."""

from datetime import UTC, datetime

import pytest

from provenance.manifests.report import Revocation, TimestampReport, Trust
from provenance.manifests.signers import judge_signer, read_identities, read_revocation, read_timestamp
from provenance.manifests.trust import ALLOWED_LIST, DEVELOPMENT_LIST, MANIFEST_LIST, TIMESTAMP_LIST

NOW = datetime(2026, 11, 29, tzinfo=UTC)
VALIDITY = {"notBefore": "2024-01-01T00:00:00+00:00", "notAfter": "2025-01-01T00:00:00+00:00"}
SIGNATURE = {"certificateInfo": {"validity": VALIDITY}}


def results(*failures, found_in=MANIFEST_LIST, success=("signingCredential.trusted",)):
    lists = {"failure": failures, "success": success}
    active = {kind: [{"code": code} for code in codes] for kind, codes in lists.items()}
    return {"activeManifest": active, "trustListUri": found_in}


def stamp(time="2024-06-01T00:00:00Z", *, is_trusted=True):
    return TimestampReport(time, "clock", is_trusted=is_trusted)


@pytest.mark.parametrize(("timestamp", "trust"), [
    (stamp(), Trust.TRUSTED), (stamp(is_trusted=False), Trust.EXPIRED), (None, Trust.EXPIRED),
    (stamp("2026-06-01T00:00:00Z"), Trust.EXPIRED), (stamp("2023-06-01T00:00:00Z"), Trust.EXPIRED),
    (stamp("nonsense"), Trust.EXPIRED),
])  # fmt: skip
def test_only_a_trusted_time_stamp_outlives_a_certificate(timestamp, trust):
    assert judge_signer(results(), SIGNATURE, timestamp, NOW) is trust


@pytest.mark.parametrize(("found_in", "trust"), [
    (MANIFEST_LIST, Trust.TRUSTED), (ALLOWED_LIST, Trust.TRUSTED), (DEVELOPMENT_LIST, Trust.DEVELOPMENT),
    (TIMESTAMP_LIST, Trust.UNTRUSTED), ("system_anchors", Trust.UNTRUSTED), (None, Trust.UNTRUSTED),
])  # fmt: skip
def test_the_list_decides(found_in, trust):
    assert judge_signer(results(found_in=found_in), {}, None, NOW) is trust


def test_a_stranger_whose_certificate_has_ended_is_a_stranger():
    assert judge_signer(results(success=()), SIGNATURE, None, NOW) is Trust.UNTRUSTED


@pytest.mark.parametrize(("code", "trust"), [
    ("signingCredential.expired", Trust.EXPIRED), ("claimSignature.outsideValidity", Trust.EXPIRED),
    ("signingCredential.invalid", Trust.INVALID), ("signingCredential.ocsp.revoked", Trust.REVOKED),
])  # fmt: skip
def test_a_certificate_that_does_not_count_is_not_untrusted(code, trust):
    assert judge_signer(results(code, "signingCredential.untrusted"), {}, None, NOW) is trust


@pytest.mark.parametrize(("explanation", "is_trusted"), [
    (f"timestamp cert trusted: clock, trust list: {TIMESTAMP_LIST}", True),
    (f"timestamp cert trusted: clock, trust list: {MANIFEST_LIST}", False),
    ("legacy timestamp cert trusted: clock", False),
    (f"legacy timestamp cert trusted: evil, trust list: {TIMESTAMP_LIST}", False),
])  # fmt: skip
def test_an_authority_is_ours_only_where_our_list_says_so(explanation, is_trusted):
    success = [{"code": "timeStamp.validated"}, {"code": "timeStamp.trusted", "explanation": explanation}]
    shown = {"timeStampInfo": {"certificateInfo": {"subject": {"CN": "clock"}}}}
    report = read_timestamp({"time": "2024-06-01T00:00:00Z"}, {"success": success}, shown)
    assert (report.authority, report.is_trusted) == ("clock", is_trusted)
    assert read_timestamp({}, {}, shown) is None


@pytest.mark.parametrize(("kind", "code", "revocation"), [
    ("success", "signingCredential.ocsp.notRevoked", Revocation.NOT_REVOKED),
    ("failure", "signingCredential.ocsp.revoked", Revocation.REVOKED),
    ("informational", "signingCredential.ocsp.unknown", Revocation.UNKNOWN),
    ("informational", "signingCredential.ocsp.skipped", Revocation.NOT_CHECKED),
    ("informational", "something.else", Revocation.NOT_JUDGED),
])  # fmt: skip
def test_a_staple_says_what_it_says(kind, code, revocation):
    assert read_revocation({kind: [{"code": code}]}) is revocation


def identity(**found):
    data = {"signer_payload": {"sig_type": "cawg.x509.cose"}, "signature_info": {"common_name": "Ann", "issuer": "CA"}}
    active = {"assertions": [{"label": "cawg.identity", "data": data}, {"label": "other", "data": {}}]}
    place = "self#jumbf=/c2pa/x/c2pa.assertions/cawg.identity"
    return read_identities(active, {
        kind: [{"code": code, "url": place} for code in codes] for kind, codes in found.items()
    })[0]  # fmt: skip


def test_an_identity_is_verified_trusted_or_neither():
    assert identity().is_verified is False
    untrusted = identity(success=["cawg.x509.signature.validated"], failure=["cawg.x509.credential.untrusted"])
    assert (untrusted.name, untrusted.issuer, untrusted.kind) == ("Ann", "CA", "cawg.x509.cose")
    assert (untrusted.is_verified, untrusted.is_trusted) == (True, False)
    trusted = identity(success=["cawg.x509.signature.validated", "cawg.x509.credential.trusted"])
    assert (trusted.is_verified, trusted.is_trusted) == (True, True)
    broken = identity(success=["cawg.x509.signature.validated"], failure=["cawg.identity.hard_binding_missing"])
    assert (broken.is_verified, broken.is_trusted) == (False, False)
