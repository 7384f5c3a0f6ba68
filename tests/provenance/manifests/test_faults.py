"""Every code has its kind, and an algorithm that nobody knows is not called a change."""

import pytest

from provenance.manifests.faults import (
    GENERAL,
    describe_refusal,
    find_fault,
    integrity_of,
    is_about_trust,
    read_failures,
)
from provenance.manifests.report import MAX_ITEMS, Failure, Fault, Integrity


@pytest.mark.parametrize(("code", "fault"), [
    ("claimSignature.mismatch", Fault.TAMPERED), ("assertion.dataHash.mismatch", Fault.TAMPERED),
    ("assertion.external-reference.hashMismatch", Fault.TAMPERED), ("assertion.hashedURI.mismatch", Fault.TAMPERED),
    ("assertion.action.ingredientMismatch", Fault.BROKEN), ("assertion.missing", Fault.BROKEN),
    ("claim.hardBindings.missing", Fault.BROKEN), ("assertion.action.malformed", Fault.MALFORMED),
    ("claim.cbor.invalid", Fault.MALFORMED), ("algorithm.unsupported", Fault.UNSUPPORTED),
    ("org.example.anything", Fault.BROKEN),
])  # fmt: skip
def test_a_code_has_a_kind(code, fault):
    assert find_fault([Failure(code)], {}) is fault
    assert integrity_of(fault) is Integrity.FAILED


def test_nothing_wrong_is_no_fault():
    assert find_fault([], {}) is None
    assert integrity_of(None) is Integrity.OK


def test_an_unknown_signature_algorithm_explains_only_the_signature():
    unknown = Failure("algorithm.unsupported")
    assert find_fault([unknown, Failure("claimSignature.mismatch")], {}) is Fault.UNSUPPORTED
    assert find_fault([unknown, Failure("assertion.dataHash.mismatch")], {}) is Fault.TAMPERED


@pytest.mark.parametrize(("claim", "reference", "fault"), [
    ("sha256", None, Fault.TAMPERED), ("sha999", None, Fault.UNSUPPORTED), ("sha999", "sha512", Fault.TAMPERED),
    ("sha256", "md5", Fault.UNSUPPORTED), (None, None, Fault.TAMPERED),
])  # fmt: skip
@pytest.mark.parametrize("listed", ["created_assertions", "assertions"])
def test_a_hash_that_nobody_can_compute_is_no_change(claim, reference, fault, listed):
    item = {"url": "self#jumbf=c2pa.assertions/c2pa.actions.v2", **({"alg": reference} if reference else {})}
    crjson = {"claim.v2": {**({"alg": claim} if claim else {}), listed: [item]}}
    failure = Failure("assertion.hashedURI.mismatch", "", "self#jumbf=/c2pa/x/c2pa.assertions/c2pa.actions.v2")
    assert find_fault([failure], crjson) is fault


@pytest.mark.parametrize("crjson", [{}, {"claim": 7}, {"claim": {"assertions": 7}}, {"claim": {"assertions": [7, {}]}}])
def test_any_shape_of_claim_will_do(crjson):
    assert find_fault([Failure("assertion.hashedURI.mismatch")], crjson) is Fault.TAMPERED


@pytest.mark.parametrize(("name", "message", "fault", "code"), [
    ("Decoding", "claim could not be converted from CBOR: x", Fault.MALFORMED, "claim.cbor.invalid"),
    ("Decoding", "could not decode assertion c2pa.actions.v2", Fault.MALFORMED, "assertion.cbor.invalid"),
    ("AssertionNotFound", "", Fault.BROKEN, "assertion.missing"),
    ("Verify", "claim version is too new, not supported", Fault.UNSUPPORTED, GENERAL),
    ("Verify", "invalid JUMB box", Fault.MALFORMED, GENERAL),
])  # fmt: skip
def test_a_refusal_has_a_kind_a_code_and_a_reason(name, message, fault, code):
    found, failure = describe_refusal(name, message)
    assert (found, failure.code) == (fault, code)
    assert failure.reason


def test_failures_are_cleaned_bounded_and_told_from_trust():
    items = [{"code": f"a.{number}", "explanation": "x\x1b"} for number in range(1000)]
    failures = read_failures([*items, {"explanation": "no code"}, {"code": 7}])
    assert len(failures) == MAX_ITEMS
    assert "\x1b" not in failures[0].reason
    assert is_about_trust(Failure("signingCredential.expired"))
    assert is_about_trust(Failure("claimSignature.outsideValidity"))
    assert not is_about_trust(Failure("claimSignature.mismatch"))
