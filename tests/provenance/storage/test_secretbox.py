"""A sealed secret opens under its key, for its purpose, and nothing else."""

import pytest

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.storage.secretbox import BOX_FILE, SecretBox, load_box, renew_box


def test_there_and_back(tmp_path):
    sealed = load_box(tmp_path / "keys").seal(b"secret", "webhook:1")
    assert b"secret" not in sealed
    assert load_box(tmp_path / "keys").open(sealed, "webhook:1") == b"secret"
    assert (tmp_path / "keys" / BOX_FILE).stat().st_mode & 0o777 == 0o600


def test_for_its_purpose_and_under_its_key_alone():
    box = SecretBox(b"1" * 32)
    sealed = box.seal(b"secret", "webhook:1")
    for other, purpose in ((box, "webhook:2"), (SecretBox(b"2" * 32), "webhook:1")):
        with pytest.raises(MissingKeyError):
            other.open(sealed, purpose)
    with pytest.raises(MissingKeyError):
        box.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "webhook:1")
    with pytest.raises(MissingKeyError):
        box.open(b"", "webhook:1")


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path):
    old = load_box(tmp_path).seal(b"old", "x")
    renew_box(tmp_path)
    box = load_box(tmp_path)
    assert box.open(old, "x") == b"old"
    with pytest.raises(MissingKeyError):
        SecretBox(*[bytes.fromhex((tmp_path / BOX_FILE).read_text().split()[1])]).open(box.seal(b"new", "x"), "x")


@pytest.mark.parametrize("text", ["", "zz\n", "00\n", "0" * 63])
def test_a_damaged_key_is_told(tmp_path, text):
    (tmp_path / BOX_FILE).write_text(text)
    (tmp_path / BOX_FILE).chmod(0o600)
    with pytest.raises(ConfigurationError, match="damaged"):
        load_box(tmp_path)
