"""What each layer says, from the facts alone."""

from dataclasses import replace

import pytest

from provenance.asset import AssetId
from provenance.labels.implicit import FoundAigc, FoundLabels
from provenance.manifests.report import (
    Failure,
    Fault,
    IdentityReport,
    Integrity,
    ManifestReport,
    Trust,
    ValidationState,
)
from provenance.media.medium import Comparison
from provenance.verify.layers import (
    MAX_CANDIDATES,
    describe_identity,
    describe_integrity,
    describe_labels,
    describe_likeness,
    describe_mark,
    describe_trust,
)
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch


def report(**fields):
    facts = {"validation_state": ValidationState.VALID, "integrity": Integrity.OK, "trust": Trust.TRUSTED}
    return ManifestReport(**{**facts, "manifest_id": "urn:c2pa:1", "signer": "Press Office", **fields})


def match(number):
    return ReleaseMatch(f"asset-{number}", "pdq", "", number, 31)


def test_integrity_of_an_intact_a_damaged_a_remote_and_a_missing_manifest():
    assert describe_integrity(report(claim_generator="cam/1"), None).text.endswith("made by cam/1")
    damaged = describe_integrity(
        report(integrity=Integrity.FAILED, failure_codes=("assertion.dataHash.mismatch",)), None
    )
    assert (damaged.status, damaged.text) == ("failed", "assertion.dataHash.mismatch")
    remote = describe_integrity(report(integrity=Integrity.NOT_CHECKED, note="remote manifest at example.org"), None)
    assert (remote.status, remote.text) == ("not_checked", "remote manifest at example.org")
    assert describe_integrity(None, None).status == "absent"
    recovered = describe_integrity(None, report(is_signature_intact=True))
    assert recovered.status == "absent"
    assert recovered.detail == {"recovered_manifest_id": "urn:c2pa:1", "signature_intact": True}


@pytest.mark.parametrize(("trust", "status"), [
    (Trust.TRUSTED, "found"), (Trust.DEVELOPMENT, "found"), (Trust.UNTRUSTED, "failed"), (Trust.EXPIRED, "failed"),
    (Trust.REVOKED, "failed"), (Trust.NOT_CHECKED, "not_checked"),
])  # fmt: skip
def test_trust_is_apart_from_integrity(trust, status):
    layer = describe_trust(report(trust=trust), is_recovered=False)
    assert layer.status == status
    assert trust is Trust.NOT_CHECKED or layer.text == f"{trust.value}: Press Office"


def test_no_signer_is_not_an_unknown_one():
    assert describe_trust(None, is_recovered=False).status == "not_checked"


def test_a_likeness_names_the_chosen_release_and_counts_the_others():
    matches = tuple(match(number) for number in range(15))
    layer = describe_likeness("pdq", matches, matches[3])
    assert layer.text == "looks like release asset-3, 3 bits away, and like 14 more"
    assert len(layer.detail["candidates"]) == MAX_CANDIDATES
    assert describe_likeness("pdq", matches[:1], matches[0]).text == "looks like release asset-0, 0 bits away"


def test_no_fingerprint_is_not_no_likeness():
    assert describe_likeness("pdq", None, None).status == "not_checked"
    assert describe_likeness("pdq", (), None).status == "absent"


def test_labels_found_absent_and_damaged():
    assert describe_labels(FoundLabels()).status == "absent"
    assert describe_labels(FoundLabels(digital_source_type="digitalCapture")).text == "says digitalCapture"
    assert describe_labels(FoundLabels(aigc=(FoundAigc("xmp", "{}", None),))).text == "says that AI took part"
    damaged = describe_labels(FoundLabels(problems=("2 AIGC items where one is allowed",)))
    assert (damaged.status, damaged.text) == ("failed", "2 AIGC items where one is allowed")


def test_a_mark_carries_its_score_and_its_chance():
    reading = Reading("tile", "org.example.1", 1 << 56 | 7 << 40, "key", 8.1e-10, 3, 21.4)
    unknown = describe_mark(reading, None, Comparison())
    assert unknown.status == "found"
    assert unknown.text == (
        "a mark under our key, but no release here has its id; score 21, chance in an unmarked picture at most 8e-10"
    )
    assert "is_ticket" not in unknown.detail
    short = describe_mark(replace(reading, payload=1 << 56 | 7), None, Comparison())
    assert "its id; a ticket of 32 bits, as small pictures carry, score 21" in short.text
    assert short.detail["is_ticket"] is True
    assert unknown.detail == {
        "payload": "0100070000000000", "key_id": "key", "false_positive_bound": 8.1e-10, "corrected_bits": 3,
        "score": 21.4,
    }  # fmt: skip
    silent = describe_mark(Reading("other", "org.example.1", 7, "key", 3e-11), "a-1", Comparison(4, None, agrees=True))
    assert silent.text == "leads to release a-1, fingerprint 4 bits away; chance in an unmarked picture at most 3e-11"


def test_further_marks_are_told_with_their_places_and_where_they_lead():
    mark = Reading("tile2", "org.example.1", 7, "key", 1e-9, box=(0, 64, 128, 256))
    others = [(replace(mark, payload=8, box=(200, 0, 300, 90)), AssetId("a-2")), (replace(mark, box=None), None)]
    layer = describe_mark(mark, "a-1", Comparison(), others)
    assert layer.text.endswith(
        "; it lies at 0,64 to 128,256; another mark at 200,0 to 300,90 leads to release a-2"
        "; another mark all over leads to no release here"
    )
    assert layer.detail["box"] == [0, 64, 128, 256]
    assert [(one["payload"], one["box"], one["asset_id"]) for one in layer.detail["others"]] == [
        ("0000000000000008", [200, 0, 300, 90], "a-2"), ("0000000000000007", None, None),
    ]  # fmt: skip
    assert layer.status == describe_mark(mark, "a-1", Comparison()).status == "found"


@pytest.mark.parametrize(("compared", "status", "says"), [
    (Comparison(120, 3, agrees=False), "failed", "whose picture differs from this one by 120 bits"),
    (Comparison(120, 85, agrees=True), "found", "85 details shared with its picture"),
    (Comparison(60, 5), "found", "fingerprint 60 bits away"),
    (Comparison(), "found", "leads to release a-1; chance"),
])  # fmt: skip
def test_a_mark_is_held_against_the_release_that_it_leads_to(compared, status, says):
    layer = describe_mark(Reading("tile", "org.example.1", 7, "key", 8.1e-10), "a-1", compared)
    assert layer.status == status
    assert says in layer.text
    assert layer.detail["shared_details"] == compared.shared_details


@pytest.mark.parametrize(("verified", "trusted", "codes", "status", "says"), [
    (True, True, (), "found", "whose issuer we trust"),
    (True, False, ("cawg.x509.credential.untrusted",), "failed", "whose issuer we do not know"),
    (False, False, (), "not_checked", "not verified"),
    (False, False, ("cawg.ica.did_unavailable",), "not_checked", "not verified"),
    (False, False, ("cawg.ica.signature_mismatch",), "failed", "does not hold"),
])  # fmt: skip
def test_an_identity_says_what_was_checked_of_it(verified, trusted, codes, status, says):
    identity = IdentityReport(
        "Ann", "An issuer", "cawg.x509.cose", is_verified=verified, is_trusted=trusted, codes=codes
    )
    layer = describe_identity(identity)
    assert (layer.name, layer.technique, layer.status) == ("manifest_identity", "cawg.x509.cose", status)
    assert layer.plain.startswith("Ann (An issuer)")
    assert says in layer.plain


def test_what_was_found_of_the_signer_is_not_in_the_integrity_row():
    mixed = report(
        integrity=Integrity.FAILED, fault=Fault.TAMPERED, trust=Trust.EXPIRED,
        failure_codes=("signingCredential.expired", "assertion.dataHash.mismatch"),
        failures=(Failure("assertion.dataHash.mismatch", "no match"),),
        trust_failures=(Failure("signingCredential.expired", "certificate expired"),),
    )  # fmt: skip
    integrity, trust = describe_integrity(mixed, None), describe_trust(mixed, is_recovered=False)
    assert integrity.text == "assertion.dataHash.mismatch (no match)"
    assert integrity.plain.startswith("changed after signing: ")
    assert integrity.detail["failure_codes"] == ["assertion.dataHash.mismatch"]
    assert trust.detail["failures"] == [{"code": "signingCredential.expired", "reason": "certificate expired"}]


def test_an_ingredient_that_does_not_hold_is_said_in_the_integrity_row():
    layer = describe_integrity(report(ingredient_codes=("assertion.missing",)), None)
    assert layer.status == "found"
    assert "an ingredient's manifest does not hold: assertion.missing" in layer.text
    assert layer.detail["has_broken_ingredient"] is True


def test_a_signer_whose_signature_does_not_hold_may_be_nobody():
    layer = describe_trust(report(integrity=Integrity.FAILED, is_signature_intact=False), is_recovered=False)
    assert layer.plain.startswith("names Press Office")
    assert "may not be theirs" in layer.plain
