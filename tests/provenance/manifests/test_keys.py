import json
import stat

import pytest

from provenance.errors import ConfigurationError, MissingKeyError
from provenance.manifests.keys import WATERMARK_FILE, add_watermark_key, fingerprint_key, load_watermark_keys


def test_a_watermark_key_is_made_at_first_use_and_kept(tmp_path):
    (key,) = load_watermark_keys(tmp_path)
    assert len(key.secret) == 32
    assert len(key.key_id) <= 16
    assert key.key_id.isascii()
    assert load_watermark_keys(tmp_path) == (key,)
    assert stat.S_IMODE((tmp_path / WATERMARK_FILE).stat().st_mode) == 0o600


def test_a_new_watermark_key_comes_first_and_the_old_ones_stay(tmp_path):
    (first,) = load_watermark_keys(tmp_path)
    second = add_watermark_key(tmp_path)
    third = add_watermark_key(tmp_path)
    assert load_watermark_keys(tmp_path) == (third, second, first)


def test_adding_before_first_use_makes_one_key(tmp_path):
    key = add_watermark_key(tmp_path)
    assert load_watermark_keys(tmp_path) == (key,)


def test_a_watermark_key_does_not_show_its_secret(tmp_path):
    (key,) = load_watermark_keys(tmp_path)
    assert key.secret.hex() not in repr(key)
    assert repr(key.secret) not in repr(key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"keys": []}',
        '{"keys": [1]}',
        '{"keys": [{"key_id": "a", "secret": "###"}]}',
        '{"keys": [{"key_id": "a", "secret": "YWJj"}]}',
        json.dumps([1]),
    ],
)
def test_a_damaged_watermark_file_is_refused_not_replaced(tmp_path, text):
    load_watermark_keys(tmp_path)
    path = tmp_path / WATERMARK_FILE
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="damaged"):
        load_watermark_keys(tmp_path)
    assert path.read_text() == text


def test_keys_are_not_made_where_none_may_be(tmp_path):
    with pytest.raises(MissingKeyError, match=r"watermark-keys\.json are missing"):
        load_watermark_keys(tmp_path / "keys", may_make=False)
    assert not list(tmp_path.iterdir())
    (key,) = load_watermark_keys(tmp_path / "keys")
    assert load_watermark_keys(tmp_path / "keys", may_make=False) == (key,)


def test_a_key_is_known_again_by_its_fingerprint(tmp_path):
    (first,), (second,) = load_watermark_keys(tmp_path / "a"), load_watermark_keys(tmp_path / "b")
    assert fingerprint_key(first) != fingerprint_key(second)
    assert first.secret.hex() not in fingerprint_key(first)
