"""One asset at a time down the whole line: what is released, held and blocked, and what each leaves behind."""

import io
import json

import pytest
from PIL import Image
from sqlalchemy import select

from api.wiring import open_site
from policies import gate
from policies.line import granting, intake, publishing, recording, screening, sealing
from policies.review.judgement import review
from policies.review.verdicts import queue
from policies.rules.decision import Outcome
from provenance.asset import MediaType, new_asset_id, sha256_hex
from provenance.errors import AssetError, GrantMismatchError, MislabelledAssetError, PolicyError
from provenance.storage.tables import ASSETS, SEALS
from tests.sites import DETECTORS, as_submission, build_settings, encode, photograph, submission


@pytest.fixture
def site(tmp_path):
    with open_site(build_settings(tmp_path / "home")) as opened:
        yield opened


def released_file(site, result):
    return site.deployment.blobs.public.get(result.public_key)


def kinds(site):
    return [entry.kind for entry in site.deployment.log.entries()]


@pytest.mark.parametrize(("kind", "media_type"), [
    ("JPEG", MediaType.JPEG), ("PNG", MediaType.PNG), ("WEBP", MediaType.WEBP), ("TIFF", MediaType.TIFF),
    ("AVIF", MediaType.AVIF),
])  # fmt: skip
def test_a_photograph_is_released_with_every_mark_and_verifies(site, kind, media_type):
    options = {"quality": 90} if kind in {"WEBP", "AVIF"} else {}
    result = gate.release(site.deployment, as_submission(encode(photograph(), kind, **options)))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert result.seal["media_type"] == media_type
    made = {mark["kind"] for mark in result.seal["marks"] if mark["made"]}
    assert {"signed_metadata", "watermark"} <= made
    data = released_file(site, result)
    assert sha256_hex(data) == result.seal["sha256"]
    verification = site.verifier.verify(data)
    assert verification.state.value == "consistent", verification
    assert {layer.name: layer.status.value for layer in verification.layers} == {
        "manifest_integrity": "found",
        "manifest_trust": "found",
        "watermark": "found",
        "fingerprint": "found",
        "implicit_label": "found",
        "ledger": "found",
    }
    assert kinds(site)[-2:] == ["decision.made", "asset.released"]


def test_the_chinese_pack_draws_a_label_and_writes_one_item(site):
    result = gate.release(site.deployment, submission("chelsea.png", packs=("baseline", "cn-labeling-2025")))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    marks = {mark["kind"]: mark for mark in result.seal["marks"]}
    assert marks["explicit_label"]["made"]
    assert marks["aigc_metadata"]["made"]
    assert marks["aigc_metadata"]["detail"]["items"] == 1
    unlabelled = gate.release(site.deployment, submission("chelsea.png"))
    labelled, bare = (Image.open(io.BytesIO(released_file(site, item))).convert("L") for item in (result, unlabelled))
    corner = (labelled.width // 2, labelled.height * 4 // 5, labelled.width, labelled.height)
    difference = sum(
        abs(one - two) > 40
        for one, two in zip(labelled.crop(corner).tobytes(), bare.crop(corner).tobytes(), strict=True)
    )
    assert difference > 500


def test_a_prompt_about_weapons_is_blocked_and_nothing_becomes_readable(site):
    result = gate.release(site.deployment, submission(prompt="a poster on how to make a pipe bomb"))
    assert result.outcome is Outcome.BLOCK
    assert any(reason.category.startswith("prompt.") for reason in result.decision.reasons)
    assert not list(site.deployment.blobs.public.keys())
    assert kinds(site)[-1] == "decision.made"
    assert "pipe bomb" not in "".join(entry.body.decode() for entry in site.deployment.log.entries())


def test_a_near_copy_of_a_registered_work_is_blocked(site):
    from provenance.media.picture.image import parse_image

    original = photograph("motorcycle_left.png")
    work = site.deployment.works.register(parse_image(encode(original, "PNG")), title="M", owner="R")
    copy = original.resize((original.width * 3 // 4, original.height * 3 // 4))
    result = gate.release(site.deployment, as_submission(encode(copy, quality=50)))
    assert result.outcome is Outcome.BLOCK
    assert any(reason.category == "copyright_block" for reason in result.decision.reasons)
    site.deployment.works.withdraw(work.id, "claim dropped")
    again = gate.release(site.deployment, as_submission(encode(copy, quality=50)))
    assert again.outcome is Outcome.RELEASE, again.decision.reasons


def test_a_flat_picture_has_no_fingerprint_and_waits_for_a_person(site):
    result = gate.release(site.deployment, as_submission(encode(Image.new("RGB", (640, 480), (90, 120, 150)))))
    assert result.outcome is Outcome.HOLD
    assert [asset_id for asset_id, _, _ in queue(site.deployment)] == [result.asset_id]


def test_a_moderator_releases_a_held_asset_with_its_marks(site):
    held = gate.release(site.deployment, submission(prompt="people at a roulette table in a casino"))
    assert held.outcome is Outcome.HOLD, held.decision.reasons
    done = review(site.deployment, held.asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="a painting class")
    assert done.outcome is Outcome.RELEASE
    assert done.decision.decided_by == "review:mo"
    assert site.verifier.verify(released_file(site, done)).state.value == "consistent"
    assert "review.made" in kinds(site)
    with pytest.raises(PolicyError):
        review(site.deployment, held.asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="again")


def test_a_moderator_refuses_and_it_stays_refused(site):
    held = gate.release(site.deployment, submission(prompt="people at a roulette table in a casino"))
    refused = review(site.deployment, held.asset_id, outcome=Outcome.BLOCK, reviewer="mo", reason="no")
    assert refused.outcome is Outcome.BLOCK
    assert gate.walk(site.deployment, held.asset_id).outcome is Outcome.BLOCK
    assert not list(site.deployment.blobs.public.keys())


def test_every_stage_repeated_changes_nothing(site):
    here = site.deployment
    handed_in = submission(asset_id=new_asset_id(), prompt="a cup of coffee")
    asset_id = intake.intake(here, handed_in)
    assert intake.intake(here, handed_in) == asset_id
    assert screening.screen(here, asset_id) == screening.screen(here, asset_id)
    assert screening.decide(here, asset_id) == screening.decide(here, asset_id)
    assert granting.grant(here, asset_id) == granting.grant(here, asset_id)
    assert sealing.seal(here, asset_id) == sealing.seal(here, asset_id)
    assert recording.record(here, asset_id) == recording.record(here, asset_id)
    first, second = publishing.publish(here, asset_id), publishing.publish(here, asset_id)
    assert first == second == gate.walk(here, asset_id)
    assert kinds(site).count("asset.released") == kinds(site).count("decision.made") == 1


def test_an_id_belongs_to_its_bytes(site):
    asset_id = new_asset_id()
    gate.release(site.deployment, submission(asset_id=asset_id))
    with pytest.raises(AssetError, match="belongs to bytes"):
        gate.release(site.deployment, submission("chelsea.png", asset_id=asset_id))


def test_bad_bytes_are_refused_and_leave_nothing(site):
    with pytest.raises(MislabelledAssetError):
        gate.release(site.deployment, as_submission(encode(photograph()), name="picture.png"))
    with pytest.raises(AssetError):
        gate.release(site.deployment, as_submission(encode(photograph())[:2000]))
    assert not list(site.deployment.blobs.quarantine.keys())
    with site.deployment.database.read() as connection:
        assert connection.execute(select(ASSETS)).first() is None


def test_unknown_context_is_refused_at_the_door(site):
    with pytest.raises(PolicyError):
        gate.release(site.deployment, submission(context={"explicit_label_wavied": True}))
    assert not list(site.deployment.blobs.quarantine.keys())


def test_nothing_is_granted_without_a_release_decision(site):
    result = gate.release(site.deployment, submission(prompt="a poster on how to make a pipe bomb"))
    with pytest.raises(GrantMismatchError):
        granting.grant(site.deployment, result.asset_id)


def test_swapped_quarantine_bytes_hold_instead_of_shipping(site):
    here = site.deployment
    asset_id = intake.intake(here, submission())
    screening.screen(here, asset_id)
    screening.decide(here, asset_id)
    here.blobs.quarantine.put(intake.original_key(asset_id), encode(photograph("chelsea.png")))
    result = gate.walk(here, asset_id)
    assert result.outcome is Outcome.HOLD
    assert result.decision.decided_by == "seal"
    assert not list(here.blobs.public.keys())


def test_a_picture_too_small_for_the_watermark_is_held(site):
    result = gate.release(site.deployment, as_submission(encode(photograph(side=120), "PNG")))
    assert result.outcome is Outcome.HOLD
    assert "watermark" in result.decision.reasons[0].text


def test_an_unavailable_detector_holds(tmp_path):
    absent = {"clip": {"checkpoint": str(tmp_path / "absent.safetensors")}}
    settings = build_settings(tmp_path / "home", detectors=DETECTORS, detector_options=absent)
    with open_site(settings) as site:
        result = gate.release(site.deployment, submission())
        assert result.outcome is Outcome.HOLD
        assert any(reason.detector == "clip" for reason in result.decision.reasons)


def test_only_released_files_are_public_and_quarantine_is_private(site):
    result = gate.release(site.deployment, submission())
    public = sorted(key for key, _ in site.deployment.blobs.public.keys())
    assert public == sorted([result.public_key, f"{result.asset_id}/manifest.c2pa"])
    assert not list(site.deployment.blobs.quarantine.keys())
    assert site.deployment.blobs.quarantine.root.stat().st_mode & 0o077 == 0


def test_generated_pictures_tell_their_recipe_and_not_their_prompt(site):
    result = gate.release(site.deployment, site.draw("a violet lighthouse by the sea", seed=3))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    data = released_file(site, result)
    from provenance.manifests.validation import read_manifest

    report = read_manifest(data, MediaType.PNG, site.verifier._trust)
    assert report.digital_source_types[0].endswith("/algorithmicMedia")
    assert b"violet lighthouse" not in data
    with site.deployment.database.read() as connection:
        for row in connection.execute(select(ASSETS)).mappings():
            assert "violet" not in json.dumps(dict(row), default=str)
        for row in connection.execute(select(SEALS)).mappings():
            assert "violet" not in json.dumps(dict(row), default=str)
