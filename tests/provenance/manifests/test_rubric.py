"""Every shape of manifest that we write passes every check of the conformance rubric, and every check can fail."""

import copy

import pytest

from provenance.asset import MediaType, Origin
from provenance.manifests.claim import Marks, SourceFile
from provenance.manifests.redaction import IncomingRule
from provenance.manifests.signing import sign_manifest
from provenance.manifests.softbinding import SoftBinding
from tests.provenance.manifests import rubric
from tests.provenance.manifests.samples import LABELLED, MARKS, RECIPE, SIGNED_TYPES, SKETCH, define, photograph, worded

UNBOUND = Marks(watermark=SoftBinding("org.chopmark.test-mark.1", b""))
CAMERA = SourceFile(MediaType.JPEG, "a.jpg", digital_source_type="digitalCapture")

SHAPES = {
    "generated": {"recipe": RECIPE},
    "sketched": {"recipe": SKETCH},
    "labelled": {"recipe": RECIPE, "marks": LABELLED},
    "unbound watermark": {"recipe": RECIPE, "marks": UNBOUND},
    "no marks": {"recipe": RECIPE, "marks": Marks()},
    "image to image": {"recipe": {**RECIPE, "source_sha256": "11" * 32}},
    "image to image, from a photograph": {"recipe": {**RECIPE, "source_sha256": "11" * 32}, "source": CAMERA},
    "submitted": {"recipe": None, "origin": Origin.SUBMITTED},
    "submitted, labelled": {"recipe": None, "origin": Origin.SUBMITTED, "marks": LABELLED},
    "submitted, turned": {"recipe": None, "origin": Origin.SUBMITTED, "marks": Marks(orientation_applied=True)},
    "submitted, silent": {
        "recipe": None,
        "origin": Origin.SUBMITTED,
        "source": SourceFile(MediaType.JPEG, "", False, ""),
    },
}


def sign(media_type, identity, trust, *, ingredient=None, **shape):
    definition = define(media_type, **shape)
    return sign_manifest(
        photograph(media_type), media_type, definition, identity, ingredient=ingredient, trust=trust
    ).report


@pytest.mark.parametrize("media_type", SIGNED_TYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_in_every_format_conforms(shape, media_type, identity, trust):
    report = sign(media_type, identity, trust, **SHAPES[shape])
    assert rubric.score(report.crjson) == {}


@pytest.mark.parametrize("media_type", SIGNED_TYPES)
def test_a_submission_with_its_own_manifest_conforms_and_keeps_it(media_type, identity, trust, signed_jpeg):
    source = SourceFile(MediaType.JPEG, "incoming.jpg", has_manifest=True)
    report = sign(
        media_type,
        identity,
        trust,
        recipe=None,
        origin=Origin.SUBMITTED,
        source=source,
        ingredient=signed_jpeg.file.read(),
    )
    assert rubric.score(report.crjson) == {}
    assert [item.id for item in report.ingredients] == [signed_jpeg.manifest_id]


@pytest.mark.parametrize("media_type", SIGNED_TYPES)
def test_a_manifest_that_is_redacted_or_referenced_leaves_one_that_conforms(media_type, identity, trust):
    for title in ("", "a person's words.jpg"):
        incoming = sign_manifest(
            photograph(MediaType.JPEG), MediaType.JPEG, worded(title), identity, trust=trust, rule=IncomingRule()
        )
        source = SourceFile(MediaType.JPEG)
        report = sign(
            media_type,
            identity,
            trust,
            recipe=None,
            origin=Origin.SUBMITTED,
            source=source,
            ingredient=incoming.file.read(),
        )
        assert rubric.score(report.crjson) == {}
        assert ("c2pa.redacted" in report.actions) is (title == "")
        assert report.ingredients[0].has_manifest is (title == "")


@pytest.mark.parametrize(
    "name", ["C.jpg", "E-sig-CA.jpg", "XCA.jpg", "CACA.jpg", "CACAE-uri-CA.jpg", "cloud.jpg", "ocsp.jpg"]
)
def test_incoming_manifests_of_others_conform_whole_or_broken(name, identity, trust, fixtures):
    source = SourceFile(MediaType.JPEG, name, has_manifest=True)
    incoming = (fixtures / name).read_bytes()
    report = sign(
        MediaType.PNG, identity, trust, recipe=None, origin=Origin.SUBMITTED, source=source, ingredient=incoming
    )
    assert rubric.score(report.crjson) == {}
    words = {"cloud.jpg", "CACAE-uri-CA.jpg", "ocsp.jpg"}
    assert report.ingredients[0].has_manifest is (name not in words), "what holds people's words is not repeated"


def test_generated_pictures_signal_fully_generated_media(identity, trust):
    for media_type in SIGNED_TYPES:
        for marks in (MARKS, LABELLED):
            report = sign(media_type, identity, trust, recipe=RECIPE, marks=marks)
            assert rubric.signals(report.crjson) == {"fullyGenAIMedia"}


def test_signals_follow_what_is_known(identity, trust):
    composite = {**RECIPE, "digital_source_type": "compositeWithTrainedAlgorithmicMedia"}
    assert rubric.signals(sign(MediaType.JPEG, identity, trust, recipe=composite).crjson) == {"partlyGenAICreation"}
    assert rubric.signals(sign(MediaType.JPEG, identity, trust, recipe=SKETCH).crjson) == set()
    submitted = sign(MediaType.JPEG, identity, trust, recipe=None, origin=Origin.SUBMITTED)
    assert rubric.signals(submitted.crjson) == {"mediaUnknownProvenance"}


@pytest.fixture(scope="module")
def created(identity, trust):
    return sign(MediaType.JPEG, identity, trust, recipe=RECIPE, marks=LABELLED).crjson


@pytest.fixture(scope="module")
def opened(identity, trust, signed_jpeg):
    source = SourceFile(MediaType.JPEG, "incoming.jpg", has_manifest=True)
    return sign(
        MediaType.JPEG,
        identity,
        trust,
        recipe=None,
        origin=Origin.SUBMITTED,
        source=source,
        ingredient=signed_jpeg.file.read(),
    ).crjson


def _assertions(crjson):
    return crjson["manifests"][0]["assertions"]


def _actions(crjson):
    return _assertions(crjson)["c2pa.actions.v2"]["actions"]


def _ingredient(crjson):
    return _assertions(crjson)["c2pa.ingredient.v3"]


def _fail(code):
    return lambda c: c["manifests"][0]["validationResults"]["failure"].append({"code": code})


def _without_results(crjson):
    del crjson["manifests"][0]["validationResults"]


def _gathered(crjson):
    claim = crjson["manifests"][0]["claim.v2"]
    moved = claim["created_assertions"].pop(0)
    claim["gathered_assertions"].append(moved)


def _only_opened(crjson):
    _assertions(crjson)["c2pa.actions.v2"].update(actions=_actions(crjson)[:1], allActionsIncluded=False)


BROKEN = {
    "mandatory_dst_for_perceptible_transformations": ("created", lambda c: _actions(c)[2].pop("digitalSourceType")),
    "mandatory_spec_version": (
        "created",
        lambda c: c["manifests"][0]["claim.v2"]["claim_generator_info"].update(specVersion="2.2.0"),
    ),
    "mandatory_all_actions_included": (
        "created",
        lambda c: _assertions(c)["c2pa.actions.v2"].pop("allActionsIncluded"),
    ),
    "no_dst_for_opened_action": ("opened", lambda c: _actions(c)[0].update(digitalSourceType="x")),
    "well_formed_data_present": ("created", _without_results),
    "well_formed_success": ("created", _fail("assertion.action.malformed")),
    "valid_data_present": ("created", _without_results),
    "valid_success": ("created", _fail("assertion.dataHash.mismatch")),
    "inception_action_position": ("created", _gathered),
    "no_deprecated_assertions": ("created", lambda c: _assertions(c).update({"stds.exif": {}})),
    "no_unsupported_assertions": ("created", lambda c: _assertions(c).update({"c2pa.mood": {}})),
    "no_deprecated_actions": ("created", lambda c: _actions(c)[1].update(action="c2pa.watermarked")),
    "no_unsupported_actions": ("created", lambda c: _actions(c)[1].update(action="c2pa.rotated")),
    "no_unrecognized_custom_assertions": ("created", lambda c: _assertions(c).update({"mood": {}})),
    "no_unrecognized_custom_actions": ("created", lambda c: _actions(c)[1].update(action="stamped")),
    "no_unrecognized_custom_action_parameters": ("created", lambda c: _actions(c)[1].update(parameters={"alg": "x"})),
    "discouraged_legacy_action_parameters": (
        "created",
        lambda c: _actions(c)[1].update(parameters={"description": "x"}),
    ),
    "active_manifest_urn": ("created", lambda c: c["manifests"][0].update(label="urn:uuid:1")),
    "review_ratings_datasource": (
        "created",
        lambda c: _assertions(c).update({"a.b": {"reviewRatings": [], "dataSource": {"type": "humanEntry.anonymous"}}}),
    ),
    "ingredient_v3_no_active_manifest": ("opened", lambda c: _ingredient(c).pop("activeManifest")),
    "ingredient_v3_mandatory_validation_results": ("opened", lambda c: _ingredient(c).pop("validationResults")),
    "ingredient_relationship_values": ("opened", lambda c: _ingredient(c).update(relationship="childOf")),
    "mandatory_dst_for_created_action": ("created", lambda c: _actions(c)[0].pop("digitalSourceType")),
    "no_deprecated_claim_fields": ("created", lambda c: c["manifests"][0]["claim.v2"].update(specVersion="2.4.0")),
    "ingredient_v3_choice": ("opened", lambda c: _ingredient(c).update(digitalSourceType="x")),
    "alternative_content_representation_choice": (
        "created",
        lambda c: _assertions(c).update({"a.b": {"parameters": {"type": "exif.originalPreservationImage"}}}),
    ),
    "forbidden_labels_in_external_references": (
        "created",
        lambda c: _assertions(c).update({"a.b": {"label": "c2pa.hash.data", "url": "https://example.org"}}),
    ),
    "no_url_in_hashes": ("created", lambda c: _assertions(c)["c2pa.hash.data"].update(url="x")),
    "all_actions_included_opened": ("opened", _only_opened),
    "opened_action_ingredient_reference": ("opened", lambda c: _actions(c)[0].pop("parameters")),
    "no_box_hash_for_tiff": (
        "created",
        lambda c: _assertions(c).update({"c2pa.hash.boxes": {}, "c2pa.asset-type.v2": {"dc:format": "image/tiff"}}),
    ),
}


@pytest.mark.parametrize("check", rubric.CHECKS, ids=lambda check: check.__name__)
def test_every_check_can_fail(check, request):
    shape, break_it = BROKEN[check.__name__]
    crjson = copy.deepcopy(request.getfixturevalue(shape))
    assert check(crjson) == []
    break_it(crjson)
    assert check(crjson) != []


def test_the_rubric_has_all_its_checks():
    assert len(rubric.CHECKS) == 31
    assert set(BROKEN) == {check.__name__ for check in rubric.CHECKS}
