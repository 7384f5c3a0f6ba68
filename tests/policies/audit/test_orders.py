"""Orders are carried out once, by anybody, for whoever ordered alone."""

import pytest
from sqlalchemy import insert, update

from policies.audit.exporting import Kind, Order
from policies.audit.orders import (
    MOST_WAITING,
    drop_export,
    expire_exports,
    find_export,
    find_exports,
    make_next,
    open_export,
    place_order,
)
from policies.audit.packing import unpacking
from policies.audit.source import Source
from provenance.errors import ExportNotFoundError, PolicyError, TooManyOrdersError
from provenance.ledger.verification import verify_export
from provenance.storage.export_tables import EXPORTS
from provenance.tenant import Tenant


@pytest.fixture
def here(docket):
    yield docket.here
    with docket.here.database.write() as connection:
        connection.execute(EXPORTS.delete())


def make(here, **options):
    return make_next(here.database, lambda tenant: here, **options)


def test_an_order_is_made_announced_fetched_and_verified(here, docket, tmp_path):
    placed = place_order(here, Order(kind=Kind.STATEMENTS), ordered_by="Ada")
    assert (placed.state, placed.wanted) == ("waiting", {"kind": "dsa"})
    with pytest.raises(ExportNotFoundError, match="waiting"):
        open_export(here.blobs, placed)
    told = []
    made = make(here, announce=lambda connection, export: told.append(export))
    assert (made.id, made.state, told) == (placed.id, "ready", [made])
    assert make(here) is None
    found = find_export(here.database, here.tenant, placed.id)
    assert (found.summary["rows"], found.rows_done, found.summary["claim"]) == (2, 2, "rows")
    assert found.summary["vkey"] == here.log.signer.vkey
    file = open_export(here.blobs, found)
    assert file.size_bytes == found.size_bytes
    (tmp_path / "export.zip").write_bytes(file.read(file.size_bytes))
    with unpacking(tmp_path / "export.zip") as folder:
        assert verify_export(folder, docket.vkey).rows == 2


def test_another_tenant_finds_fetches_and_drops_nothing(here):
    placed = place_order(here, Order(), ordered_by="Ada")
    make(here)
    other = Source(here.database, here.blobs, here.log, here.works, Tenant("other"))
    assert find_exports(here.database, other.tenant) == []
    for act in (lambda: find_export(here.database, other.tenant, placed.id), lambda: drop_export(other, placed.id)):
        with pytest.raises(ExportNotFoundError):
            act()
    assert find_export(here.database, here.tenant, placed.id).state == "ready"


def test_what_cannot_be_made_says_why(here):
    place_order(here, Order(), ordered_by="Ada")
    with here.database.write() as connection:
        connection.execute(update(EXPORTS).values(wanted={"kind": "case", "asset_id": "gone"}))
    made = make(here)
    assert (made.state, made.error) == ("failed", "no asset has the id gone")


def test_what_a_killed_process_left_is_taken_up_again(here):
    placed = place_order(here, Order(), ordered_by="Ada")
    with here.database.write() as connection:
        connection.execute(update(EXPORTS).values(state="running", worker="dead", seen_at_ms=1))
    assert make(here).id == placed.id
    assert find_export(here.database, here.tenant, placed.id).state == "ready"


def test_what_is_dropped_while_it_is_made_stays_dropped(here):
    placed = place_order(here, Order(), ordered_by="Ada")

    def find_holder(tenant):
        drop_export(here, placed.id)
        return here

    assert make_next(here.database, find_holder).state == "expired"
    with pytest.raises(ExportNotFoundError):
        open_export(here.blobs, find_export(here.database, here.tenant, placed.id))


def test_files_expire(here):
    placed = place_order(here, Order(), ordered_by="Ada")
    make(here, kept_s=-1.0)
    assert expire_exports(here.database, here.blobs, dry_run=True) == [placed.id]
    assert expire_exports(here.database, here.blobs) == [placed.id]
    assert find_export(here.database, here.tenant, placed.id).state == "expired"
    assert list(here.blobs.quarantine.keys(f"exports/{placed.id}")) == []


def test_there_is_an_end_to_orders_and_they_come_in_pages(here):
    for _ in range(MOST_WAITING):
        place_order(here, Order(), ordered_by="Ada")
    with pytest.raises(TooManyOrdersError):
        place_order(here, Order(), ordered_by="Ada")
    with pytest.raises(PolicyError, match="jsonl"):
        place_order(here, Order(form="xml"), ordered_by="Ada")
    first = find_exports(here.database, here.tenant, limit=15)
    rest = find_exports(here.database, here.tenant, before=first[-1].id, limit=15)
    assert len({one.id for one in (*first, *rest)}) == MOST_WAITING


def test_orders_of_many_tenants_are_told_apart(here):
    row = {"state": "waiting", "wanted": {}, "ordered_by": "x", "summary": {}, "created_at": "2026"}
    with here.database.write() as connection:
        connection.execute(insert(EXPORTS).values({"id": "x", "tenant": "other", **row}))
    asked = []

    def find_holder(tenant):
        asked.append(tenant)
        return here

    make_next(here.database, find_holder)
    assert asked == ["other"]


def test_an_order_that_fails_unforeseen_has_failed_and_the_next_is_made(here):
    first, second = (place_order(here, Order(kind=Kind.STATEMENTS), ordered_by="Ada") for _ in range(2))

    def fail(_):
        raise KeyError("a secret")

    ended = make_next(here.database, fail)
    assert (ended.id, ended.state) == (first.id, "failed")
    assert "KeyError at test_orders.py" in ended.error
    assert "secret" not in ended.error
    assert (make(here).id, make(here)) == (second.id, None)
