"""Appending, proving and signing, on both engines."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from provenance.errors import DatabaseUnavailableError, InconsistentLedgerError, LedgerError
from provenance.ledger.audit import verify_log
from provenance.ledger.checkpoint import sign_checkpoint, verify_checkpoint
from provenance.ledger.entry import MAX_ENTRY_BYTES
from provenance.ledger.log import Log
from provenance.ledger.merkle import hash_leaf, verify_consistency, verify_inclusion
from provenance.ledger.note import build_signer
from provenance.ledger.proof import parse_proof, verify_proof


def append(log, key="k", body=None, **fields):
    with log.database.write() as connection:
        return log.append(
            connection, **{"kind": "decision", "subject": "asset", "body": body or {}, "key": key, **fields}
        )


def test_an_entry_holds_what_was_appended(log):
    entry = append(log, "first", {"b": [1, None, True], "a": "ü\u0000\n"}, kind="work.registered", subject="work-7")
    assert entry.index == 0
    assert entry.body == '{"a":"ü\\u0000\\n","b":[1,null,true]}'.encode()
    assert json.loads(entry.leaf) == {
        "body": {"a": "ü\u0000\n", "b": [1, None, True]},
        "created_at": entry.created_at,
        "key": "first",
        "kind": "work.registered",
        "subject": "work-7",
        "v": 1,
    }
    assert entry.leaf_hash == hash_leaf(entry.leaf)
    assert log.entry(0) == log.find("first") == entry
    assert log.find("second") is None
    assert entry.fields() == {"a": "ü\u0000\n", "b": [1, None, True]}


def test_the_same_key_appends_once(log):
    first = append(log, "once", {"a": 1})
    assert append(log, "once", {"a": 1}) == first
    assert log.size() == 1
    for other in ({"body": {"a": 2}}, {"body": {"a": 1}, "kind": "release"}, {"body": {"a": 1}, "subject": "another"}):
        with pytest.raises(LedgerError, match="already stands for other content at index 0"):
            append(log, "once", **other)
    assert append(log, "twice").index == 1


def test_a_rolled_back_transaction_leaves_nothing(log):
    append(log, "kept")
    with pytest.raises(IntegrityError), log.database.write() as connection:  # noqa: PT012 - the second statement fails
        assert log.append(connection, kind="release", subject="s", body={}, key="lost").index == 1
        connection.exec_driver_sql("DELETE FROM ledger_entries")
    assert log.size() == 1
    assert log.find("lost") is None
    assert append(log, "next").index == 1


def test_entries_are_found_by_what_they_are_about(log, append_many):
    entries = append_many(log, 40)
    assert list(log.entries()) == entries
    assert [entry.index for entry in log.entries(first=3, stop=6)] == [3, 4, 5]
    assert {entry.kind for entry in log.entries(kinds=["review"])} == {"review"}
    assert [entry.index for entry in log.entries(subject="asset-2")] == list(range(2, 40, 7))
    now = datetime.now(UTC)
    assert list(log.entries(since=now + timedelta(hours=1))) == []
    assert list(log.entries(until=now + timedelta(hours=1), since=now - timedelta(hours=1))) == entries
    assert list(log.entries(until=now - timedelta(hours=1))) == []
    with pytest.raises(LedgerError, match="time zone"):
        list(log.entries(since=datetime(2026, 1, 1)))
    with pytest.raises(LedgerError, match="no entry 40"):
        log.entry(40)


def test_proofs_across_tile_borders(log, append_many):
    entries = append_many(log, 520)
    checkpoints = {}
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 520):
        for index in sorted({0, size // 2, size - 1}):
            proof = log.inclusion_proof(index, size)
            checkpoints.setdefault(size, root_by_hand(entries[:size]))
            verify_inclusion(entries[index].leaf_hash, index=index, size=size, proof=proof, root=checkpoints[size])
    for old, old_root in checkpoints.items():
        proof = log.consistency_proof(old)
        verify_consistency(old_size=old, old_root=old_root, size=520, root=checkpoints[520], proof=proof)
    assert log.checkpoint().root == checkpoints[520]
    for impossible in (521, -1):
        with pytest.raises(LedgerError, match="asked for its tree"):
            log.inclusion_proof(0, impossible)
    with pytest.raises(LedgerError, match="has no leaf"):
        log.inclusion_proof(520)


def root_by_hand(entries):
    hashes = [hash_leaf(entry.leaf) for entry in entries]
    while len(hashes) > 1:
        pairs = [hash_leaf_pair(*hashes[at : at + 2]) for at in range(0, len(hashes) - 1, 2)]
        hashes = pairs + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


def hash_leaf_pair(left, right):
    from hashlib import sha256

    return sha256(b"\x01" + left + right).digest()


def test_a_checkpoint_is_signed_once_for_a_size(log, append_many, signer):
    assert log.latest_checkpoint() is None
    empty = log.checkpoint()
    assert (empty.size, empty.origin) == (0, "example.com/ledger")
    append_many(log, 3)
    first = log.checkpoint()
    assert verify_checkpoint(first.note, signer.verifier) == first
    assert log.checkpoint() == log.latest_checkpoint() == first
    append_many(log, 5, first=3)
    assert log.checkpoint().size == 5


def test_an_offline_proof_signs_a_checkpoint_when_there_is_none_yet(log, append_many, signer):
    entries = append_many(log, 9)
    proof = parse_proof(log.proof(8).text)
    assert verify_proof(proof, entries[8].leaf, signer.verifier).size == 9
    append_many(log, 12, first=9)
    assert verify_proof(log.proof(2), entries[2].leaf, signer.verifier).size == 9
    with pytest.raises(LedgerError):
        log.proof(12)


def test_another_log_does_not_write_into_this_one(log):
    append(log)
    other = Log(log.database, build_signer("example.com/other", Ed25519PrivateKey.generate()))
    with pytest.raises(
        LedgerError, match=r"holds the ledger example\.com/ledger, the signer is for example\.com/other"
    ):
        append(other, "other")


def test_a_new_key_of_the_same_log_goes_on(log, append_many):
    append_many(log, 3)
    log.checkpoint()
    renewed = Log(log.database, build_signer("example.com/ledger", Ed25519PrivateKey.generate()))
    append_many(renewed, 5, first=3)
    assert renewed.checkpoint().size == 5
    assert verify_checkpoint(renewed.checkpoint().note, renewed.signer.verifier).root == log.checkpoint().root


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"kind": "Decision"}, "kind must be"),
        ({"kind": ""}, "kind must be"),
        ({"kind": "x" * 65}, "kind must be"),
        ({"subject": ""}, "subject must be"),
        ({"subject": "a\x00b"}, "subject must be"),
        ({"subject": "x" * 256}, "subject must be"),
        ({"key": "a\nb"}, "key must be"),
        ({"body": {"a": float("nan")}}, "canonical"),
        ({"body": {"a": 2**53}}, "canonical"),
        ({"body": {"a": "\ud800"}}, "canonical"),
        ({"body": {"a": b"bytes"}}, "canonical"),
        ({"body": {1: "a"}}, "canonical"),
        ({"body": ["a"]}, "JSON object"),
        ({"body": {"a": "x" * MAX_ENTRY_BYTES}}, "at most 65535 bytes"),
    ],
)
def test_what_is_not_allowed_leaves_nothing(sqlite_log, fields, match):
    with pytest.raises(LedgerError, match=match):
        append(sqlite_log, **fields)
    assert sqlite_log.size() == 0


def test_the_largest_entry_fits(sqlite_log):
    empty = append(sqlite_log, "small", {"a": ""})
    padding = MAX_ENTRY_BYTES - len(empty.leaf)
    assert len(append(sqlite_log, "large", {"a": "x" * padding}).leaf) == MAX_ENTRY_BYTES
    with pytest.raises(LedgerError, match="at most"):
        append(sqlite_log, "giant", {"a": "x" * (padding + 1)})


HOSTILE = [
    "UPDATE ledger_entries SET kind = 'x'",
    "DELETE FROM ledger_entries",
    'DELETE FROM ledger_entries WHERE "index" = 299',
    "UPDATE ledger_nodes SET hash = hash",
    "DELETE FROM ledger_nodes",
    "DELETE FROM ledger_head",
    "UPDATE ledger_head SET size = 0",
    "UPDATE ledger_head SET size = size + 1, origin = 'x'",
    "DELETE FROM ledger_checkpoints",
    "UPDATE ledger_checkpoints SET note = ''",
]


def test_nothing_can_be_changed_behind_the_log(log, append_many):
    append_many(log, 300)
    checkpoint = log.checkpoint()
    engine_specific = (
        [
            'INSERT OR REPLACE INTO ledger_entries SELECT * FROM ledger_entries WHERE "index" = 1',
            (
                "INSERT OR REPLACE INTO ledger_entries SELECT 300, kind, subject, key, body, leaf_hash, created_at"
                ' FROM ledger_entries WHERE "index" = 1'
            ),
            "INSERT OR REPLACE INTO ledger_nodes SELECT * FROM ledger_nodes",
            "INSERT OR REPLACE INTO ledger_head SELECT * FROM ledger_head",
            "INSERT OR REPLACE INTO ledger_checkpoints SELECT * FROM ledger_checkpoints",
        ]
        if log.database.is_sqlite
        else [f"TRUNCATE {name}" for name in ("ledger_entries", "ledger_nodes", "ledger_head", "ledger_checkpoints")]
    )
    gap = (
        "INSERT INTO ledger_entries SELECT 301, kind, subject, 'new', body, leaf_hash, created_at"
        ' FROM ledger_entries WHERE "index" = 1'
    )
    for statement in [*HOSTILE, *engine_specific, gap]:
        with pytest.raises(IntegrityError, match="append-only"), log.database.write() as connection:
            connection.exec_driver_sql(statement)
    assert log.size() == 300
    assert log.checkpoint() == checkpoint


def test_reading_cannot_write(log):
    with pytest.raises(DatabaseUnavailableError), log.database.read() as connection:
        log.append(connection, kind="x", subject="s", body={}, key="k")
    assert append(log).index == 0


def test_a_changed_entry_is_not_signed(log, append_many, tamper):
    append_many(log, 10)
    log.checkpoint()
    append_many(log, 20, first=10)
    tamper(log, "UPDATE ledger_entries SET subject = 'forged' WHERE \"index\" = 15")
    with pytest.raises(InconsistentLedgerError, match="entry 15 was changed"):
        log.checkpoint()
    assert log.latest_checkpoint().size == 10


def test_a_rewritten_past_is_not_signed(log, append_many, tamper):
    append_many(log, 10)
    log.checkpoint()
    append_many(log, 20, first=10)
    tamper(
        log,
        'UPDATE ledger_entries SET leaf_hash = (SELECT leaf_hash FROM ledger_entries WHERE "index" = 1)'
        ' WHERE "index" = 3',
    )
    with pytest.raises(InconsistentLedgerError):
        log.checkpoint()


def test_a_removed_entry_is_not_signed(log, append_many, tamper):
    append_many(log, 300)
    tamper(log, 'DELETE FROM ledger_entries WHERE "index" = 7')
    with pytest.raises(InconsistentLedgerError, match="entry 7 is missing"):
        log.checkpoint()
    with pytest.raises(InconsistentLedgerError, match="tile 0 of level 0 has 256 hashes in a tree of 300, found 255"):
        log.inclusion_proof(8)


def test_a_changed_head_neither_signs_nor_grows(log, append_many, tamper):
    append_many(log, 3)
    tamper(log, "UPDATE ledger_head SET size = 2")
    with pytest.raises(InconsistentLedgerError, match="complete subtrees"):
        append(log, "more")
    with pytest.raises(InconsistentLedgerError):
        log.checkpoint()
    tamper(log, 'UPDATE ledger_head SET size = 1, frontier = (SELECT leaf_hash FROM ledger_entries WHERE "index" = 0)')
    with pytest.raises(InconsistentLedgerError, match="head says 1 entries"):
        append(log, "more")


def test_a_tree_that_its_entries_do_not_make_is_not_signed(log, append_many, tamper):
    append_many(log, 256)
    other = '(SELECT leaf_hash FROM ledger_entries WHERE "index" = 0)'
    tamper(log, f"UPDATE ledger_nodes SET hash = {other}", f"UPDATE ledger_head SET frontier = {other}")
    with pytest.raises(InconsistentLedgerError, match="do not make the tree"):
        log.checkpoint()


def test_two_trees_of_one_size_are_never_signed(log, append_many, signer):
    append_many(log, 2)
    log.checkpoint()
    with pytest.raises(InconsistentLedgerError, match="two different trees of 2 entries"):
        log._keep(sign_checkpoint(2, bytes(32), signer))


def test_a_database_set_back_to_an_older_state_is_noticed(log, append_many, tamper):
    append_many(log, 4)
    log.checkpoint()
    tamper(log, "DELETE FROM ledger_checkpoints", "DELETE FROM ledger_entries", "DELETE FROM ledger_head")
    with pytest.raises(InconsistentLedgerError, match="had 4 entries, now it says 0"):
        log.checkpoint()
    append_many(log, 9, first=4)
    with pytest.raises(InconsistentLedgerError, match="does not extend the one of 4"):
        log.checkpoint()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_attempts_appends_each_event_once(sqlite_log, attempts):
    before = sqlite_log.size()
    first_body = {}
    for key, body in attempts:
        name = f"{before}:{key}"
        if first_body.setdefault(name, body) == body:
            append(sqlite_log, name, {"a": body})
        else:
            with pytest.raises(LedgerError):
                append(sqlite_log, name, {"a": body})
    entries = list(sqlite_log.entries(first=before))
    assert [entry.index for entry in entries] == list(range(before, before + len(first_body)))
    assert [entry.key for entry in entries] == list(first_body)
    sqlite_log.checkpoint()


WRITER = """
import sys
from pathlib import Path
from provenance.storage.database import Database
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer

url, key, writer, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
log = Log(Database(url), load_signer(key))
for number in range(count):
    for name in (f"{writer}:{number}", f"shared:{number}"):
        with log.database.write() as connection:
            log.append(connection, kind="decision", subject=writer[0], body={"n": number}, key=name)
    if number % 10 == 0:
        log.checkpoint()
    print(number, flush=True)
"""


def start_writer(log, tmp_path, name, count):
    url = log.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", WRITER, url, str(tmp_path / "keys" / "ledger.key"), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_append_together_leave_no_gap_and_no_double(log, tmp_path):
    """Three processes race for the same thirty events, besides thirty of their own each, and sign meanwhile."""
    writers = [start_writer(log, tmp_path, f"w{number}", 30) for number in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    entries = list(log.entries())
    assert [entry.index for entry in entries] == list(range(120))
    assert len({entry.key for entry in entries}) == 120
    assert verify_log(log).size == 120


def test_threads_of_one_process_append_together(log):
    def run(thread):
        for number in range(15):
            append(log, f"{thread}:{number}", {"n": number})
            append(log, f"shared:{number}", {"n": number})
        return log.checkpoint().size

    with ThreadPoolExecutor(6) as threads:
        assert max(threads.map(run, range(6))) <= 105
    assert [entry.index for entry in log.entries()] == list(range(105))
    assert verify_log(log).size == 105


def test_a_writer_that_is_killed_leaves_a_whole_log(log, tmp_path):
    for attempt in range(4):
        writer = start_writer(log, tmp_path, "w", 10_000)
        for _ in range(attempt * 3 + 1):
            assert writer.stdout.readline(), writer.stderr.read()
        writer.kill()
        writer.communicate()
        assert verify_log(log).size == log.size() > 0
        append(log, f"after:{attempt}")
    assert [entry.index for entry in log.entries()] == list(range(log.size()))


def test_a_transaction_that_is_killed_half_way_leaves_nothing(log, tmp_path):
    append(log, "before")
    program = (
        WRITER.split("for number", maxsplit=1)[0]
        + """
with log.database.write() as connection:
    for number in range(300):
        log.append(connection, kind="decision", subject="s", body={"n": number}, key=f"{writer}:{number}")
    print("waiting", flush=True)
    sys.stdin.read()
"""
    )
    url = log.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", program, url, str(tmp_path / "keys" / "ledger.key"), "w", "0"]
    writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "waiting\n"
    assert log.size() == 1
    writer.kill()
    writer.communicate()
    assert append(log, "after").index == 1
    assert verify_log(log).size == 2
