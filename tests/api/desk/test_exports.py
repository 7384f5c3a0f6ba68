"""An auditor orders, waits, downloads and checks, in both languages, wide and narrow."""

import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from api.desk.exports import build_order, parse_day
from api.form import Form
from policies.audit.exporting import Kind, Order
from policies.audit.orders import find_export, place_order
from policies.audit.packing import unpacking
from provenance.errors import PolicyError
from provenance.ledger.verification import verify_export
from provenance.storage.export_tables import EXPORTS


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, True), ("zh", 360, False)])
def test_it_can_be_read_by_everybody(desk, audit, language, width, dark):
    page = desk("/desk/exports", role="auditor", language=language, width=width, dark=dark)
    assert audit(page) == []
    assert page.locator("body").evaluate("body => body.scrollWidth") <= width


def test_a_case_is_ordered_downloaded_and_verified(desk, desk_server, audit, tmp_path):
    page = desk(f"/desk/exports?kind=case&asset={desk_server.stock.held_id}", role="auditor", name="Ada")
    page.get_by_role("button", name="Order").click()
    page.wait_for_url("**/desk/exports?said=ordered")
    row = page.locator("tbody tr").first
    row.get_by_role("link", name="Download").wait_for(timeout=60_000)  # the page looks again by itself
    assert audit(page) == []
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "case.zip")
    vkey = page.locator("main code").inner_text().partition("'")[2].strip("'")
    with unpacking(tmp_path / "case.zip") as folder:
        assert verify_export(folder, vkey).attachments >= 3
    row.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/desk/exports?said=dropped")
    assert row.get_by_role("link", name="Download").count() == 0


def test_what_an_earlier_key_of_the_ledger_signed_comes_with_that_key(desk, desk_server):
    here, earlier = desk_server.app.state.service.site.deployment, "chopmark.local/ledger/x+00000000+earlier"
    export = place_order(here, Order(kind=Kind.ENTRIES), ordered_by="Eve")
    while (found := find_export(here.database, here.tenant, export.id)).state != "ready":
        assert found.state != "failed"
        time.sleep(0.05)
    with here.database.write() as connection:
        changed = update(EXPORTS).where(EXPORTS.c.id == export.id).values(summary={**found.summary, "vkey": earlier})
        connection.execute(changed)
    page = desk("/desk/exports", role="auditor")
    page.get_by_role("link", name="Signed by an earlier key").first.click()
    assert f"--vkey '{earlier}'" in page.locator("main code").last.inner_text()


def test_the_evidence_of_a_case_is_one_click_for_who_may(desk, desk_server, audit):
    page = desk(f"/desk/jobs/{desk_server.stock.matched_id}", role="admin", name="Ada")
    page.get_by_role("button", name="Evidence bundle").click()
    page.get_by_role("link", name="Download").wait_for()
    assert page.get_by_text("case.pdf").is_visible()
    assert audit(page) == []
    other = desk(f"/desk/jobs/{desk_server.stock.matched_id}")
    assert other.get_by_role("button", name="Evidence bundle").count() == 0


def test_what_cannot_be_ordered_is_told_beside_the_form(desk):
    page = desk("/desk/exports", role="auditor")
    page.select_option("#kind", "case")
    page.fill("#asset_id", "<script>alert(1)</script>")
    page.get_by_role("button", name="Order").click()
    page.wait_for_selector("[role=alert]")
    desk.complaints.clear()  # the browser tells of the 404 that was asked for
    assert page.input_value("#asset_id") == "<script>alert(1)</script>"


def test_a_form_becomes_an_order():
    given = {
        "kind": "dsa",
        "since": "2026-11-01",
        "until": "2026-11-30",
        "outcome": "hold",
        "packs": "a, b",
        "form": "csv",
    }
    order = build_order(Form(given, {}))
    assert (order.kind, order.form, order.outcomes, order.packs) == (Kind.STATEMENTS, "jsonl", ("hold",), ("a", "b"))
    assert (order.since, order.until) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert parse_day("") is None
    for wrong in ({"kind": "nothing"}, {"since": "soon"}):
        with pytest.raises(PolicyError):
            build_order(Form(wrong, {}))
