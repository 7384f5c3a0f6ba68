"""Fault 12: our own files as others read them: references, source types, contradictions, titles, order, resolution."""

import io
import json

import c2pa
import pytest
from PIL import Image

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.labels.implicit import ImplicitLabels, IptcFields, write_labels
from provenance.manifests.identity import load_development_identity
from provenance.manifests.validation import read_manifest
from tests.end_to_end.attackers import sign
from tests.image_bytes import valid
from tests.provenance.manifests import rubric
from tests.provenance.manifests.samples import pictured, worded
from tests.sites import as_submission, build_light_settings, build_settings, encode, photograph

SIDE = 288
KINDS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.TIFF: "TIFF",
    MediaType.AVIF: "AVIF",
}
REDACTED, REFERENCED, BARE = "redacted", "referenced", "bare"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with open_site(build_settings(tmp_path_factory.mktemp("strict") / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def shipped(site, tmp_path_factory):
    """One release in every type, of a file with a manifest that is redacted, one that is referenced, and without one."""
    identity = load_development_identity(tmp_path_factory.mktemp("keys") / "keys", environment="development")
    found = {}
    for media_type, kind in KINDS.items():
        plain = encode(photograph(side=SIDE), kind)
        thumbnail = valid("image/jpeg")
        for shape, data in {
            REDACTED: pictured(plain, media_type, thumbnail, identity),
            REFERENCED: pictured(plain, media_type, thumbnail, identity, worded("Jane Doe.jpg")),
            BARE: plain,
        }.items():
            result = gate.release(site.deployment, as_submission(data, name=f"Jane Doe{media_type.extension}"))
            assert result.outcome is Outcome.RELEASE, result.decision.reasons
            found[media_type, shape] = site.deployment.blobs.public.get(result.public_key)
    return found


CASES = [(media_type, shape) for media_type in KINDS for shape in (REDACTED, REFERENCED, BARE)]


def report_of(site, data, media_type):
    return read_manifest(data, media_type, site.verifier._trust)


def assertions(report):
    return report.crjson["manifests"][0]["assertions"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_file_passes_every_check_of_the_rubric(site, shipped, case):
    report = report_of(site, shipped[case], case[0])
    assert rubric.score(report.crjson) == {}
    assert len(rubric.CHECKS) == 31


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_was_transcoded_is_pointed_to_by_a_hashed_address(site, shipped, case):
    steps = assertions(report_of(site, shipped[case], case[0]))["c2pa.actions.v2"]["actions"]
    referred = {
        step["action"]: step["parameters"]["ingredients"]
        for step in steps
        if "ingredients" in step.get("parameters", {})
    }
    assert set(referred) == {"c2pa.opened", "c2pa.transcoded"}
    assert referred["c2pa.opened"] == referred["c2pa.transcoded"]
    assert referred["c2pa.opened"][0]["url"].endswith("c2pa.ingredient.v3")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_our_own_statement_is_there_whatever_came_in(site, shipped, case):
    report = report_of(site, shipped[case], case[0])
    assert "c2pa.ai-disclosure" in assertions(report)
    assert report.is_ai
    ingredient = assertions(report)["c2pa.ingredient.v3"]
    assert ("digitalSourceType" in ingredient) is (case[1] != REDACTED)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_ingredient_is_named_and_nobody_with_it(site, shipped, case):
    ingredient = assertions(report_of(site, shipped[case], case[0]))["c2pa.ingredient.v3"]
    assert ingredient["dc:title"].startswith("source-")
    assert ingredient["dc:title"].endswith(case[0].extension)
    assert ingredient["instanceID"].startswith("xmp:iid:")
    assert b"Jane Doe" not in shipped[case]


def test_no_two_ingredients_have_one_id(site, shipped):
    ids = [
        assertions(report_of(site, data, case[0]))["c2pa.ingredient.v3"]["instanceID"] for case, data in shipped.items()
    ]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_actions_come_first_in_what_we_assert(shipped, case):
    with c2pa.Reader(str(case[0]), io.BytesIO(shipped[case])) as reader:
        details = json.loads(reader.detailed_json())
    claim = details["manifests"][details["active_manifest"]]["claim"]
    assert claim["created_assertions"][0]["url"].endswith("c2pa.actions.v2")


def test_a_tiff_states_its_resolution(shipped):
    with Image.open(io.BytesIO(shipped[MediaType.TIFF, BARE])) as image:
        assert {282, 283, 296} <= set(image.tag_v2)


def test_an_intact_claim_of_a_camera_is_held(strict):
    taken = sign(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG, "digitalCapture")
    result = gate.release(strict.deployment, as_submission(taken))
    assert result.outcome is Outcome.HOLD
    assert "incoming_human_claim" in {reason.category for reason in result.decision.reasons}


def test_a_label_that_says_camera_is_held_too(strict):
    labels = ImplicitLabels(None, IptcFields(digital_source_type="digitalCapture"))
    taken = write_labels(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG, labels)
    result = gate.release(strict.deployment, as_submission(taken))
    assert result.outcome is Outcome.HOLD
    assert "incoming_human_claim" in {reason.category for reason in result.decision.reasons}


def test_a_generators_own_manifest_is_no_contradiction(strict):
    made = sign(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG)
    result = gate.release(strict.deployment, as_submission(made))
    assert "incoming_human_claim" not in {reason.category for reason in result.decision.reasons}
