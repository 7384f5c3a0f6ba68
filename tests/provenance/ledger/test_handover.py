"""Whoever trusts one key of a log is led to the others by what the keys signed, and by nothing else."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import InconsistentLedgerError, VerificationError
from provenance.ledger.checkpoint import sign_checkpoint
from provenance.ledger.handover import (
    LogKeys,
    build_history,
    parse_history,
    sign_handover,
    verify_handover,
    verify_timely,
)
from provenance.ledger.note import build_signer, sign_note

NAME = "example.com/ledger"
ROOTS = {size: bytes([size]) * 32 for size in range(100)}


def make(name=NAME):
    return build_signer(name, Ed25519PrivateKey.generate())


FIRST, SECOND, THIRD, THIEF = make(), make(), make(), make()


def hand(size, old, new):
    return sign_handover(size, ROOTS[size], old=old, new=new)


HISTORY = tuple(one.checkpoint.note for one in (hand(10, FIRST, SECOND), hand(20, SECOND, THIRD)))


@pytest.mark.parametrize("trusted", [FIRST, SECOND, THIRD])
def test_any_key_of_the_history_leads_to_every_key_in_its_time(trusted):
    keys = LogKeys.build(trusted.verifier, HISTORY)
    assert [(key, first, last) for key, first, last in keys.terms()] == [
        (FIRST.verifier, 0, 10), (SECOND.verifier, 10, 20), (THIRD.verifier, 20, None),
    ]  # fmt: skip
    assert keys.current == THIRD.verifier
    for signer, sizes in ((FIRST, (0, 5, 10)), (SECOND, (10, 15, 20)), (THIRD, (20, 99))):
        for size in sizes:
            note = sign_checkpoint(size, ROOTS[size], signer).note
            assert keys.verify_checkpoint(note).size == verify_timely(note, keys).size == size


@pytest.mark.parametrize(("signer", "size"), [(FIRST, 11), (SECOND, 9), (SECOND, 21), (THIRD, 19)])
def test_no_key_signs_out_of_its_time(signer, size):
    keys = LogKeys.build(THIRD.verifier, HISTORY)
    with pytest.raises(VerificationError, match="did not sign the log at that size") as caught:
        keys.verify_checkpoint(sign_checkpoint(size, ROOTS[size], signer).note)
    assert caught.value.codes == ("ledger.key",)


def test_a_key_alone_is_the_whole_history():
    keys = LogKeys.build(FIRST.verifier)
    note = sign_checkpoint(50, ROOTS[50], FIRST).note
    assert keys.verify_checkpoint(note) == verify_timely(note, FIRST.verifier)
    assert (keys.current, keys.find_signer(note)) == (FIRST.verifier, FIRST.verifier)
    with pytest.raises(VerificationError, match="not signed by"):
        keys.verify_checkpoint(sign_checkpoint(50, ROOTS[50], SECOND).note)


def forge(text, *signers):
    return sign_note(text, *signers)


TEXT = HISTORY[0].rpartition("\n\n")[0] + "\n"


@pytest.mark.parametrize("note", [
    forge(TEXT, FIRST),
    forge(TEXT, SECOND),
    forge(TEXT, THIEF),
    forge(TEXT.replace(FIRST.vkey, THIEF.vkey), FIRST, SECOND),
    forge(TEXT.replace(SECOND.vkey, THIEF.vkey), SECOND, THIEF),
    forge(TEXT.replace(SECOND.vkey, FIRST.vkey), FIRST),
    forge(TEXT.replace(SECOND.vkey, make("example.com/other").vkey), FIRST, SECOND),
    HISTORY[0].replace("\n10\n", "\n11\n"),
    HISTORY[0].replace(SECOND.vkey, THIEF.vkey),
    sign_checkpoint(10, ROOTS[10], FIRST).note,
    forge("a\nb\n", FIRST),
    "",
])  # fmt: skip
def test_a_forged_hand_over_is_refused(note):
    """Not signed by both, signed by others than it names, edited, of another log, or none at all."""
    with pytest.raises(VerificationError):
        verify_handover(note)
    with pytest.raises(VerificationError):
        LogKeys.build(FIRST.verifier, (note,))


@pytest.mark.parametrize("notes", [
    HISTORY[::-1],
    (HISTORY[0], HISTORY[0]),
    (HISTORY[0], hand(20, THIEF, THIRD).checkpoint.note),
    (HISTORY[0], hand(10, SECOND, THIRD).checkpoint.note),
    (HISTORY[0], hand(9, SECOND, THIRD).checkpoint.note),
    HISTORY[:1] * 1001,
])  # fmt: skip
def test_hand_overs_follow_each_other(notes):
    with pytest.raises(VerificationError, match="history of the log's keys"):
        LogKeys.build(FIRST.verifier, notes)


def test_a_history_of_a_thief_does_not_reach_the_key_that_is_trusted():
    stolen = (hand(10, THIEF, make()).checkpoint.note,)
    with pytest.raises(VerificationError, match="which you trust, is in"):
        LogKeys.build(FIRST.verifier, stolen)


def test_a_tree_goes_on_from_each_that_was_handed_over(log, append_many):
    append_many(log, 7)
    one = log.checkpoint()
    keys = LogKeys.build(
        log.signer.verifier, (sign_handover(one.size, one.root, old=log.signer, new=make(log.origin)).checkpoint.note,)
    )
    append_many(log, 12, first=7)
    signed = log.checkpoint()
    proof = log.consistency_proof(7, 12)
    keys.verify_continuity(signed, (proof,))
    for wrong in ((), (proof, proof)):
        with pytest.raises(VerificationError, match="a proof for each"):
            keys.verify_continuity(signed, wrong)
    with pytest.raises(InconsistentLedgerError):
        keys.verify_continuity(signed, ((bytes(32), *proof[1:]),))


def test_the_document_proves_itself():
    keys = LogKeys.build(THIRD.verifier, HISTORY)
    document = build_history(keys, proofs=[(bytes(32),)])
    assert parse_history(json.dumps(document)) == (HISTORY, ((bytes(32),),))
    assert [one["vkey"] for one in document["keys"]] == [FIRST.vkey, SECOND.vkey, THIRD.vkey]
    for text in ("", "[]", "{}", json.dumps({**document, "handovers": [1]}), json.dumps({**document, "proofs": "x"}),
                 json.dumps({**document, "proofs": [["?"]]}), "[" * 100_000):  # fmt: skip
        with pytest.raises(VerificationError):
            parse_history(text)
