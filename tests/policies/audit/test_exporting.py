"""What is ordered is what comes, proven; and nothing of anybody else's."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policies.audit.exporting import NAMES_FILE, Kind, Order, build_selection, verify_order, write_export
from policies.audit.source import Source
from policies.audit.statement_schema import find_problems
from provenance.errors import AssetNotFoundError, PolicyError
from provenance.ledger.verification import verify_export
from provenance.tenant import Tenant


def export(docket, folder, **fields):
    order = Order(**fields)
    manifest = write_export(docket.here, order, folder)
    return manifest, verify_export(folder, docket.vkey)


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_everything_in_each_form(docket, tmp_path, form):
    manifest, summary = export(docket, tmp_path / "out", form=form)
    assert (summary.claim, summary.scope, summary.unsigned) == ("everything", "site", ())
    assert manifest.rows == docket.here.log.size()


def test_filters_by_outcome_pack_and_time(docket, tmp_path):
    _, blocked = export(docket, tmp_path / "a", outcomes=("block",))
    assert blocked.rows == 2
    assert export(docket, tmp_path / "b", packs=("light",))[1].rows == 4
    assert export(docket, tmp_path / "c", packs=("none",))[1].rows == 0
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert export(docket, tmp_path / "d", since=tomorrow)[1].rows == 0
    assert "outcome block" in blocked.filters


def test_statements_of_reasons_are_of_the_schema_and_say_which_entry(docket, tmp_path):
    export(docket, tmp_path / "out", kind=Kind.STATEMENTS)
    body = json.loads((tmp_path / "out" / "statements" / "00001.json").read_text())
    index = json.loads((tmp_path / "out" / "statements" / "index.json").read_text())["statements"]
    assert [find_problems(one) for one in body["statements"]] == [(), ()]
    assert [one["asset_id"] for one in index] == [docket.copied, docket.refused]
    rows = [json.loads(line) for line in (tmp_path / "out" / "entries.jsonl").read_text().splitlines()]
    assert [one["puid"] for one in index] == [row["body"]["decision_id"] for row in rows]
    whole = json.dumps(body)
    assert "Ada" not in whole
    assert "太素了" not in whole


def test_names_are_told_where_they_are_asked_for(docket, tmp_path):
    export(docket, tmp_path / "without")
    assert not (tmp_path / "without" / NAMES_FILE).exists()
    manifest, _ = export(docket, tmp_path / "with", with_names=True)
    assert list(json.loads((tmp_path / "with" / NAMES_FILE).read_text()).values()) == ["Ada Lovelace"]
    assert [one.file for one in manifest.attachments] == [NAMES_FILE]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"form": "xml"}, "jsonl, csv, parquet"),
        ({"outcomes": ("maybe",)}, "got maybe"),
        ({"kind": Kind.CASE}, "id of an asset"),
        ({"asset_id": "x"}, "id of an asset"),
    ],
)
def test_what_cannot_be_ordered_is_told(docket, fields, said):
    with pytest.raises(PolicyError, match=said):
        verify_order(docket.here, Order(**fields))


@pytest.fixture
def stranger(docket):
    """Another tenant of the same site."""
    here = docket.here
    log = here.log.of_tenant("tenant-0123456789abcdef")
    return Source(here.database, here.blobs, log, here.works, Tenant("stranger"))


def test_a_tenant_gets_nothing_of_another(docket, stranger, tmp_path):
    for kind in (Kind.CASE, Kind.LINEAGE):
        with pytest.raises(AssetNotFoundError):
            verify_order(stranger, Order(kind=kind, asset_id=docket.released))
    with pytest.raises(PolicyError, match="main tenant"):
        verify_order(stranger, Order(whole_site=True))
    manifest = write_export(stranger, Order(), tmp_path / "out")
    assert (manifest.rows, manifest.scope) == (0, "tenant")
    assert write_export(stranger, Order(kind=Kind.STATEMENTS), tmp_path / "dsa").rows == 0


def test_the_main_tenant_gets_its_own_alone_where_there_are_others(docket, monkeypatch):
    monkeypatch.setattr("policies.audit.exporting.has_others", lambda here: True)
    assert build_selection(docket.here, Order()).tenant == ""
    assert build_selection(docket.here, Order(whole_site=True)).tenant is None
    assert build_selection(docket.here, replace(Order(), kind=Kind.CASE, asset_id="x")).tenant == ""


def test_progress_is_told_and_can_end_it(docket, tmp_path):
    told = []
    write_export(docket.here, Order(), tmp_path / "out", tell=told.append)
    assert told == [0]

    def stop(rows):
        raise PolicyError("enough")

    with pytest.raises(PolicyError, match="enough"):
        write_export(docket.here, Order(), tmp_path / "stopped", tell=stop)
    assert not (tmp_path / "stopped").exists()
