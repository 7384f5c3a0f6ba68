import time

import pyotp
import pytest

from api.access.credential import Kind, find_credential
from api.access.person import add_person
from api.access.totp import enrol, use_code
from api.access.vault import KEY_FILE, Vault, load_vault, renew_vault
from provenance.errors import ConfigurationError, MissingKeyError


def test_what_is_sealed_opens_for_whose_it_is_alone(small, tmp_path):
    vault = load_vault(tmp_path / "keys", small.database)
    sealed = vault.seal(b"secret", whose="ada")
    assert b"secret" not in sealed
    assert sealed != vault.seal(b"secret", whose="ada")
    assert load_vault(tmp_path / "keys", small.database).open(sealed, whose="ada") == b"secret"
    for other, whose in ((vault, "eve"), (Vault(bytes(32)), "ada")):
        with pytest.raises(ConfigurationError, match="backup"):
            other.open(sealed, whose=whose)
    with pytest.raises(ConfigurationError):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), whose="ada")


def test_a_digest_cannot_be_tried_out_without_the_key(small, tmp_path):
    vault = load_vault(tmp_path / "keys", small.database)
    assert vault.digest("ada") == vault.digest("ada") != vault.digest("eve")
    assert vault.digest("ada") != Vault(bytes(32)).digest("ada")
    assert len(vault.digest("\ud800")) == 32


def test_a_key_is_renewed_and_what_it_sealed_or_found_goes_on(small, tmp_path):
    keys = tmp_path / "keys"
    at_work = load_vault(keys, small.database)
    ada = add_person(small, name="Ada", roles=["moderator"])
    secret = pyotp.random_base32()
    with small.database.write() as connection:
        papers = enrol(connection, at_work, ada, secret, pyotp.TOTP(secret).now())
        before = bytes(find_credential(connection, Kind.TOTP, ada.id)["secret"])
    sealed = at_work.seal(b"older", whose="ada")
    assert renew_vault(keys, small.database) == 1
    renewed = load_vault(keys, small.database)
    assert renewed.open(sealed, whose="ada") == b"older"
    with small.database.write() as connection:
        after = bytes(find_credential(connection, Kind.TOTP, ada.id)["secret"])
        assert after != before
        newest = Vault(bytes.fromhex((keys / KEY_FILE).read_text().split()[0]))
        assert newest.open(after, whose=ada.id) == secret.encode(), "the newest key alone opens it"
        later = pyotp.TOTP(secret).at(int(time.time()) + 30)
        assert use_code(connection, at_work, ada, later), "a server at work looks for the new key"
        assert use_code(connection, renewed, ada, papers[0]), "paper of before the renewal"
        assert not use_code(connection, renewed, ada, papers[0])


def test_no_key_that_was_used_may_be_missing_however_often_it_was_renewed(small, tmp_path):
    keys = tmp_path / "keys"
    for _ in range(3):
        renew_vault(keys, small.database)
    lines = (keys / KEY_FILE).read_text().split()
    assert len(lines) == len(set(lines)) == 4
    for left_out in range(4):
        (keys / KEY_FILE).write_text("\n".join(lines[:left_out] + lines[left_out + 1 :]))
        with pytest.raises(ConfigurationError, match="not the one"):
            load_vault(keys, small.database)
    (keys / KEY_FILE).write_text("\n".join(lines))
    load_vault(keys, small.database)


def test_a_key_that_is_lost_or_another_is_never_made_anew(small, tmp_path):
    load_vault(tmp_path / "keys", small.database)
    path = tmp_path / "keys" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("00" * 32)
    with pytest.raises(ConfigurationError, match="not the one"):
        load_vault(tmp_path / "keys", small.database)
    path.write_text("nonsense")
    with pytest.raises(ConfigurationError, match="damaged"):
        load_vault(tmp_path / "keys", small.database)
    path.unlink()
    with pytest.raises(MissingKeyError, match="restore"):
        load_vault(tmp_path / "keys", small.database)
    assert not path.exists()
