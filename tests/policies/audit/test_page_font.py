"""Letters that are embedded, and those that are spelled out."""

import io

from fontTools.ttLib import TTFont

from policies.audit.page_font import PageFont, build_outlines, find_letters


def test_letters_of_no_common_font_come_from_the_label_font():
    font = PageFont(["生成 é"])
    assert font.mark_up("生成 é <b>") == '<font name="ChopmarkLabelSans">生成</font> é &lt;b&gt;'


def test_what_no_font_has_is_spelled_out():
    assert PageFont([]).mark_up("\u0645 \u202e") == "[U+0645] \\u202e"


def test_the_outlines_are_a_whole_truetype_font():
    letters = frozenset(map(ord, "生成Ж"))
    assert letters <= find_letters()
    made = TTFont(io.BytesIO(build_outlines(letters)))
    assert set(made.getBestCmap()) >= letters
    assert made["glyf"][made.getBestCmap()[ord("Ж")]].numberOfContours >= 1
