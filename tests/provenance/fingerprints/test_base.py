"""The fingerprint seam."""

from provenance.fingerprints.base import FINGERPRINTS, Fingerprint, Unhashable


def test_the_table_names_the_built_in_schemes():
    assert {"pdq", "phash"} <= set(FINGERPRINTS.names())


def test_having_no_code_is_a_value_of_its_own():
    assert Unhashable("pdq", 3, "flat") != Fingerprint("pdq", b"", 3)
