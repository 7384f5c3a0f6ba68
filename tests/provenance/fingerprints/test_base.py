"""The fingerprint seam."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from provenance.errors import BrokenPluginError
from provenance.fingerprints.base import FINGERPRINTS, Fingerprint, Unhashable, make_scheme


def test_the_table_names_the_built_in_schemes():
    assert {"pdq", "phash"} <= set(FINGERPRINTS.names())


def test_having_no_code_is_a_value_of_its_own():
    assert Unhashable("pdq", 3, "flat") != Fingerprint("pdq", b"", 3)


class Acme:
    """A third party's scheme that answers what a test wants."""

    alg, bits, confident_distance_bits = "acme", 16, 2
    answer = None

    def compute(self, picture):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def compute_variants(self, picture):
        return (("turned", self.compute(picture)),)


@pytest.fixture
def acme(monkeypatch):
    point = EntryPoint("acme", f"{__name__}:Acme", "chopmark.fingerprints")
    monkeypatch.setattr("provenance.plugins.entry_points", lambda: EntryPoints([point]))
    scheme = make_scheme("acme")
    assert (scheme.alg, scheme.bits, scheme.confident_distance_bits) == ("acme", 16, 2)
    return scheme


GOOD = Fingerprint("acme", b"ab", 100)


def test_a_third_partys_code_is_taken_as_it_is(acme, monkeypatch):
    monkeypatch.setattr(Acme, "answer", GOOD)
    assert (acme.compute(None), acme.compute_variants(None)) == (GOOD, (("turned", GOOD),))
    monkeypatch.setattr(Acme, "answer", Unhashable("acme", 0, "flat"))
    assert acme.compute(None) == Unhashable("acme", 0, "flat")


@pytest.mark.parametrize(
    "answer",
    [None, b"ab", Fingerprint("acme", b"abc", 100), Fingerprint("pdq", b"ab", 100), ValueError("x"), SystemExit(0)],
)
def test_what_is_no_code_is_told_by_the_plugins_name(acme, monkeypatch, answer):
    """Nothing would have been found by it, and nobody would have known."""
    monkeypatch.setattr(Acme, "answer", answer)
    for ask in (acme.compute, acme.compute_variants):
        with pytest.raises(BrokenPluginError, match="'acme' is broken"):
            ask(None)
