import pytest

from api.access.vault import KEY_FILE, Vault, load_vault
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
