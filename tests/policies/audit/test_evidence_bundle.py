"""The files of a case, as an export that verifies offline."""

import json

from policies.audit.exporting import Kind, Order
from policies.audit.packing import write_to
from provenance.asset import sha256_hex
from provenance.ledger.verification import verify_export
from tests.policies.audit.conftest import HOSTILE_NAME


def test_a_case_has_it_all_and_verifies(docket, tmp_path):
    folder = tmp_path / "case"
    write_to(docket.here, Order(kind=Kind.CASE, asset_id=docket.copied), folder)
    summary = verify_export(folder, docket.vkey)
    assert (summary.unsigned, summary.attachments) == ((), 5)
    document = json.loads((folder / "case.json").read_text())
    assert document["asset"]["name"] == HOSTILE_NAME
    assert document["decisions"][0]["ledger_index"] in document["ledger"]
    assert any(docket.work == finding["work_id"] for finding in document["evidence"])
    (pack,) = document["packs"]
    assert sha256_hex((folder / pack["file"]).read_bytes()) == pack["sha256"]
    assert (folder / "matches" / "match-1.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "case.pdf").read_bytes().startswith(b"%PDF-")


def test_the_prompt_and_pictures_only_where_asked_for(docket, tmp_path):
    order = Order(kind=Kind.CASE, asset_id=docket.copied, with_pictures=False, with_names=True)
    write_to(docket.here, order, tmp_path / "case")
    assert not (tmp_path / "case" / "matches").exists()
    document = json.loads((tmp_path / "case" / "case.json").read_text())
    assert "prompt" not in document
    assert document["reviews"] == []
