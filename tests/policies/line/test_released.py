from dataclasses import replace

import pytest

from policies import gate
from policies.line.intake import intake
from policies.line.released import find_beside, find_released, is_released, load_released, public_file_key
from provenance.asset import Digest
from provenance.errors import AssetNotFoundError, BlobNotFoundError, StoreError
from tests.policies.deployments import SIDE
from tests.sites import submission


def find(here, asset_id=None):
    with here.database.read() as connection:
        return find_released(connection, asset_id)


def test_what_was_released_is_found_by_its_id_or_as_the_last(here):
    with pytest.raises(AssetNotFoundError, match="nothing was released"):
        find(here)
    first, second = (gate.release(here, replace(submission(side=SIDE), name=f"{name}.jpg")) for name in "ab")
    assert find(here).asset_id == second.asset_id
    found = find(here, first.asset_id)
    assert (found.name, found.media_type, found.ledger_index) == ("a.jpg", "image/jpeg", first.ledger_index)
    assert load_released(here.blobs.public, found).sha256 == found.sha256 == first.seal["sha256"]


def test_what_is_not_released_is_not_found(here):
    asset_id = intake(here, submission(side=SIDE))
    for wrong, said in ((asset_id, "at stage accepted"), ("nonesuch", "unknown id 'nonesuch'")):
        with pytest.raises(AssetNotFoundError, match=said):
            find(here, wrong)


def test_a_file_is_known_as_released_by_its_bytes(here):
    released = gate.release(here, submission(side=SIDE))
    with here.database.read() as connection:
        assert is_released(connection, released.seal["sha256"])
        assert not is_released(connection, Digest("0" * 64))
        assert not is_released(connection, submission(side=SIDE).unverified_file.sha256), "what was handed in is not"


def test_a_changed_or_lost_file_is_not_handed_out(here):
    found = find(here, gate.release(here, submission(side=SIDE)).asset_id)
    key = public_file_key(found.asset_id, found.media_type)
    here.blobs.public.put(key, b"something else")
    with pytest.raises(StoreError, match="not the one that was sealed"):
        load_released(here.blobs.public, found)
    here.blobs.public.delete(key)
    with pytest.raises(BlobNotFoundError):
        load_released(here.blobs.public, found)


def test_a_manifest_that_is_in_the_file_lies_beside_nothing(here):
    result = gate.release(here, submission(side=SIDE))
    with here.database.read() as connection:
        released = find_released(connection, result.asset_id)
        assert find_beside(connection, here.blobs.public, released.sha256) is None
        assert find_beside(connection, here.blobs.public, Digest("0" * 64)) is None
