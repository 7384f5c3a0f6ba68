import dataclasses
import hashlib
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import DIGEST_HEX_LENGTH, Asset, MediaType, Origin, new_asset_id, sha256_hex


def test_ids_are_version_7_and_sort_by_time():
    before = time.time_ns() // 1_000_000
    ids = [new_asset_id() for _ in range(200)]
    after = time.time_ns() // 1_000_000
    for value in map(uuid.UUID, ids):
        assert value.version == 7
        assert value.variant == uuid.RFC_4122
        assert before <= value.int >> 80 <= after
    assert len(set(ids)) == len(ids)
    first = new_asset_id()
    time.sleep(0.003)
    assert first < new_asset_id()


def test_digest_of_nothing_is_the_known_one():
    assert sha256_hex(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.binary(max_size=200))
def test_digest_is_sha_256_in_lower_case(data):
    digest = sha256_hex(data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert len(digest) == DIGEST_HEX_LENGTH


@pytest.mark.parametrize("media_type", list(MediaType))
def test_every_type_has_its_own_extension(media_type):
    assert media_type.extension.startswith(".")
    assert [other for other in MediaType if other.extension == media_type.extension] == [media_type]


def test_an_asset_cannot_be_changed():
    asset = Asset(new_asset_id(), sha256_hex(b"x"), MediaType.PNG, 1, {})
    assert asset.origin is Origin.SUBMITTED
    with pytest.raises(dataclasses.FrozenInstanceError):
        asset.size_bytes = 2
