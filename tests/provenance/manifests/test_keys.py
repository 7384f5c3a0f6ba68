import json
import stat

import pytest

from provenance.errors import ConfigurationError
from provenance.manifests.keys import WATERMARK_FILE, add_watermark_key, load_watermark_keys


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
