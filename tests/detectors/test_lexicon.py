"""English: words of books and of prompts, and words that are two."""

from detectors.lexicon import english_words, is_compound, is_english, load_words


def test_words_of_books_and_of_prompts():
    assert {"cat", "therapist", "photorealistic", "bokeh", "ukiyo"} <= english_words().keys()
    assert not {"mujer", "nackte", "nuedity", "anakedwomanonabed"} & english_words().keys()
    assert english_words() is english_words()


def test_regular_forms_and_compounds_count():
    assert is_english("raytraced")
    assert is_english("vaporwaves")
    assert is_compound("watercolor")
    assert not is_compound("therapist"[:6])


def test_lists_have_words_alone():
    for name in ("foreign", "noise", "prompts"):
        words = load_words(name)
        assert len(words) > 50
        assert all(word.isalpha() and word.islower() for word in words)
