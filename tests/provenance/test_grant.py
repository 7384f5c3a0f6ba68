"""A grant is for exactly its bytes, and names each mark once."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.asset import AssetId, sha256_hex
from provenance.errors import GrantMismatchError
from provenance.grant import Grant, MarkKind, Obligation

WATERMARK = Obligation(MarkKind.WATERMARK, sources=("house/watermark: 1",))
GRANT = Grant(AssetId("a1"), sha256_hex(b"the picture"), "d1", (), (WATERMARK,), 7)


def test_it_is_for_the_bytes_that_were_decided_on():
    GRANT.verify_bytes(sha256_hex(b"the picture"))


@given(st.binary(max_size=40).filter(lambda data: data != b"the picture"))
def test_it_is_for_no_other_bytes(data):
    with pytest.raises(GrantMismatchError, match=f"got {sha256_hex(data)[:12]}"):
        GRANT.verify_bytes(sha256_hex(data))


@pytest.mark.parametrize("kind", MarkKind)
def test_it_answers_only_for_what_a_pack_demands(kind):
    assert GRANT.obligation(kind) == (WATERMARK if kind is MarkKind.WATERMARK else None)


def test_nobody_changes_one_afterwards():
    with pytest.raises(dataclasses.FrozenInstanceError):
        GRANT.asset_sha256 = sha256_hex(b"another")
