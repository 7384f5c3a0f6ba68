"""A key is a tenant's own, an asset has one place, and a ticket is one asset's."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provenance.asset import new_asset_id
from provenance.storage.database import utc_now
from provenance.storage.line_tables import LINE, SUBMISSION_KEYS
from provenance.storage.tables import ASSETS


@pytest.fixture
def asset_id(database):
    row = {"sha256": "0" * 64, "media_type": "image/png", "size_bytes": 1, "origin": "submitted", "stage": "accepted"}
    row |= {"id": new_asset_id(), "request": {}, "recipe": {}, "has_prompt": False, "name": "", "created_at": utc_now()}
    with database.write() as connection:
        connection.execute(insert(ASSETS).values(row))
    return row["id"]


def test_two_tenants_may_choose_the_same_key_and_one_may_not_twice(database, asset_id):
    row = {"key": "order-1", "request_sha256": "0" * 64, "asset_id": asset_id, "created_at": utc_now()}
    with database.write() as connection:
        connection.execute(insert(SUBMISSION_KEYS), [{"tenant": tenant, **row} for tenant in ("main", "acme")])
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(SUBMISSION_KEYS).values(tenant="main", **row))


def test_an_asset_has_one_place_and_only_what_was_accepted_has_one(database, asset_id):
    row = {"tenant": "main", "ticket": "t", "priority": 5, "tries": 0, "stopped": "", "queued_at": utc_now()}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(LINE).values(asset_id=new_asset_id(), **row))
    with database.write() as connection:
        connection.execute(insert(LINE).values(asset_id=asset_id, **row))
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(LINE).values(asset_id=asset_id, **{**row, "ticket": "u"}))
