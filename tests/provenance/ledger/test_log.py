"""Appending, proving and signing, on both engines; `test_log_tampering` and `test_log_writers` go on."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from provenance.errors import LedgerError
from provenance.ledger.checkpoint import verify_checkpoint
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
    assert json.loads(entry.opening) == {
        "body": {"a": "ü\u0000\n", "b": [1, None, True]},
        "created_at": entry.created_at,
        "key": "first",
        "kind": "work.registered",
        "salt": entry.salt.hex(),
        "subject": "work-7",
        "v": 2,
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
    padding = MAX_ENTRY_BYTES - len(empty.opening)
    assert len(append(sqlite_log, "large", {"a": "x" * padding}).opening) == MAX_ENTRY_BYTES
    with pytest.raises(LedgerError, match="at most"):
        append(sqlite_log, "giant", {"a": "x" * (padding + 1)})


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
