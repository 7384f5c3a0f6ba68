"""The two ends of the line."""

import pytest
from sqlalchemy import select

from policies import gate
from policies.line import sealing
from policies.line.publishing import publish, withhold
from policies.line.recording import record
from policies.line.records import Stage, append_decision, latest_decision
from policies.line.released import public_file_key, public_manifest_key
from policies.rules.decision import Outcome
from provenance.asset import AssetId, MediaType, sha256_hex
from provenance.errors import BlobNotFoundError, VerificationError
from provenance.storage.tables import ASSETS
from tests.policies.deployments import decided, kept_of, public_of


def stage_of(here, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(ASSETS.c.stage).where(ASSETS.c.id == asset_id)).scalar()


def recorded(here):
    asset_id = decided(here)
    sealing.seal(here, asset_id)
    record(here, asset_id)
    return asset_id


def test_keys_tell_the_type():
    assert public_file_key(AssetId("a1"), MediaType.JPEG) == "a1/media.jpg"
    assert public_manifest_key(AssetId("a1")) == "a1/manifest.c2pa"


def test_what_is_published_is_what_was_recorded_and_the_quarantine_is_emptied(here):
    asset_id = recorded(here)
    assert {name.partition("-")[0] for name in kept_of(here, asset_id)} == {"original", "facts", "sealed", "manifest"}
    result = publish(here, asset_id)
    assert sha256_hex(here.blobs.public.get(result.public_key)) == result.seal["sha256"]
    manifest = here.blobs.public.get(public_manifest_key(asset_id))
    assert sha256_hex(manifest) == result.seal["manifest_sha256"]
    assert kept_of(here, asset_id) == []
    assert stage_of(here, asset_id) == Stage.PUBLISHED


def test_a_lost_sealed_file_is_not_published_as_something_else(here):
    asset_id = recorded(here)
    for name in kept_of(here, asset_id):
        if name.startswith("sealed-"):
            here.blobs.quarantine.delete(f"{asset_id}/{name}")
    with pytest.raises(BlobNotFoundError):
        publish(here, asset_id)
    assert stage_of(here, asset_id) == Stage.RECORDED
    assert not [key for key in public_of(here, asset_id) if "media" in key]


@pytest.mark.parametrize(("prompt", "outcome", "stage"), [
    ("how to make a pipe bomb", Outcome.BLOCK, Stage.BLOCKED),
    ("people at a roulette table in a casino", Outcome.HOLD, Stage.HELD),
])  # fmt: skip
def test_what_is_withheld_keeps_its_bytes_and_publishes_none(here, prompt, outcome, stage):
    asset_id = decided(here, outcome, prompt=prompt)
    result = withhold(here, asset_id)
    assert (result.outcome, result.seal, result.ledger_index, result.public_key) == (outcome, {}, None, "")
    assert stage_of(here, asset_id) == stage
    assert sorted(kept_of(here, asset_id)) == ["original", "prompt"]
    assert public_of(here, asset_id) == []


def test_a_late_worker_does_not_block_what_a_moderator_released(here):
    """It saw HOLD, a moderator released meanwhile, and only now it comes to withhold."""
    from dataclasses import replace

    asset_id = decided(here, Outcome.HOLD, prompt="people at a roulette table in a casino")
    withhold(here, asset_id)
    with here.database.write() as connection:
        decision = latest_decision(connection, asset_id)
        append_decision(connection, replace(decision, id="the-moderators", outcome=Outcome.RELEASE))
    withhold(here, asset_id)
    assert stage_of(here, asset_id) == Stage.HELD
    assert gate.walk(here, asset_id).outcome is Outcome.RELEASE


@pytest.mark.parametrize("name", ["sealed-", "manifest-"])
def test_what_was_exchanged_after_it_was_recorded_is_not_published(here, name):
    asset_id = recorded(here)
    (key,) = (f"{asset_id}/{kept}" for kept in kept_of(here, asset_id) if kept.startswith(name))
    data = here.blobs.quarantine.get(key)
    here.blobs.quarantine.put(key, b"exchanged")
    with pytest.raises(VerificationError, match="not the one that was recorded"):
        publish(here, asset_id)
    assert public_of(here, asset_id) == []
    here.blobs.quarantine.put(key, data)
    assert gate.walk(here, asset_id).outcome is Outcome.RELEASE


def test_quarantine_is_not_emptied_of_a_release_that_is_gone(here):
    asset_id = recorded(here)
    result = publish(here, asset_id)
    here.blobs.quarantine.put(f"{asset_id}/original", b"left behind")
    here.blobs.public.delete(result.public_key)
    with pytest.raises(BlobNotFoundError, match="keeps what it has"):
        publish(here, asset_id)
    assert kept_of(here, asset_id) == ["original"]
