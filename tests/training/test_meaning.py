import pytest

pytest.importorskip("torch")

from training.meaning import HARMLESS, build_lines, build_targets, read_texts


def test_every_section_is_a_category_or_harmless_and_nothing_is_both():
    texts = {name: lines for name, lines in read_texts().items() if not name.startswith("everyday")}
    asked = {line for name, lines in texts.items() if name != HARMLESS for line in lines}
    assert not asked & set(texts[HARMLESS])
    assert all(len(lines) >= 13 for lines in texts.values())


def test_what_is_learned_from_is_the_same_every_time_and_kin_says_nothing_of_kin():
    lines = build_lines()
    assert lines == build_lines()
    categories = sorted({line.category for line in lines} - {HARMLESS})
    wanted, weights = build_targets(lines, categories)
    row = next(place for place, line in enumerate(lines) if line.category == "gore" and line.kind == "bare")
    assert wanted[row].tolist() == [float(name == "gore") for name in categories] + [1.0]
    assert weights[row, categories.index("violence")] == 0
    assert weights[row, categories.index("gambling")] == 1
