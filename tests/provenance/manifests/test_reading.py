"""The reports that c2pa hands over are not to be trusted with their own shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.manifests.reading import MAX_CRJSON_CHARS, build_report
from provenance.manifests.report import MAX_ITEMS, Integrity, Trust, ValidationState
from provenance.manifests.trust import DEVELOPMENT_LIST, MANIFEST_LIST, SHARED_LIST, TIMESTAMP_LIST

NAMES = (
    "active_manifest manifests a assertions label data actions action digitalSourceType ingredients relationship "
    "validation_results activeManifest failure success code trustListUri signature_info claim_generator_info name "
    "ingredientDeltas ingredientAssertionURI validationDeltas validation_status active_manifest alg blocks value"
)
KEYS = st.sampled_from(sorted(set(NAMES.split())))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["a", "parentOf", "c2pa.actions.v2", "c2pa.created", "c2pa.soft-binding"])
)
SHAPES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=30
)


def report_of(summary, state="Valid", crjson=None):
    shown = {} if crjson is None else crjson
    return build_report(state, summary, json.dumps(shown), shown, is_embedded=True)


def store(codes=(), successes=(), **results):
    active = {"failure": [{"code": code} for code in codes], "success": list(successes)}
    return {"active_manifest": "a", "manifests": {"a": {}}, "validation_results": {"activeManifest": active, **results}}


@given(summary=st.dictionaries(KEYS, SHAPES, max_size=6))
def test_any_shape_gives_a_report(summary):
    report = report_of(summary)
    assert report.integrity in set(Integrity)


TRUSTED = {"code": "signingCredential.trusted"}


@pytest.mark.parametrize(
    ("results", "trust"),
    [
        (store(successes=[TRUSTED], trustListUri=MANIFEST_LIST), Trust.TRUSTED),
        (store(successes=[TRUSTED], trustListUri=SHARED_LIST), Trust.TRUSTED),
        (store(successes=[TRUSTED], trustListUri=DEVELOPMENT_LIST), Trust.DEVELOPMENT),
        (store(successes=[TRUSTED], trustListUri=TIMESTAMP_LIST), Trust.UNTRUSTED),
        (store(successes=[TRUSTED]), Trust.UNTRUSTED),
        (store(["signingCredential.untrusted"]), Trust.UNTRUSTED),
        (store(["signingCredential.untrusted", "signingCredential.expired"]), Trust.EXPIRED),
        (store(["signingCredential.ocsp.revoked"]), Trust.REVOKED),
        (store(["signingCredential.invalid"]), Trust.INVALID),
    ],
)
def test_trust_is_apart_from_integrity(results, trust):
    report = report_of(results)
    assert report.trust is trust
    assert report.integrity is Integrity.OK


@pytest.mark.parametrize(
    ("code", "is_signature_intact"),
    [
        ("assertion.dataHash.mismatch", True),
        ("assertion.bmffHash.mismatch", True),
        ("assertion.boxesHash.unknownBox", True),
        ("claimSignature.mismatch", False),
        ("assertion.hashedURI.mismatch", False),
        ("assertion.action.malformed", False),
        ("org.example.anything", False),
    ],
)
def test_every_failure_breaks_integrity_and_some_the_signature(code, is_signature_intact):
    report = report_of(store([code]))
    assert report.integrity is Integrity.FAILED
    assert report.is_signature_intact is is_signature_intact


def test_trusted_by_the_wrong_list_is_only_valid():
    results = store(successes=[TRUSTED], trustListUri=TIMESTAMP_LIST)
    assert report_of(results, state="Trusted").validation_state is ValidationState.VALID
    assert report_of(results, state="Splendid").validation_state is ValidationState.INVALID


def test_a_report_too_large_to_keep_is_dropped_and_said():
    crjson = {"x": ["A" * 1000] * (MAX_CRJSON_CHARS // 1000)}
    report = report_of(store(), crjson=crjson)
    assert report.crjson == {}
    assert "too large" in report.note


def test_lists_are_bounded():
    ingredients = [{"title": str(n), "relationship": "componentOf"} for n in range(1000)]
    actions = [{"action": f"a.{n}", "digitalSourceType": f"x:{n}"} for n in range(1000)]
    manifest = {"ingredients": ingredients, "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]}
    report = report_of({"active_manifest": "a", "manifests": {"a": manifest}})
    assert len(report.ingredients) == len(report.actions) == len(report.edit_source_types) == MAX_ITEMS


def test_manifests_that_are_each_others_parents_end():
    def manifest(parent):
        return {"ingredients": [{"relationship": "parentOf", "active_manifest": parent, "title": parent}]}

    summary = {"active_manifest": "a", "manifests": {"a": manifest("b"), "b": manifest("a")}}
    report = report_of(summary)
    assert len(report.ingredients) < MAX_ITEMS
