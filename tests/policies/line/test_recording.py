"""One transaction: the ledger entry, the seal's record and what leads back to it."""

import json

import pytest
from sqlalchemy import select

from policies.line import sealing
from policies.line.recording import find_release, record
from policies.line.records import Stage
from provenance.asset import sha256_hex
from provenance.errors import GrantMismatchError, LedgerError
from provenance.storage.tables import ASSETS, SEALS, SOFT_BINDINGS
from tests.policies.deployments import decided, entries_of


def rows(here, table, asset_id):
    with here.database.read() as connection:
        return connection.execute(select(table).where(table.c.asset_id == asset_id)).mappings().all()


def test_the_entry_holds_digests_of_all_that_ships(here):
    asset_id = decided(here, prompt="a cup of coffee on a table")
    decision = sealing.seal(here, asset_id)
    sealed = sealing.load_sealed(here, asset_id, decision)
    index = record(here, asset_id)
    entry = here.log.entry(index)
    said = entry.fields()
    assert entry.kind == "asset.released"
    assert said["sealed_sha256"] == sha256_hex(sealed.file.read())
    assert said["manifest_sha256"] == sha256_hex(sealed.manifest_bytes)
    assert (said["decision_id"], said["manifest_id"]) == (decision.id, sealed.manifest_id)
    assert said["marks"] == ["signed_metadata", "watermark"]
    assert "coffee" not in json.dumps(said)
    (seal,) = rows(here, SEALS, asset_id)
    assert (seal["ledger_index"], seal["sha256"]) == (index, said["sealed_sha256"])
    bound = [{"alg": row["alg"], "value": bytes(row["value"]).hex()} for row in rows(here, SOFT_BINDINGS, asset_id)]
    assert sorted(bound, key=str) == sorted(said["soft_bindings"], key=str)


def test_nothing_is_recorded_that_was_not_sealed(here):
    asset_id = decided(here)
    with pytest.raises(GrantMismatchError, match="expected a sealed file"):
        record(here, asset_id)
    assert entries_of(here, asset_id) == ["decision.made"]


def test_a_record_is_whole_or_not_there(here, monkeypatch):
    """The last write of the transaction fails: the ledger entry and everything else go with it."""
    asset_id = decided(here)
    sealing.seal(here, asset_id)

    def fail(*_):
        raise LedgerError("no")

    with monkeypatch.context() as patch:
        patch.setattr("policies.line.recording.move_stage", fail)
        with pytest.raises(LedgerError):
            record(here, asset_id)
    assert here.log.find(f"release:{asset_id}") is None
    assert not rows(here, SEALS, asset_id)
    assert not rows(here, SOFT_BINDINGS, asset_id)
    index = record(here, asset_id)
    with here.database.read() as connection:
        assert find_release(connection, asset_id) == index
        assert connection.execute(select(ASSETS.c.stage).where(ASSETS.c.id == asset_id)).scalar() == Stage.RECORDED
