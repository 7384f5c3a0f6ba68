"""What is kept of each kind of original."""

from types import SimpleNamespace

import pytest

from provenance.errors import WorksError
from provenance.fingerprints.base import Fingerprint, make_scheme
from provenance.fingerprints.shingles import ALG, compute_passages
from provenance.works.passages import TOO_SHORT
from provenance.works.preparing import prepare
from provenance.works.record import Registration
from tests.letters import letter

INDEXES = SimpleNamespace(scheme=make_scheme)


def prepared(registration, finds_parts=False):
    return prepare(registration, INDEXES, ("pdq",), ("phash",), finds_parts=finds_parts)


def test_a_picture_has_codes_of_each_scheme_and_a_reference(photo):
    entry = prepared(Registration(photo("coffee.png"), "t", "o"))
    assert {code.alg for code in entry.codes} == {"pdq", "phash"}
    assert entry.reference


def test_a_clip_has_the_codes_that_came_and_a_text_no_reference(photo):
    track = (Fingerprint("pdq", bytes(32), 100, 0.5),)
    assert [code.variant for code in prepared(Registration(photo("coffee.png"), "t", "o", track=track)).codes] == [
        "at 0.50 s"
    ]
    passages = compute_passages(letter().decode())
    entry = prepared(Registration(None, "t", "o", passages=passages))
    assert {code.alg for code in entry.codes} == {ALG}
    assert (entry.picture_sha256, entry.reference) == (passages.sha256, b"")


def test_what_cannot_be_found_again_is_told():
    assert prepared(Registration(None, "t", "o", passages=compute_passages("no"))) is TOO_SHORT
    with pytest.raises(WorksError):
        prepared(Registration(None, "t", "o"))
