import pytest

from provenance.errors import UnmarkableError
from provenance.media.pdf.font import UNITS, build_letters


def test_a_font_has_the_letters_of_a_label_and_few_others():
    letters = build_letters("AI生成")
    assert set(letters.codes) == set(letters.widths) == set("AI生成")
    assert len(set(letters.codes.values())) == 4
    assert len(letters.program) < 4_000
    assert letters.widths["生"] == UNITS
    assert 2.5 < letters.measure("AI生成") < 3.5
    assert build_letters("AI生成") is letters


def test_what_the_font_lacks_is_refused_by_number():
    with pytest.raises(UnmarkableError, match=r"U\+1F600"):
        build_letters("AI\U0001f600")
