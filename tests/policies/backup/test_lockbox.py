"""Keys open under their passphrase alone."""

import pytest

from policies.backup.lockbox import lock_keys, unlock_keys
from provenance.errors import ConfigurationError
from provenance.storage.secretfile import SecretDirectory

PASSPHRASE = "correct horse battery"


@pytest.fixture
def keys(tmp_path):
    folder = SecretDirectory(tmp_path / "keys")
    with folder.locked():
        folder.write("ledger.key", b"the key")
    inner = SecretDirectory(tmp_path / "keys" / "development")
    with inner.locked():
        inner.write("ca.pem", b"the other")
    return tmp_path / "keys"


def test_there_and_back(keys, tmp_path):
    locked = lock_keys(keys, PASSPHRASE)
    assert b"the key" not in locked
    assert unlock_keys(locked, PASSPHRASE, tmp_path / "new") == 2
    assert SecretDirectory(tmp_path / "new").read("ledger.key") == b"the key"
    assert SecretDirectory(tmp_path / "new" / "development").read("ca.pem") == b"the other"


def test_another_passphrase_and_a_changed_box(keys, tmp_path):
    locked = lock_keys(keys, PASSPHRASE)
    for box, passphrase in ((locked, "another one than that"), (locked[:-1] + b"x", PASSPHRASE), (b"", PASSPHRASE)):
        with pytest.raises(ConfigurationError):
            unlock_keys(box, passphrase, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(ConfigurationError, match="at least 12"):
        lock_keys(keys, "short")
