import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import MediaType, Origin
from provenance.errors import SigningError
from provenance.manifests.claim import Marks, SourceFile, build_source_type
from provenance.manifests.softbinding import SoftBinding
from tests.provenance.manifests.samples import (
    CREATED_AT,
    FINGERPRINT,
    LABELLED,
    MARKS,
    RECIPE,
    SKETCH,
    WATERMARK,
    define,
)

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def assertions(definition, label):
    return [item for item in definition.manifest["assertions"] if item["label"] == label]


def actions(definition):
    (found,) = assertions(definition, "c2pa.actions.v2")
    assert found["created"] is True
    assert found["data"]["allActionsIncluded"] is True
    return found["data"]["actions"]


def names(definition):
    return [item["action"] for item in actions(definition)]


def test_a_generated_picture_begins_with_created():
    definition = define(marks=LABELLED)
    assert names(definition) == ["c2pa.created", "c2pa.watermarked.bound", "c2pa.addedText", "c2pa.edited.metadata"]
    first = actions(definition)[0]
    assert first["digitalSourceType"] == f"{IPTC}trainedAlgorithmicMedia"
    assert first["when"] == CREATED_AT
    assert first["softwareAgent"] == {"name": "diffusers_local 0.42.0"}
    assert definition.ingredient is None


def test_the_claim_generator_names_the_specification():
    (info,) = define().manifest["claim_generator_info"]
    assert info["name"] == "chopmark"
    assert info["specVersion"] == "2.4.0"


def test_both_soft_bindings_are_asserted_watermark_first():
    found = [item["data"]["alg"] for item in assertions(define(), "c2pa.soft-binding")]
    assert found == [WATERMARK.alg, FINGERPRINT.alg]
    watermarked = actions(define())[1]
    assert watermarked["parameters"] == {"org.chopmark.softBinding": WATERMARK.alg}


def test_a_mark_that_leads_nowhere_is_unbound():
    definition = define(marks=Marks(watermark=SoftBinding("org.chopmark.test-mark.1", b"")))
    assert "c2pa.watermarked.unbound" in names(definition)
    assert assertions(definition, "c2pa.soft-binding") == []


def test_nothing_done_is_nothing_said():
    assert names(define(marks=Marks())) == ["c2pa.created"]


def test_the_prompt_is_a_digest_and_text_parameters_stay_out():
    text = json.dumps(define().manifest)
    assert RECIPE["prompt_sha256"] in text
    assert "a secret wish" not in text
    (generation,) = assertions(define(), "org.chopmark.generation")
    assert generation["data"]["parameters"] == {"guidance": 7.5, "steps": 20}
    assert generation["data"]["seed"] == str(2**63 + 5)


def test_the_release_names_decision_packs_and_bytes():
    (release,) = assertions(define(), "org.chopmark.release")
    assert release["data"]["decision"] == "decision-1"
    assert release["data"]["packs"] == [{"name": "baseline", "sha256": "ee" * 32}]
    assert len(release["data"]["assetSha256"]) == 64


def test_ai_is_disclosed_where_a_model_took_part():
    (disclosure,) = assertions(define(), "c2pa.ai-disclosure")
    assert disclosure["created"] is True
    assert disclosure["data"] == {
        "modelType": "c2pa.types.model.pytorch",
        "modelName": "tiny-diffusion",
        "modelIdentifier": "pkg:huggingface/example/tiny-diffusion@0123abc",
        "contentProfile": {"humanOversightLevel": "prompt_guided"},
    }
    assert assertions(define(recipe=SKETCH), "c2pa.ai-disclosure") == []
    assert actions(define(recipe=SKETCH))[0]["digitalSourceType"] == f"{IPTC}algorithmicMedia"


def test_a_submission_of_unknown_recipe_is_opened_with_its_parent():
    definition = define(recipe=None, origin=Origin.SUBMITTED)
    assert names(definition)[:2] == ["c2pa.opened", "c2pa.transcoded"]
    assert "digitalSourceType" not in actions(definition)[0]
    assert definition.ingredient["relationship"] == "parentOf"
    assert definition.ingredient["digital_source_type"] == f"{IPTC}trainedAlgorithmicMedia"
    (disclosure,) = assertions(definition, "c2pa.ai-disclosure")
    assert disclosure["created"] is False, "what the submitter says is gathered"


def test_a_submission_with_a_manifest_is_opened_even_when_its_recipe_is_known():
    source = SourceFile(MediaType.JPEG, "a.jpg", has_manifest=True)
    definition = define(recipe=RECIPE, origin=Origin.SUBMITTED, source=source)
    assert names(definition)[0] == "c2pa.opened"
    (disclosed,) = assertions(definition, "c2pa.ai-disclosure")
    assert disclosed["data"]["modelName"] == RECIPE["model_name"], "ours says what we know, whatever came in"


def test_a_submission_with_a_manifest_is_said_to_be_made_by_a_model():
    source = SourceFile(MediaType.JPEG, has_manifest=True)
    definition = define(recipe=None, origin=Origin.SUBMITTED, source=source)
    (disclosed,) = assertions(definition, "c2pa.ai-disclosure")
    assert disclosed["created"] is False


def test_an_ingredient_has_a_title_and_an_id_of_its_own():
    one, other = (define(recipe=None, origin=Origin.SUBMITTED).ingredient for _ in range(2))
    assert one["title"].startswith("source-")
    assert one["title"].endswith(".jpg")
    assert one["instance_id"].startswith("xmp:iid:")
    assert one["instance_id"] != other["instance_id"]


def test_what_was_transcoded_is_pointed_to():
    definition = define(recipe=None, origin=Origin.SUBMITTED)
    (actions,) = assertions(definition, "c2pa.actions.v2")
    steps = {step["action"]: step for step in actions["data"]["actions"]}
    assert steps["c2pa.transcoded"]["parameters"] == steps["c2pa.opened"]["parameters"]


def test_a_submission_that_changes_type_is_converted():
    source = SourceFile(MediaType.HEIC, "a.heic")
    definition = define(MediaType.JPEG, recipe=None, origin=Origin.SUBMITTED, source=source)
    assert names(definition)[1] == "c2pa.converted"
    assert definition.ingredient_media_type == "image/heic"


def test_a_turned_submission_says_so():
    marks = Marks(orientation_applied=True)
    definition = define(recipe=None, origin=Origin.SUBMITTED, marks=marks)
    assert names(definition)[:2] == ["c2pa.opened", "c2pa.orientation"]


def test_image_to_image_names_its_source_as_input():
    definition = define(recipe={**RECIPE, "source_sha256": "11" * 32})
    first = actions(definition)[0]
    assert first["action"] == "c2pa.created"
    assert first["parameters"] == {"ingredientIds": ["source"]}
    assert definition.ingredient["relationship"] == "inputTo"
    assert "digital_source_type" not in definition.ingredient


@pytest.mark.parametrize("name", ["trainedAlgorithmicMedia", f"{IPTC}trainedAlgorithmicMedia"])
def test_source_types_are_taken_short_and_whole(name):
    assert build_source_type(name) == f"{IPTC}trainedAlgorithmicMedia"


def test_source_types_of_c2pa_have_its_prefix():
    assert build_source_type("empty") == "http://c2pa.org/digitalsourcetype/empty"


@pytest.mark.parametrize(
    "name", ["", "realPhoto", "http://example.org/trainedAlgorithmicMedia", "TRAINEDALGORITHMICMEDIA"]
)
def test_unknown_source_types_are_refused(name):
    with pytest.raises(SigningError, match="no digital source type"):
        define(recipe={**RECIPE, "digital_source_type": name})


@given(title=st.text(max_size=400))
def test_titles_are_one_bounded_line(title):
    shown = define(title=title, marks=MARKS).manifest["title"]
    assert 0 < len(shown) <= 255
    assert shown.isprintable() or not any(ord(char) < 32 for char in shown)
