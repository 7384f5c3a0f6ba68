"""The watermark seam."""

from provenance.watermarks.base import WATERMARKS, WatermarkKey


def test_a_key_never_shows_its_secret():
    key = WatermarkKey("2026-11", b"\x42" * 32)

    assert repr(key) == "WatermarkKey('2026-11')"
    assert "42" not in f"{key}"


def test_the_table_names_the_built_in_schemes():
    assert {"dwt_dct_svd", "riva_gan"} <= set(WATERMARKS.names())
