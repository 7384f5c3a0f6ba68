"""Which release a file is traced to, and what its state rests on; tests/end_to_end/test_verification.py has real files."""

import dataclasses

import pytest

from provenance.asset import AssetId
from provenance.labels.implicit import FoundLabels
from provenance.manifests.report import Fault, Integrity, ManifestReport, Trust, ValidationState
from provenance.verify.state import Layer, LayerStatus
from provenance.verify.tracing import Mark, build_findings, choose_likeness, choose_mark, follow_layers
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch

A, B, C = AssetId("a"), AssetId("b"), AssetId("c")
LAYER = Layer("watermark", "x", LayerStatus.ABSENT, "")


def match(asset_id):
    return ReleaseMatch(asset_id, "pdq", "", 3, 31)


def findings(report=None, labels=None):
    return build_findings(report, None, Mark(LAYER), None, None, labels, None)


def test_the_stronger_layer_chooses_among_look_alikes():
    assert choose_likeness((match(A), match(B)), B).asset_id == B
    assert choose_likeness((match(A), match(B)), C).asset_id == A
    assert choose_likeness((), A) is None


def test_of_several_marks_that_of_the_whole_comes_first():
    one, two, three = (Reading("tile2", "org.example.2", number, "key", 1e-9) for number in (1, 2, 3))
    many = dataclasses.replace(one, others=(two, three))
    chosen = choose_mark(many, lambda mark: mark.payload == 3)
    assert [chosen.payload, *(other.payload for other in chosen.others)] == [3, 1, 2]
    assert choose_mark(many, lambda mark: mark.payload == 1) == many
    assert choose_mark(many, lambda _mark: False) is many
    assert choose_mark(one, lambda _mark: pytest.fail("a single mark needs no choice")) is one


@pytest.mark.parametrize(("recorded", "mark", "likeness", "named", "expected"), [
    (A, Mark(LAYER, {"alg": "x"}, B), None, None, (A, A)), (None, Mark(LAYER, {"alg": "x"}, B), match(C), A, (B, B)),
    (None, Mark(LAYER, {"alg": "x"}, B, agrees=False), match(C), None, (B, C)), (None, Mark(LAYER), match(C), A, (C, C)),
    (None, Mark(LAYER), None, A, (A, A)), (None, Mark(LAYER), None, None, (None, None)),
])  # fmt: skip
def test_layers_are_followed_from_the_strongest(recorded, mark, likeness, named, expected):
    assert follow_layers(recorded, mark, likeness, named) == expected


def test_what_nobody_looked_at_is_no_finding():
    assert (findings().manifest, findings().label) == (None, False)
    unchecked = ManifestReport(
        ValidationState.NOT_CHECKED, Integrity.NOT_CHECKED, Trust.NOT_CHECKED, remote_host="x.org"
    )
    assert (findings(unchecked).manifest, findings(unchecked).is_elsewhere) == (None, True)
    assert findings(labels=FoundLabels(digital_source_type="trainedAlgorithmicMedia")).label


def test_a_manifest_that_does_not_hold_brings_its_reason():
    broken = ManifestReport(ValidationState.INVALID, Integrity.FAILED, Trust.NOT_CHECKED, fault=Fault.MALFORMED)
    assert (findings(broken).manifest, findings(broken).fault) == (False, Fault.MALFORMED)
    above = ManifestReport(ValidationState.VALID, Integrity.OK, Trust.TRUSTED, ingredient_codes=("assertion.missing",))
    assert findings(above).has_broken_ingredient
