import numpy as np
import pytest

from bench.watermark import schemes
from provenance.errors import UnknownPluginError
from tests.bench.watermark.pictures import photograph


def test_keys_are_at_least_ten_and_differ():
    assert len({key.secret for key in schemes.KEYS}) == len(schemes.KEYS) >= 10
    assert len({key.key_id for key in schemes.KEYS}) == len(schemes.KEYS)
    assert {schemes.key_of(number) for number in range(40)} == set(range(len(schemes.KEYS)))


def test_payloads_are_version_1_and_differ():
    assert schemes.payload_of("a", 64) >> 56 == 1
    assert schemes.payload_of("a", 64) != schemes.payload_of("b", 64)
    assert schemes.payload_of("a", 32) == schemes.payload_of("a", 64) & 0xFFFF_FFFF


def test_a_plugin_reads_under_its_key_alone():
    scheme = schemes.load("dwt_dct_svd")
    frame, payload = photograph(width=512, height=512), schemes.payload_of("astronaut", 64)
    marked = scheme.embed(frame, payload, 3)
    assert scheme.extract(marked, 3) == payload
    assert scheme.extract(marked, 4) is None


def test_the_library_reads_its_bits():
    scheme = schemes.load("library_dwtDctSvd")
    frame, payload = photograph(width=512, height=512), schemes.payload_of("astronaut", 64)
    before = frame.copy()
    assert scheme.extract(scheme.embed(frame, payload, 0), 5) == payload
    assert np.array_equal(frame, before)
    assert scheme.extract(frame[:100, :100], 0) is None


def test_what_is_not_here_is_skipped_and_what_is_unheard_of_is_not(monkeypatch, capsys):
    def absent():
        raise UnknownPluginError("no such plugin")

    monkeypatch.setitem(schemes.SCHEMES, "tile", absent)
    assert schemes.load("tile") is None
    assert "skipped, not here" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="got 'unheard of'"):
        schemes.load("unheard of")
