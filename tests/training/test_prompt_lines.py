import pytest

from bench.detectors.prompts import VECTORS
from training.prompt_lines import HARMLESS, build_lines, read_apart, read_terms, read_texts


def test_every_section_is_a_category_or_harmless_and_nothing_is_both():
    texts = {name: lines for name, lines in read_texts().items() if ":" not in name}
    asked = {line for name, lines in texts.items() if name != HARMLESS for line in lines}
    assert not asked & set(texts[HARMLESS])
    assert all(len(lines) >= 13 for lines in texts.values())


def test_what_is_learned_from_is_the_same_every_time_and_is_no_vector():
    pytest.importorskip("emoji", reason="needs the group 'training'")
    apart = read_apart()
    lines = build_lines([("word", "a cat of clay"), ("word", "a dog of clay"), ("word", "a cat")], apart)
    assert lines == build_lines([("word", "a cat of clay"), ("word", "a dog of clay"), ("word", "a cat")], apart)
    learned = {line.text.lower() for line in lines}
    assert "a cat of clay" in learned
    for name in ("heldout", "fresh", "unseen", "users", "near", "later", "languages"):
        vectors = (VECTORS / f"prompts_{name}.txt").read_text("utf-8").splitlines()
        assert not learned & {line.split("\t")[2].lower() for line in vectors}


def test_no_stem_of_a_word_is_learned_from():
    terms = read_terms()
    assert len(terms) > 3000
    assert not [text for _, text in terms if "*" in text]


def test_a_brand_or_a_character_is_no_category_of_meaning():
    pytest.importorskip("emoji", reason="needs the group 'training'")
    assert not {"characters", "logos"} & {line.category for line in build_lines([])}
