"""Every table of every domain hangs on one METADATA, and the database itself refuses what must never be."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provenance.storage.database import METADATA
from provenance.storage.tables import ASSETS, DECISIONS, GRANTS, SEALS, SOFT_BINDINGS

ASSET = {
    "sha256": "0" * 64, "media_type": "image/png", "size_bytes": 1, "origin": "submitted",
    "stage": "accepted", "request": {}, "recipe": {}, "has_prompt": False, "name": "", "created_at": "2026",
}  # fmt: skip
SEAL = {"media_type": "image/png", "body": {}, "ledger_index": 0, "created_at": "2026"}


@pytest.fixture
def assets(database):
    with database.write() as connection:
        connection.execute(insert(ASSETS), [{"id": name, **ASSET} for name in ("a", "b")])
        connection.execute(
            insert(DECISIONS).values(id="d", asset_id="a", sequence=0, outcome="release", body={}, created_at="2026")
        )
    return database


def test_all_domains_are_registered_and_migrated(database):
    assert METADATA.tables.keys() <= database.table_names()
    assert {"assets", "ledger_entries", "works", "codes"} <= METADATA.tables.keys()


@pytest.mark.parametrize(("table", "first", "second"), [
    (ASSETS, {"id": "c", **ASSET}, {"id": "c", **ASSET}),
    (DECISIONS, {}, {"id": "e", "asset_id": "a", "sequence": 0, "outcome": "hold", "body": {}, "created_at": ""}),
    (GRANTS, {"asset_id": "a", "decision_id": "d", "payload": 7, "created_at": ""},
     {"asset_id": "b", "decision_id": "d", "payload": 7, "created_at": ""}),
    (SEALS, {"asset_id": "a", "sha256": "1", "manifest_id": "m", **SEAL},
     {"asset_id": "b", "sha256": "2", "manifest_id": "m", **SEAL}),
    (SOFT_BINDINGS, {}, {"alg": "x", "value": b"1", "asset_id": "a"}),
], ids=["id", "sequence", "payload", "manifest", "binding without seal"])  # fmt: skip
def test_the_database_refuses_a_second_one(assets, table, first, second):
    with assets.write() as connection:
        if first:
            connection.execute(insert(table).values(**first))
    with pytest.raises(IntegrityError), assets.write() as connection:
        connection.execute(insert(table).values(**second))


def test_two_releases_may_be_the_same_file(assets):
    """Short texts that carry no mark ship as they came."""
    with assets.write() as connection:
        for name in ("a", "b"):
            row = {"asset_id": name, "sha256": "1", "manifest_id": name, **SEAL}
            connection.execute(insert(SEALS).values(**row))


def test_one_value_may_be_bound_to_several_releases(assets):
    with assets.write() as connection:
        for name in ("a", "b"):
            row = {"asset_id": name, "sha256": name, "manifest_id": name, **SEAL}
            connection.execute(insert(SEALS).values(**row))
            connection.execute(insert(SOFT_BINDINGS).values(alg="pdq", value=b"1", asset_id=name))
