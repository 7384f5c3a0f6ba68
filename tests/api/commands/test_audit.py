import json

import pytest

from api.commands.audit import parse_time
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import GateError
from provenance.ledger.proof import carry


def test_an_export_verifies_offline_with_the_public_key_alone(run, stock, tmp_path, monkeypatch):
    exported = run("audit", "export", "-o", tmp_path / "audit", "--json").document
    vkey = run("keys", "list", "--json").document["ledger"]["vkey"]
    assert exported["manifest"]["rows"] == 5
    monkeypatch.setenv("CHOPMARK_HOME", "/nonexistent")
    done = run("audit", "verify", tmp_path / "audit", "--vkey", vkey, "--json")
    assert (done.code, done.document["verified"], done.document["rows"]) == (0, True, 5)
    assert "rows 5" in run("audit", "verify", tmp_path / "audit", "--vkey", vkey).words


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_changed_export_fails(run, stock, tmp_path, form):
    done = run("audit", "export", "-o", tmp_path / "audit", "--format", form)
    assert done.code == 0, done
    vkey = done.out.rpartition("--vkey '")[2].strip().rstrip("'")
    assert run("audit", "verify", tmp_path / "audit", "--vkey", vkey).code == 0
    file = next(path for path in (tmp_path / "audit").iterdir() if path.stem == "entries" and path.suffix[1:] == form)
    file.write_bytes(file.read_bytes().replace(b"asset.released", b"asset.relaased"))
    done = run("audit", "verify", tmp_path / "audit", "--vkey", vkey, "--json")
    assert done.code == 2
    assert done.document["error"]["code"] == "verification"


def test_an_export_can_be_narrowed(run, stock, tmp_path):
    done = run("audit", "export", "-o", tmp_path / "a", "--kind", "asset.released", "--since", "2020-01-01", "--json")
    assert done.document["manifest"]["rows"] == 1
    entry = json.loads((tmp_path / "a" / "entries.jsonl").read_text().splitlines()[0])
    assert "asset.released" in json.dumps(entry)
    assert run("audit", "export", "-o", tmp_path / "b", "--until", "yesterday").code == 2
    assert run("audit", "export", "-o", tmp_path / "c", "--format", "xml").code == 2


def test_checkpoint_proof_tiles_and_check(run, stock, tmp_path):
    note = run("audit", "checkpoint")
    assert note.out.splitlines()[1] == "5"
    document = run("audit", "checkpoint", "--json").document
    assert (document["size"], document["note"]) == (5, note.out)
    kept = tmp_path / "kept"
    kept.write_text(note.out)
    proof = run("audit", "proof", 0, "-o", tmp_path / "p.tlog-proof", "--json").document["proof"]
    assert (tmp_path / "p.tlog-proof").read_text() == proof == run("audit", "proof", 0).out
    assert run("audit", "tiles", tmp_path / "tiles").code == 0
    assert (tmp_path / "tiles" / "checkpoint").read_text() == note.out
    assert run("audit", "check", "--json").document["size"] == 5
    assert "size 5" in run("audit", "check").words
    vkey = run("keys", "list", "--json").document["ledger"]["vkey"]
    run("audit", "export", "-o", tmp_path / "audit")
    assert run("audit", "verify", tmp_path / "audit", "--vkey", vkey, "--earlier", kept).code == 0
    kept.write_text(note.out.replace("\n5\n", "\n4\n"))
    assert run("audit", "verify", tmp_path / "audit", "--vkey", vkey, "--earlier", kept).code == 2


def test_an_absent_entry_teaches(run, stock):
    done = run("audit", "proof", 99, "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "ledger")


def test_times_are_utc_unless_they_say():
    assert parse_time("") is None
    assert parse_time("2026-01-31").isoformat() == "2026-01-31T00:00:00+00:00"
    assert parse_time("2026-01-31T12:00:00+02:00").isoformat() == "2026-01-31T12:00:00+02:00"
    with pytest.raises(GateError, match="got 'soon'"):
        parse_time("soon")


def test_a_case_as_a_folder_and_as_one_file(run, stock, tmp_path):
    done = run("audit", "case", stock.held_id, "-o", tmp_path / "case", "--with-names")
    assert done.code == 0, done.err
    assert "case.pdf" in done.out
    assert "lineage.prov.json" in done.out
    vkey = done.out.rpartition("--vkey '")[2].strip().rstrip("'")
    assert run("audit", "verify", tmp_path / "case", "--vkey", vkey, "--json").document["attachments"] == 4
    assert run("audit", "case", stock.held_id, "-o", tmp_path / "case.zip", "--no-pictures").code == 0
    checked = run("audit", "verify", tmp_path / "case.zip", "--vkey", vkey)
    assert (checked.code, "case.zip" in checked.err) == (0, False)
    (tmp_path / "case" / "case.json").write_text("{}")
    assert (
        "case.json is not the file that the log signed" in run("audit", "verify", tmp_path / "case", "--vkey", vkey).err
    )
    assert run("audit", "case", "unknown", "-o", tmp_path / "none").code == 2
    assert not (tmp_path / "none").exists()


def test_statements_and_lineage(run, stock, tmp_path):
    done = run("audit", "export", "-o", tmp_path / "dsa", "--format", "dsa", "--outcome", "hold")
    assert "statements/00001.json" in done.out
    assert "not proven" in done.out or "every entry between" in done.out
    assert run("audit", "lineage", stock.released_id, "-o", tmp_path / "prov").code == 0
    assert "wasDerivedFrom" in json.loads((tmp_path / "prov" / "lineage.prov.json").read_text())


def test_a_range_says_that_it_is_whole(run, stock, tmp_path):
    done = run("audit", "export", "-o", tmp_path / "out", "--first", 1, "--stop", 3)
    assert "of every tenant: every entry between the first and the last index is here" in done.words


def test_one_proof_is_verified_without_a_site(run, stock, tmp_path, monkeypatch):
    with open_site(load_settings()) as site:
        log = site.deployment.log
        text = carry(log.proof(0), log.entry(0).opening).text
        bare = carry(log.proof(0), log.entry(0).leaf).text
        vkey = log.signer.verifier.vkey
    file = tmp_path / "entry-0.tlog-proof"
    file.write_text(text)
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "nowhere"))
    done = run("audit", "verify-proof", file, "--vkey", vkey)
    assert (done.code, "entry 0 of" in done.out) == (0, True)
    document = run("audit", "verify-proof", file, "--vkey", vkey, "--json").document
    assert (document["ok"], document["index"], document["entry"]["v"]) == (True, 0, 2)
    file.write_text(bare)
    done = run("audit", "verify-proof", file, "--vkey", vkey)
    assert (done.code, "what it says is not in this proof" in done.words, "subject" in done.out) == (0, True, False)
    file.write_text(text.replace("index 0", "index 1"))
    assert run("audit", "verify-proof", file, "--vkey", vkey).code == 2
    file.write_bytes(b"\xff\xfe")
    assert run("audit", "verify-proof", file, "--vkey", vkey).code == 2
    assert not (tmp_path / "nowhere").exists()
