"""A lost key stops the site that has used it, names the key, and says what to do."""

import pytest
from sqlalchemy import insert

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.ledger.log import Log
from provenance.ledger.note import load_signer
from provenance.ledger.rotation import hand_over
from provenance.ledger.tables import LEDGER_HEAD
from provenance.manifests.keys import WATERMARK_FILE, add_watermark_key
from provenance.storage.keyring import (
    LEDGER_FILE,
    NEXT_FILE,
    RETIRED_FILE,
    fingerprint_files,
    give_up_watermark_key,
    load_keyring,
    load_ledger_key,
    make_next_key,
    note_watermark_key,
)
from provenance.storage.tables import ASSETS, SEALS
from tests.provenance.storage.test_tables import ASSET, SEAL


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "keys"


def test_a_new_site_gets_keys_and_keeps_them(database, keys):
    made = load_keyring(database, keys)
    assert len(made.marks) == 1
    again = load_keyring(database, keys)
    assert (again.signer.vkey, again.marks) == (made.signer.vkey, made.marks)
    read = load_keyring(database, keys, is_reading=True)
    assert (read.signer.vkey, read.marks) == (made.signer.vkey, made.marks)


def test_reading_makes_nothing(database, keys):
    with pytest.raises(MissingKeyError):
        load_keyring(database, keys, is_reading=True)
    assert not keys.exists()


@pytest.mark.parametrize("name", [LEDGER_FILE, WATERMARK_FILE])
@pytest.mark.parametrize("is_reading", [True, False])
def test_a_key_that_was_used_is_not_replaced(sqlite_database, keys, name, is_reading):
    made = load_keyring(sqlite_database, keys)
    (keys / name).rename(keys.parent / name)
    named = made.signer.vkey if name == LEDGER_FILE else made.marks[0].key_id
    with pytest.raises(MissingKeyError, match="restore it from a backup") as caught:
        load_keyring(sqlite_database, keys, is_reading=is_reading)
    assert named in str(caught.value)
    assert not (keys / name).exists()
    (keys.parent / name).rename(keys / name)
    assert load_keyring(sqlite_database, keys).marks == made.marks


def test_another_ledger_key_is_refused(sqlite_database, keys):
    made = load_keyring(sqlite_database, keys)
    (keys / LEDGER_FILE).unlink()
    load_signer(keys / LEDGER_FILE)
    with pytest.raises(ConfigurationError, match="was signed with") as caught:
        load_keyring(sqlite_database, keys)
    assert made.signer.vkey in str(caught.value)


def test_one_of_several_watermark_keys_is_missed(sqlite_database, keys):
    (first,) = load_keyring(sqlite_database, keys).marks
    before = (keys / WATERMARK_FILE).read_bytes()
    second = add_watermark_key(keys)
    note_watermark_key(sqlite_database, second)
    assert load_keyring(sqlite_database, keys).marks == (second, first)
    (keys / WATERMARK_FILE).write_bytes(before)
    with pytest.raises(MissingKeyError, match=rf"{second.key_id} of this site is missing from"):
        load_keyring(sqlite_database, keys)
    give_up_watermark_key(sqlite_database, second.key_id)
    assert load_keyring(sqlite_database, keys).marks == (first,)
    with pytest.raises(ConfigurationError, match=f"it has used .*{first.key_id}"):
        give_up_watermark_key(sqlite_database, "wk-none")


def test_a_site_of_before_keys_were_noted_refuses_as_well(sqlite_database, keys):
    with sqlite_database.write() as connection:
        connection.execute(insert(LEDGER_HEAD).values(id=1, origin="example.com/old", size=0, frontier=b""))
        connection.execute(insert(ASSETS).values(id="a", **ASSET))
        connection.execute(insert(SEALS).values(asset_id="a", sha256="1", manifest_id="m", **SEAL))
    with pytest.raises(MissingKeyError, match=r"signed with it \(example\.com/old\)"):
        load_keyring(sqlite_database, keys)
    load_signer(keys / LEDGER_FILE)
    with pytest.raises(ConfigurationError, match=r"the database holds the ledger example\.com/old"):
        load_keyring(sqlite_database, keys)
    (keys / LEDGER_FILE).unlink()
    load_signer(keys / LEDGER_FILE, "example.com/old")
    with pytest.raises(MissingKeyError, match=r"marked under them.*keys add-watermark"):
        load_keyring(sqlite_database, keys)
    key = add_watermark_key(keys)
    assert load_keyring(sqlite_database, keys).marks == (key,)


def test_a_ledger_that_was_handed_over_goes_on_with_the_next_key_wherever_a_kill_fell(database, keys, tmp_path):
    old = load_keyring(database, keys).signer
    new = make_next_key(keys, old.name)
    assert make_next_key(keys, old.name).vkey == new.vkey
    assert load_keyring(database, keys).signer.vkey == old.vkey
    hand_over(Log(database, old), new)  # and is killed before the files change places
    assert load_keyring(database, keys, is_reading=True).signer.vkey == new.vkey
    assert (keys / NEXT_FILE).exists()
    retired = RETIRED_FILE.format(old.verifier.key_id.hex())
    (keys / LEDGER_FILE).rename(keys / retired)  # and again, between them
    assert load_keyring(database, keys).signer.vkey == new.vkey
    assert sorted(path.name for path in keys.glob("ledger*")) == [retired, LEDGER_FILE]
    assert load_ledger_key(keys, new.vkey).vkey == new.vkey
    with pytest.raises(MissingKeyError, match="copy ledger.key from the host"):
        load_ledger_key(keys, old.vkey)
    (keys / LEDGER_FILE).unlink()
    (keys / retired).rename(keys / LEDGER_FILE)  # a host that has the old key alone
    with pytest.raises(ConfigurationError, match="was signed with"):
        load_keyring(database, keys)


def test_folders_are_compared_without_showing_a_key(sqlite_database, keys):
    signer = load_keyring(sqlite_database, keys).signer
    told = fingerprint_files(keys)
    assert [one.partition("=")[0] for one in told.split()] == ["ledger.key", "watermark-keys.json"]
    assert all(len(one.partition("=")[2]) == 8 for one in told.split())
    assert fingerprint_files(keys) == told
    (keys / LEDGER_FILE).unlink()
    load_signer(keys / LEDGER_FILE, signer.name)
    assert fingerprint_files(keys).split()[0] != told.split()[0]
    assert fingerprint_files(keys).split()[1] == told.split()[1]
