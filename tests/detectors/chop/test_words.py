"""What words mean among drawings: the shipped tower, and what it refuses."""

import lzma

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.chop.tables import FOLDER
from detectors.chop.words import WORDS, load_words, parse_words, reads
from provenance.errors import WeightsError


@pytest.fixture(scope="module")
def words():
    return load_words()


def test_what_means_the_same_lies_close(words):
    cat, kitten, engine, truck = words.embed(["a cat", "a kitten", "a fire engine", "a fire truck"])
    assert cat @ kitten > 0.6
    assert engine @ truck > 0.6
    assert max(cat @ engine, cat @ truck, kitten @ engine) < 0.4


@given(st.lists(st.text(max_size=40), max_size=2))
def test_any_text_gets_a_row_of_length_one(texts):
    rows = load_words().embed(texts)
    assert rows.shape == (len(texts), 256)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)


def test_only_the_first_thirty_tokens_count(words):
    one, other = words.embed(["cat " * 30 + "dog", "cat " * 30 + "fish"])
    assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("text", "is_read"),
    [
        ("a red apple", True),
        ("an icon of a pistol", True),
        ("一个苹果", True),
        ("ein roter Apfel", False),
        ("красное яблоко", False),
        ("りんご", False),
        ("123", False),
        ("", False),
    ],
)
def test_it_says_what_it_reads(text, is_read):
    assert reads(text) is is_read


@pytest.mark.parametrize("data", [b"", b"not xz", lzma.compress(b"no archive"), (FOLDER / WORDS).read_bytes()[:-400]])
def test_what_is_no_tower_is_refused(data):
    with pytest.raises(WeightsError, match="words of chop-clip cannot be read"):
        parse_words(data)
