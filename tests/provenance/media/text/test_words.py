import pytest

from provenance.fingerprints.shingles import ALG, EXACT
from provenance.media.text.words import compare_words, fingerprint_words
from tests.letters import sentences

TEXT = " ".join(sentences(30))
OTHER = " ".join(sentences(30, 2))
CODE = fingerprint_words(TEXT)[0].value


def test_words_have_a_code_and_a_digest_of_their_letters():
    assert [code.alg for code in fingerprint_words(TEXT)] == [ALG, EXACT]
    assert fingerprint_words("a few words") == ()
    assert fingerprint_words(TEXT.upper())[1] == fingerprint_words(TEXT)[1]


def never():
    pytest.fail("asked for what was released")


def test_codes_settle_it_where_they_can():
    assert compare_words(TEXT, CODE, never).agrees is True
    assert compare_words(TEXT, None, never).agrees is None


def test_a_part_is_told_by_its_runs_of_words():
    part = " ".join(sentences(30)[:8])
    assert compare_words(part, CODE, lambda: TEXT).agrees is True
    assert (
        compare_words("none of these words were ever anywhere in that release at all", CODE, lambda: TEXT).agrees
        is False
    )
    assert compare_words(part, CODE, lambda: None).agrees is None
    assert compare_words(OTHER, CODE, lambda: None).distance_bits > 48
