"""Laws of the joint state, over every combination of what the layers can find."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from provenance.asset import AssetId
from provenance.manifests.report import Fault, Trust
from provenance.verify.state import (
    CONFLICTS,
    FAULTS,
    SUMMARIES,
    Findings,
    JointState,
    Layer,
    LayerStatus,
    Verification,
    decide_joint_state,
)

A, B = AssetId("a"), AssetId("b")
ASSETS = (None, A, B)
MAYBE = (None, True, False)


def all_findings():
    """Every combination that an inquiry can produce."""
    fields = product(
        MAYBE, ASSETS, (False, True), (False, True), (False, True), ASSETS, MAYBE, ASSETS, (False, True), MAYBE
    )
    for found in (one for values in fields for one in with_manifests(Findings(*values))):
        impossible = (
            (found.manifest_asset and not found.manifest)
            or (found.watermark_asset and not found.watermark)
            or (found.watermark_fingerprint_agrees is not None and not found.watermark_asset)
            or ((found.claims_human or found.is_related) and found.manifest is None)
            or (found.ledger_proved is None)
            == bool(found.manifest_asset or found.watermark_asset or found.fingerprint_asset)
        )
        if not impossible:
            yield found


def with_manifests(found):
    """The same with everything that a manifest of its kind can be."""
    if found.manifest is False:
        yield from (replace(found, fault=fault) for fault in (None, *Fault))
    elif found.manifest:
        yield replace(found, has_broken_ingredient=True)
        yield from (replace(found, signer=signer) for signer in (None, Trust.UNTRUSTED, Trust.EXPIRED, Trust.INVALID))
    else:
        yield from (replace(found, is_elsewhere=is_elsewhere) for is_elsewhere in (False, True))


EVERY = tuple(all_findings())


def holding(state):
    return [found for found in EVERY if decide_joint_state(found) is state]


def test_every_combination_has_a_state_and_every_state_a_combination():
    assert {decide_joint_state(found) for found in EVERY} == set(JointState) == set(SUMMARIES)


def test_a_damaged_manifest_is_what_it_is_whatever_else_holds():
    for found in EVERY:
        state = decide_joint_state(found)
        assert (state in set(FAULTS.values())) == (found.manifest is False)
        assert (state is JointState.TAMPERED) == (found.manifest is False and found.fault in {None, Fault.TAMPERED})


def test_a_broken_ingredient_is_never_called_intact():
    for found in EVERY:
        if found.has_broken_ingredient:
            assert decide_joint_state(found) in CONFLICTS


def test_only_a_record_stands_by_a_signer_that_does_not_count():
    for found in EVERY:
        if found.manifest and found.signer in {Trust.EXPIRED, Trust.INVALID}:
            assert decide_joint_state(found) in {*CONFLICTS, JointState.CONSISTENT}
            assert found.manifest_asset or decide_joint_state(found) in CONFLICTS


def test_a_manifest_elsewhere_is_said_before_a_label_and_after_everything_else():
    for found in holding(JointState.MANIFEST_ELSEWHERE):
        assert found.is_elsewhere
        assert (found.manifest, found.watermark, found.fingerprint_asset) == (None, False, None)


def test_consistent_needs_a_recorded_manifest_a_proof_and_no_other_origin():
    for found in holding(JointState.CONSISTENT):
        assert found.manifest
        assert found.manifest_asset
        assert found.ledger_proved
        assert found.watermark_fingerprint_agrees is not False
        assert found.watermark_asset in {None, found.manifest_asset} or found.is_related


def test_a_recovery_needs_a_file_without_manifest_and_a_proof():
    for state in (JointState.STRIPPED_RECOVERED_BY_WATERMARK, JointState.LOOKS_LIKE_RELEASE):
        for found in holding(state):
            assert found.manifest is None
            assert found.ledger_proved


def test_an_unproved_record_is_never_relied_on():
    for found in EVERY:
        if found.ledger_proved is False:
            assert decide_joint_state(found) in {*FAULTS.values(), JointState.LEDGER_MISMATCH}


def test_a_transplant_is_never_called_a_recovery_or_a_human_claim():
    for found in EVERY:
        if found.watermark_fingerprint_agrees is False and found.manifest is not False and found.ledger_proved:
            assert decide_joint_state(found) is JointState.TRANSPLANTED_WATERMARK


def test_a_strangers_human_claim_never_passes_over_our_watermark():
    for found in EVERY:
        if found.manifest and found.claims_human and not found.manifest_asset and found.watermark:
            assert decide_joint_state(found) in CONFLICTS


def test_human_claim_needs_our_watermark():
    for found in holding(JointState.HUMAN_CLAIM_OVER_OUR_MARK):
        assert found.watermark
        assert found.claims_human
        assert not found.manifest_asset


@pytest.mark.parametrize("worse", [
    {"manifest": False}, {"ledger_proved": False}, {"watermark_fingerprint_agrees": False}, {"claims_human": True},
])  # fmt: skip
def test_one_more_disagreement_never_ends_a_conflict(worse):
    known = set(EVERY)
    for found in EVERY:
        spoiled = replace(found, **worse)
        if "manifest" in worse:
            spoiled = replace(spoiled, manifest_asset=None)
        if spoiled in known and decide_joint_state(found) in CONFLICTS:
            assert decide_joint_state(spoiled) in CONFLICTS


def test_a_label_alone_changes_only_what_is_empty_or_claims_a_human():
    for found in EVERY:
        bare, labelled = (decide_joint_state(replace(found, label=label)) for label in (False, True))
        if bare is not labelled:
            assert (bare, labelled) == (JointState.NONE_FOUND, JointState.LABEL_ONLY) or (
                found.claims_human and labelled is JointState.LAYERS_DISAGREE
            )


def test_a_likeness_alone_does_not_discredit_a_strangers_manifest():
    found = Findings(manifest=True, fingerprint_asset=A, ledger_proved=True)
    assert decide_joint_state(found) is JointState.MANIFEST_INTACT


def test_look_alikes_do_not_disagree_where_the_watermark_agrees():
    found = Findings(
        watermark=True, watermark_asset=A, watermark_fingerprint_agrees=True, fingerprint_asset=B, ledger_proved=True
    )
    assert decide_joint_state(found) is JointState.STRIPPED_RECOVERED_BY_WATERMARK
    undecided = replace(found, watermark_fingerprint_agrees=None)
    assert decide_joint_state(undecided) is JointState.LAYERS_DISAGREE


def test_a_mark_without_record_is_not_said_to_be_gone():
    found = Findings(watermark=True, fingerprint_asset=A, ledger_proved=True)
    assert decide_joint_state(found) is JointState.WATERMARK_UNRESOLVED


def test_a_verification_finds_its_layers_and_knows_its_conflicts():
    layer = Layer("watermark", "x.1", LayerStatus.ABSENT, "no mark under our keys")
    for state in JointState:
        verification = Verification(state, (layer,), None, "", SUMMARIES[state])
        assert verification.layer("watermark") is layer
        assert verification.is_conflict == (state in CONFLICTS)


def test_the_words_that_nobody_may_read():
    """No sentence of verification, and none of the command line, judges whether content shows what happened."""
    banned = re.compile(r"\b(real|fake|authentic)\b", re.IGNORECASE)
    root = Path(__file__).parents[3]
    sources = [*sorted((root / "provenance" / "verify").glob("*.py")), root / "provenance" / "manifests" / "wording.py"]
    sources += sorted((root / "api" / "commands").glob("*.py"))
    assert len(sources) > 8
    for path in sources:
        assert not [line for line in strings_of(path) if banned.search(line)], path.name
    assert not [state for state in JointState if banned.search(state)]


def strings_of(path):
    """Every string constant of a module but its docstrings."""
    import ast

    tree = ast.parse(path.read_text("utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]
