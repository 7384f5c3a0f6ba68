"""A new key signs from a size on; what the old one signed stays good; nobody signs with the old one any more."""

import json
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.errors import InconsistentLedgerError, LedgerError, MissingKeyError, VerificationError
from provenance.ledger.audit import verify_log
from provenance.ledger.export import export_ledger
from provenance.ledger.handover import KEYS_FILE, LogKeys, build_history, parse_history
from provenance.ledger.log import Log
from provenance.ledger.note import build_signer
from provenance.ledger.proof import verify_proof
from provenance.ledger.rotation import KEY_KIND, hand_over
from provenance.ledger.selection import Selection
from provenance.ledger.static_tree import write_tiles
from provenance.ledger.verification import verify_export


@pytest.fixture
def new(signer):
    return build_signer(signer.name, Ed25519PrivateKey.generate())


@pytest.fixture
def newest(signer):
    return build_signer(signer.name, Ed25519PrivateKey.generate())


def test_the_log_goes_on_under_the_new_key(log, signer, new, newest, append_many):
    append_many(log, 5)
    before = log.proof(2)
    entry = hand_over(log, new)
    assert (entry.index, entry.kind, entry.subject) == (5, KEY_KIND, log.origin)
    assert entry.fields() == {"old": signer.vkey, "new": new.vkey, "size": 5}
    append_many(log, 9, first=6)
    hand_over(log, newest)
    assert [(key.vkey, first, last) for key, first, last in log.keys().terms()] == [
        (signer.vkey, 0, 5), (new.vkey, 5, 9), (newest.vkey, 9, None),
    ]  # fmt: skip
    verify_log(log)
    for trusted in (signer, new, newest):
        keys = LogKeys.build(trusted.verifier, [one.checkpoint.note for one in log.keys().handovers])
        assert verify_proof(before, log.entry(2).leaf, keys).size == 5
        assert verify_proof(log.proof(7), log.entry(7).leaf, keys).size == 10
    with pytest.raises(VerificationError, match="not signed by"):
        verify_proof(log.proof(7), log.entry(7).leaf, signer.verifier)


def test_an_empty_log_is_handed_over_too(log, new):
    assert hand_over(log, new).index == 0
    verify_log(log)


def test_exports_lead_from_any_key_to_the_one_that_signed(sqlite_log, signer, new, append_many, tmp_path):
    log = sqlite_log
    append_many(log, 4)
    early = log.checkpoint().note
    export_ledger(log, tmp_path / "before")
    assert not (tmp_path / "before" / KEYS_FILE).exists()
    hand_over(log, new)
    history = (write_tiles(log, tmp_path / "tiles"), (tmp_path / "tiles" / KEYS_FILE).read_text())[1]
    for name, selection in (("all", Selection()), ("some", Selection(first=2, stop=5))):
        folder = tmp_path / name
        export_ledger(log, folder, selection=selection)
        for trusted in (signer, new):
            assert verify_export(folder, trusted.vkey).rows in {5, 3}
            assert verify_export(folder, trusted.vkey, key_history=history).unsigned == ()
    assert verify_export(tmp_path / "all", signer.vkey, earlier_checkpoint=early).size == 5
    assert verify_export(tmp_path / "before", new.vkey, key_history=history).size == 4
    with pytest.raises(VerificationError, match="not signed by"):
        verify_export(tmp_path / "before", new.vkey)
    (tmp_path / "some" / KEYS_FILE).unlink()
    with pytest.raises(VerificationError, match="not signed by"):
        verify_export(tmp_path / "some", signer.vkey)
    with pytest.raises(VerificationError, match="missing"):
        verify_export(tmp_path / "some", new.vkey)


def test_an_export_with_a_forged_history_is_refused(sqlite_log, signer, new, append_many, tmp_path):
    """A thief makes a log of their own under the same name and pretends that it was handed over to them."""
    append_many(sqlite_log, 4)
    hand_over(sqlite_log, new)
    export_ledger(sqlite_log, tmp_path / "audit")
    thief = build_signer(signer.name, Ed25519PrivateKey.generate())
    path = tmp_path / "audit" / KEYS_FILE
    whole = path.read_text()
    for text in (whole.replace(new.vkey, thief.vkey), whole.replace("\\n4\\n", "\\n3\\n"), "{}", whole[:-20]):
        path.write_text(text)
        with pytest.raises(VerificationError):
            verify_export(tmp_path / "audit", signer.vkey)
    path.write_text(whole)
    with pytest.raises(VerificationError, match="which you trust, is in"):
        verify_export(tmp_path / "audit", thief.vkey)


def test_a_process_with_the_old_key_signs_nothing_more(log, signer, new, append_many, database):
    append_many(log, 3)
    known = {new.vkey: new}
    with_new = Log(database, signer, reload=lambda vkey: known[vkey])
    without = Log(database, signer)
    hand_over(log, new)
    with pytest.raises(MissingKeyError, match="lacks"):
        without.checkpoint()
    with pytest.raises(MissingKeyError):
        hand_over(without, new)
    append_many(with_new, 6, first=4)
    assert with_new.keys().find_signer(with_new.checkpoint().note) == with_new.signer.verifier == new.verifier
    verify_log(with_new)


def test_a_log_is_handed_over_once_whoever_tries_at_the_same_time(log, signer, new, newest, append_many, database):
    append_many(log, 3)
    others = [Log(database, signer), Log(database, signer)]
    told = []

    def try_it(one, to):
        try:
            hand_over(one, to)
        except (LedgerError, MissingKeyError) as exc:
            told.append(exc)

    threads = [threading.Thread(target=try_it, args=(one, to)) for one, to in zip(others, (new, newest), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(told), len(log.keys().handovers)) == (1, 1)


def test_the_new_key_is_of_this_log_and_another(log, signer, new):
    for wrong in (signer, build_signer("example.com/other", Ed25519PrivateKey.generate())):
        with pytest.raises(LedgerError, match="cannot be handed over"):
            hand_over(log, wrong)
    assert log.keys().handovers == ()


def test_a_log_that_is_not_fit_to_be_signed_is_not_handed_over(log, new, append_many, tamper):
    append_many(log, 3)
    tamper(log, "UPDATE ledger_entries SET subject = 'other' WHERE \"index\" = 1")
    with pytest.raises(InconsistentLedgerError):
        hand_over(log, new)
    assert log.keys().handovers == ()


def test_hand_overs_stay_and_an_audit_holds_them_against_the_entries(log, signer, new, append_many, tamper):
    append_many(log, 3)
    hand_over(log, new)
    for statement in (
        "DELETE FROM ledger_handovers", "UPDATE ledger_handovers SET size = 2",
        *(["INSERT OR REPLACE INTO ledger_handovers SELECT * FROM ledger_handovers"] if log.database.is_sqlite else []),
    ):  # fmt: skip
        with pytest.raises(Exception, match="append-only"), log.database.write() as connection:
            connection.exec_driver_sql(statement)
    history = build_history(log.keys())
    assert parse_history(json.dumps(history))[0] == tuple(history["handovers"])
    tamper(log, "UPDATE ledger_handovers SET note = replace(note, 'chopmark-key-to', 'chopmark-key-two')")
    with pytest.raises(InconsistentLedgerError, match="keys in the database were changed"):
        verify_log(log)
