"""CLIP's tokens: cut as CLIP's own tokenizer cuts them, whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.chop.tokens import END_OF_WORD, Tokens, find_words, list_bytes
from detectors.chop.words import load_words

SMALL = Tokens(["c a", "ca t</w>", "d o", "do g</w>"])


def test_every_byte_has_a_sign_of_its_own():
    assert sorted(list_bytes()) == list(range(256))
    assert len(set(list_bytes().values())) == 256


def test_joins_are_made_in_the_order_in_which_they_were_learned():
    assert SMALL.start == 512 + 4
    cat, dog = 512 + 1, 512 + 3
    assert SMALL.cut("Cat  dog") == [cat, dog]
    assert len(SMALL.cut("cats")) == 3  # ca, t, s at its end


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("A Cat's hat, 42!", [320, 2368, 568, 3801, 267, 275, 273, 256]),
        ("   ", []),
        ("", []),
    ],
)
def test_the_shipped_vocabulary_is_clips(text, numbers):
    """As open_clip's tokenizer says it."""
    assert load_words().tokens.cut(text) == numbers


def test_open_clips_tokenizer_says_the_same():
    tokenizers = pytest.importorskip("training.tokens", reason="needs torch")
    theirs, _ = tokenizers.load_tokenizers()
    texts = ["an icon of a fire engine", "don't “quote” me", "café au lait", "一只猫", "🚒 truck_no. 3½", "x" * 40]
    tokens = load_words().tokens
    for text in texts:
        assert tokens.cut(text) == theirs.encode(text), text


@given(st.text(max_size=200))
def test_any_text_is_cut_into_known_tokens_that_spell_it(text):
    tokens = load_words().tokens
    numbers = tokens.cut(text)
    assert all(0 <= number < tokens.start for number in numbers)
    assert len(numbers) >= len(find_words(text))


def test_a_word_without_an_end_takes_bounded_time_and_a_lone_surrogate_is_an_unknown_sign():
    assert len(SMALL.cut("z" * 100_000)) == 64
    assert SMALL.cut("\ud800") == [SMALL.cut("?")[0]]
    assert END_OF_WORD == "</w>"
