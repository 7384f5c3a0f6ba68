"""Every way of tampering with an export is found, and named."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.export import build_manifest_text, export_ledger
from provenance.ledger.log import Log
from provenance.ledger.note import build_signer, sign_note
from provenance.ledger.selection import Selection
from provenance.ledger.verification import verify_export

FORMATS = ("jsonl", "csv", "parquet")


@pytest.fixture
def export(sqlite_log, append_many, tmp_path):
    """A function that exports twelve entries in a format: six as versions before 0.7 wrote them, six that are hidden."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("provenance.ledger.entry.token_bytes", lambda _: b"")
        append_many(sqlite_log, 6)
    append_many(sqlite_log, 12, first=6)

    def make(file_format, **options):
        export_ledger(sqlite_log, tmp_path / file_format, file_format, **options)
        return tmp_path / file_format

    return make


def refused(folder, signer, code):
    with pytest.raises(VerificationError) as caught:
        verify_export(folder, signer.vkey)
    assert caught.value.codes == (code,), str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_sound_export_holds(export, signer, file_format):
    summary = verify_export(export(file_format), signer.vkey)
    assert (summary.rows, summary.first_index, summary.last_index, summary.size) == (12, 0, 11, 12)
    assert summary.is_complete
    assert (summary.row_proofs, summary.origin) == (12, "example.com/ledger")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_filtered_export_holds(export, signer, file_format):
    summary = verify_export(export(file_format, selection=Selection(kinds=["release"]), proofs=[4, 7]), signer.vkey)
    assert (summary.rows, summary.first_index, summary.last_index, summary.row_proofs) == (4, 1, 10, 2)
    assert not summary.is_complete
    assert summary.kinds == ("release",)


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_export_of_nothing_holds(export, signer, file_format):
    summary = verify_export(export(file_format, selection=Selection(kinds=["appeal"])), signer.vkey)
    assert (summary.rows, summary.first_index, summary.is_complete) == (0, None, False)


def test_an_export_of_an_empty_log_holds(sqlite_log, signer, tmp_path):
    export_ledger(sqlite_log, tmp_path / "out")
    assert verify_export(tmp_path / "out", signer.vkey).size == 0


def lines_of(folder):
    return (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)


def write_lines(folder, lines):
    (folder / "entries.jsonl").write_bytes(b"".join(lines))


def test_a_changed_row_is_named(export, signer):
    folder = export("jsonl")
    lines = lines_of(folder)
    lines[4] = lines[4].replace(b"asset-4", b"asset-9")
    write_lines(folder, lines)
    assert "row 5 (entry 4) was changed" in refused(folder, signer, "export.changed")


def test_a_changed_row_with_its_hash_changed_too(export, signer):
    from provenance.ledger.merkle import hash_leaf
    from provenance.ledger.rows import read_jsonl

    folder = export("jsonl")
    lines = lines_of(folder)
    before = list(read_jsonl(folder / "entries.jsonl"))[4]
    lines[4] = lines[4].replace(b"asset-4", b"asset-9")
    forged = hash_leaf(before.leaf.replace(b"asset-4", b"asset-9")).hex().encode()
    lines[4] = lines[4].replace(before.leaf_hash.hex().encode(), forged)
    write_lines(folder, lines)
    refused(folder, signer, "export.digest")


def test_a_salt_that_was_changed_is_found(export, signer):
    folder = export("jsonl")
    lines = lines_of(folder)
    salt = json.loads(lines[8])["salt"].encode()
    lines[8] = lines[8].replace(salt, b"00" * 32)
    write_lines(folder, lines)
    assert "row 9 (entry 8) was changed" in refused(folder, signer, "export.changed")
    lines[8] = lines[8].replace(b'"salt":"' + b"00" * 32 + b'",', b"").replace(b'"v":2', b'"v":1')
    write_lines(folder, lines)
    assert "row 9 (entry 8) was changed" in refused(folder, signer, "export.changed")


def test_a_dropped_row_is_named(export, signer):
    folder = export("jsonl")
    write_lines(folder, lines_of(folder)[:5] + lines_of(folder)[6:])
    assert "row 6 (entry 6) follows entry 4" in refused(folder, signer, "export.dropped")


def test_a_row_dropped_from_a_filtered_export(export, signer):
    folder = export("jsonl", selection=Selection(kinds=["release"]))
    write_lines(folder, lines_of(folder)[:1] + lines_of(folder)[2:])
    assert "has 3 rows, the log signed 4" in refused(folder, signer, "export.dropped")


def test_a_truncated_file(export, signer):
    folder = export("jsonl")
    write_lines(folder, lines_of(folder)[:-1])
    refused(folder, signer, "export.dropped")
    write_lines(folder, [*lines_of(folder)[:-1], lines_of(folder)[-1][:40]])
    assert "row 11 is no ledger entry" in refused(folder, signer, "export.row")
    (folder / "entries.jsonl").unlink()
    refused(folder, signer, "export.missing")


def test_an_added_row(export, signer):
    folder = export("jsonl")
    write_lines(folder, [*lines_of(folder), lines_of(folder)[3]])
    assert "out of order" in refused(folder, signer, "export.order")
    folder = shutil.copytree(export("csv"), folder.parent / "copy")
    path = folder / "entries.csv"
    path.write_text(path.read_text() + path.read_text().splitlines(keepends=True)[-1])
    refused(folder, signer, "export.order")


def test_an_added_entry_that_was_never_logged(export, signer):
    from dataclasses import replace

    from provenance.ledger.merkle import hash_leaf
    from provenance.ledger.rows import read_jsonl, write_jsonl

    folder = export("jsonl", proofs=[])
    entries = list(read_jsonl(folder / "entries.jsonl"))
    invented = replace(entries[-1], index=12, key="event:12")
    invented = replace(invented, leaf_hash=hash_leaf(invented.leaf))
    (folder / "entries.jsonl").unlink()
    write_jsonl(folder / "entries.jsonl", [*entries, invented])
    assert "has 13 rows, the log signed 12" in refused(folder, signer, "export.added")


def test_reordered_rows(export, signer):
    folder = export("jsonl", selection=Selection(kinds=["decision", "release"]))
    lines = lines_of(folder)
    lines[2], lines[3] = lines[3], lines[2]
    write_lines(folder, lines)
    assert "row 4 (entry 3) is out of order after entry 4" in refused(folder, signer, "export.order")


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_changed_cell_in_other_formats(export, signer, file_format):
    folder = export(file_format)
    path = folder / f"entries.{file_format}"
    good = path.read_bytes()
    if file_format == "csv":
        path.write_text(path.read_text().replace("event:7", "event:8", 1))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pq.read_table(path)
        keys = table["key"].to_pylist()
        keys[7] = "event:8"
        table = table.set_column(table.schema.get_field_index("key"), "key", pa.array(keys))
        pq.write_table(table, path)
    if file_format == "csv":
        assert "row 8 (entry 7) was changed" in refused(folder, signer, "export.changed")
    else:  # whose parser sees nothing that was not signed
        refused(folder, signer, "export.digest")
    path.write_bytes(good[:-100])
    refused(folder, signer, "export.row" if file_format == "csv" else "export.digest")


def test_a_body_that_smuggles_fields_is_refused(export, signer):
    folder = export("csv")
    path = folder / "entries.csv"
    rows = list(csv.reader(path.read_text().splitlines()))
    rows[3][-1] += ',"x":1'
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    assert "row 3 is no ledger entry" in refused(folder, signer, "export.row")


def test_an_edited_manifest(export, signer):
    folder = export("jsonl")
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"rows": 12', '"rows": 11'))
    assert "edited" in refused(folder, signer, "export.manifest")
    path.unlink()
    refused(folder, signer, "export.missing")


def test_another_key(export, signer, tmp_path):
    folder = export("jsonl")
    other = build_signer("example.com/ledger", Ed25519PrivateKey.generate())
    assert "key history" in refused(folder, other, "note.unsigned")
    with pytest.raises(VerificationError, match="looks like"):
        verify_export(folder, "not a key")


def test_an_export_forged_with_another_key(export, signer, sqlite_database, tmp_path):
    """Whoever signs a whole export anew, under the same name, still lacks the key that the reader trusts."""
    export("jsonl")
    forger = build_signer("example.com/ledger", Ed25519PrivateKey.generate())
    export_ledger(Log(sqlite_database, forger), tmp_path / "forged")
    refused(tmp_path / "forged", signer, "note.unsigned")
    note = (tmp_path / "jsonl" / "manifest.note").read_text()
    (tmp_path / "forged" / "manifest.note").write_text(note)
    refused(tmp_path / "forged", signer, "export.manifest")


def resign(folder, signer, change):
    """Change the manifest and sign it anew, as only the log's owner can."""
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.note").write_text(sign_note(build_manifest_text(signer.name, content), signer))


def digest_of(path):
    from hashlib import sha256

    return sha256(path.read_bytes()).hexdigest()


def test_the_owner_cannot_export_what_is_not_in_the_log(export, signer):
    """Signing a changed export is not enough: the rows must make the root that the checkpoint commits to."""
    from dataclasses import replace

    from provenance.ledger.merkle import hash_leaf
    from provenance.ledger.rows import read_jsonl, write_jsonl

    folder = export("jsonl", proofs=[])
    path = folder / "entries.jsonl"
    entries = list(read_jsonl(path))
    forged = replace(entries[5], subject="asset-x")
    entries[5] = replace(forged, leaf_hash=hash_leaf(forged.leaf))
    path.unlink()
    write_jsonl(path, entries)
    resign(folder, signer, lambda manifest: manifest.update(sha256=digest_of(path)))
    assert "not all in the tree" in refused(folder, signer, "ledger.inclusion")


def test_a_checkpoint_of_another_log_in_the_manifest(export, signer):
    folder = export("jsonl")
    other = build_signer("example.com/other", Ed25519PrivateKey.generate())
    note = sign_note("example.com/other\n12\nAAAA\n", other)
    resign(folder, signer, lambda manifest: manifest.update(checkpoint=note))
    refused(folder, signer, "note.unsigned")
    resign(folder, signer, lambda manifest: manifest.update(format="chopmark.ledger-export/2"))
    refused(folder, signer, "export.format")


def test_swapped_missing_and_added_proofs(export, signer):
    folder = export("jsonl")
    proofs = folder / "proofs"
    one, two = (proofs / "1.tlog-proof").read_text(), (proofs / "2.tlog-proof").read_text()
    (proofs / "1.tlog-proof").write_text(two)
    (proofs / "2.tlog-proof").write_text(one)
    assert "proofs/1.tlog-proof does not prove its entry: it is of entry 2" in refused(folder, signer, "export.proof")
    (proofs / "1.tlog-proof").write_text(two.replace("index 2", "index 1"))
    assert "proofs/1.tlog-proof" in refused(folder, signer, "export.proof")
    (proofs / "1.tlog-proof").write_bytes(b"\xff")
    refused(folder, signer, "export.proof")
    (proofs / "1.tlog-proof").unlink()
    assert "1.tlog-proof" in refused(folder, signer, "export.proofs")
    (proofs / "1.tlog-proof").write_text(one)
    (proofs / "2.tlog-proof").write_text(two)
    verify_export(folder, signer.vkey)
    (proofs / "99.tlog-proof").write_text(one)
    refused(folder, signer, "export.proofs")


def test_a_damaged_batch_proof(export, signer):
    folder = export("jsonl", selection=Selection(kinds=["review"]))
    path = folder / "entries.batch-proof"
    good = path.read_text()
    path.write_text(good + "AAAA\n")
    refused(folder, signer, "export.digest")
    for content in (good + "AAAA\n", good + "!\n", "other" + good, good[:-1]):
        path.write_text(content)
        resign(folder, signer, lambda manifest: manifest.update(batch_proof_sha256=digest_of(path)))
        refused(folder, signer, "export.proof")
    lines = good.splitlines(keepends=True)
    for content in (lines[:-1], [*lines, lines[-1]]):
        path.write_text("".join(content))
        resign(folder, signer, lambda manifest: manifest.update(batch_proof_sha256=digest_of(path)))
        refused(folder, signer, "ledger.inclusion")


def test_an_earlier_checkpoint_must_be_extended(sqlite_log, append_many, signer, tmp_path):
    append_many(sqlite_log, 5)
    earlier = sqlite_log.checkpoint().note
    append_many(sqlite_log, 9, first=5)
    export_ledger(sqlite_log, tmp_path / "all")
    export_ledger(sqlite_log, tmp_path / "some", selection=Selection(kinds=["review"]))
    verify_export(tmp_path / "all", signer.vkey, earlier_checkpoint=earlier)
    verify_export(tmp_path / "all", signer.vkey, earlier_checkpoint=sqlite_log.checkpoint().note)
    with pytest.raises(VerificationError, match="export of everything"):
        verify_export(tmp_path / "some", signer.vkey, earlier_checkpoint=earlier)
    lines = earlier.splitlines()
    for size, root in ((5, "A" * 43 + "="), (10, lines[2])):
        other = sign_note(f"{lines[0]}\n{size}\n{root}\n", signer)
        with pytest.raises(InconsistentLedgerError, match=f"does not extend the one of {size}"):
            verify_export(tmp_path / "all", signer.vkey, earlier_checkpoint=other)


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("file_format", FORMATS)
def test_no_flipped_byte_goes_unnoticed(exports, signer, tmp_path, data, file_format):
    """Any one byte of any one file: either it is refused, or nothing that counts was said by it."""
    folder = exports[file_format]
    path = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    content = path.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    changed = bytearray(content)
    changed[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        with pytest.raises(VerificationError):
            verify_export(folder, signer.vkey)
    finally:
        path.write_bytes(content)


@pytest.fixture
def exports(export):
    return {file_format: export(file_format) for file_format in FORMATS}


def test_files_beyond_all_measure_are_not_read(export, signer, monkeypatch):
    folder = export("jsonl")
    monkeypatch.setattr("provenance.ledger.verification._MAX_MANIFEST_BYTES", 100)
    assert "manifest.json is over 100 bytes" in refused(folder, signer, "export.format")


def test_the_way_there_does_not_matter(export, signer, monkeypatch):
    folder = export("jsonl")
    monkeypatch.chdir(folder.parent)
    assert verify_export(Path("jsonl"), signer.vkey).rows == 12
    with pytest.raises(VerificationError, match="missing"):
        verify_export(Path("nowhere"), signer.vkey)


def test_a_range_of_indices_is_shown_to_be_whole(export, signer, sqlite_log, tmp_path):
    summary = verify_export(export("jsonl", selection=Selection(first=3, stop=9)), signer.vkey)
    assert (summary.claim, summary.first_index, summary.last_index, summary.is_complete) == ("range", 3, 8, True)
    assert "came before or after is not shown" in summary.proves
    assert summary.filters == "first 3, stop 9"
    everything = verify_export(export("csv"), signer.vkey)
    assert (everything.claim, everything.filters, everything.scope) == ("everything", "", "site")


def test_a_filter_says_what_it_cannot_prove(export, signer):
    summary = verify_export(export("jsonl", selection=Selection(subject="asset-3")), signer.vkey)
    assert (summary.claim, summary.is_complete, summary.filters) == ("rows", False, "subject asset-3")
    assert "not proven" in summary.proves


def test_a_row_dropped_from_a_range_is_named(export, signer):
    folder = export("jsonl", selection=Selection(first=2, stop=9))
    write_lines(folder, lines_of(folder)[1:])
    assert "follows entry 1: a row was dropped" in refused(folder, signer, "export.dropped")


def test_attachments_are_what_the_log_signed(export, signer):
    def attach(folder):
        (folder / "notes").mkdir()
        (folder / "notes" / "one.txt").write_text("as it was")

    folder = export("jsonl", attach=attach)
    (folder / "added.txt").write_text("nobody signed this")
    summary = verify_export(folder, signer.vkey)
    assert (summary.attachments, summary.unsigned) == (1, ("added.txt",))
    (folder / "notes" / "one.txt").write_text("as it is")
    assert "notes/one.txt" in refused(folder, signer, "export.attachment")
    (folder / "notes" / "one.txt").unlink()
    refused(folder, signer, "export.missing")


def test_exports_of_the_first_format_still_hold(export, signer):
    folder = export("jsonl")
    manifest = json.loads((folder / "manifest.json").read_text())
    later = ("subject", "first", "stop", "outcomes", "packs", "scope", "tenant", "claim", "attachments")
    manifest = {name: value for name, value in manifest.items() if name not in later}
    manifest["format"] = "chopmark.ledger-export/1"
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    note = sign_note(build_manifest_text(signer.name, content, manifest["format"]), signer)
    (folder / "manifest.note").write_text(note)
    assert verify_export(folder, signer.vkey).claim == "everything"
    write_lines(folder, lines_of(folder)[:5] + lines_of(folder)[6:])
    refused(folder, signer, "export.dropped")
