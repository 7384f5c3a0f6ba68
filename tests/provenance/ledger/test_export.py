"""What an export holds, and that it appears whole or not at all."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from provenance.errors import InconsistentLedgerError, LedgerError
from provenance.ledger.export import ROW_PROOF_LIMIT, export_ledger
from provenance.ledger.proof import parse_proof, verify_proof
from provenance.ledger.selection import Selection
from provenance.ledger.verification import verify_export


def test_the_folder_and_its_manifest(log, append_many, signer, tmp_path):
    entries = append_many(log, 7)
    folder = tmp_path / "exports" / "today"
    manifest = export_ledger(log, folder)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "entries.batch-proof",
        "entries.jsonl",
        "manifest.json",
        "manifest.note",
        *(f"proofs/{index}.tlog-proof" for index in range(7)),
    ]
    said = json.loads((folder / "manifest.json").read_text())
    assert said == manifest.model_dump()
    assert said["sha256"] == hashlib.sha256((folder / "entries.jsonl").read_bytes()).hexdigest()
    assert (said["rows"], said["first_index"], said["last_index"], said["vkey"]) == (7, 0, 6, signer.vkey)
    assert said["checkpoint"] == log.checkpoint().note
    proof = parse_proof((folder / "proofs" / "3.tlog-proof").read_text())
    verify_proof(proof, entries[3].leaf, signer.verifier)
    assert verify_export(folder, signer.vkey).is_complete


def test_filters(log, append_many, signer, tmp_path):
    append_many(log, 20)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert export_ledger(log, tmp_path / "a", selection=Selection(since=now - hour, until=now + hour)).rows == 20
    assert export_ledger(log, tmp_path / "b", selection=Selection(since=now + hour)).rows == 0
    manifest = export_ledger(log, tmp_path / "c", selection=Selection(kinds={"review", "release"}, until=now + hour))
    assert (manifest.rows, manifest.kinds) == (13, ["release", "review"])
    for name in "abc":
        verify_export(tmp_path / name, signer.vkey)


def test_entries_that_come_later_do_not_disturb(sqlite_log, append_many, signer, tmp_path):
    append_many(sqlite_log, 5)
    export_ledger(sqlite_log, tmp_path / "five")
    append_many(sqlite_log, 9, first=5)
    summary = verify_export(tmp_path / "five", signer.vkey)
    assert (summary.rows, summary.size) == (5, 5)


def test_a_large_export_has_one_proof_for_all(sqlite_log, append_many, signer, tmp_path, monkeypatch):
    assert ROW_PROOF_LIMIT == 1_000
    monkeypatch.setattr("provenance.ledger.export.ROW_PROOF_LIMIT", 20)
    append_many(sqlite_log, 21)
    manifest = export_ledger(sqlite_log, tmp_path / "large", "csv")
    assert manifest.row_proofs == []
    assert list((tmp_path / "large" / "proofs").iterdir()) == []
    assert verify_export(tmp_path / "large", signer.vkey).rows == 21
    assert export_ledger(sqlite_log, tmp_path / "some", proofs=[5, 3]).row_proofs == [3, 5]
    assert verify_export(tmp_path / "some", signer.vkey).row_proofs == 2


def test_what_cannot_be_exported_leaves_nothing(sqlite_log, append_many, tmp_path, tamper):
    append_many(sqlite_log, 5)
    out = tmp_path / "out"
    with pytest.raises(LedgerError, match="jsonl, csv, parquet, got 'xml'"):
        export_ledger(sqlite_log, out / "a", "xml")
    with pytest.raises(LedgerError, match=r"not exported: \[5\]"):
        export_ledger(sqlite_log, out / "a", proofs=[5])
    with pytest.raises(LedgerError, match="time zone"):
        export_ledger(sqlite_log, out / "a", selection=Selection(since=datetime(2026, 1, 1)))
    tamper(sqlite_log, "UPDATE ledger_entries SET subject = 'x' WHERE \"index\" = 2")
    with pytest.raises(InconsistentLedgerError, match="entry 2 was changed"):
        export_ledger(sqlite_log, out / "a")
    assert not out.exists() or list(out.iterdir()) == []


def test_a_folder_in_use_is_not_touched(sqlite_log, append_many, tmp_path):
    append_many(sqlite_log, 2)
    folder = tmp_path / "out"
    folder.mkdir()
    export_ledger(sqlite_log, folder)
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(LedgerError, match="new or empty folder"):
        export_ledger(sqlite_log, folder)
    assert (folder / "manifest.json").read_bytes() == before
    with pytest.raises(LedgerError, match="new or empty folder"):
        export_ledger(sqlite_log, folder / "manifest.json")
