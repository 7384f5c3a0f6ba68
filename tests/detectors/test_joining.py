"""What stands in one passage: of any order and number of kinds, and never what lies further apart."""

import pytest

from detectors.joining import PASSAGE, find_joined
from provenance.media.text.text import show_in_parts

FAR = PASSAGE + 10


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        ([[], []], None),
        ([[(0, 5)], []], None),
        ([[(0, 5)], [(10, 14)]], (0, 14)),
        ([[(10, 14)], [(0, 5)]], (0, 14)),
        ([[(0, 5)], [(5 + PASSAGE, 6 + PASSAGE)]], (0, 6 + PASSAGE)),
        ([[(0, 5)], [(6 + PASSAGE, 7 + PASSAGE)]], None),
        ([[(0, 5), (FAR, FAR + 5)], [(FAR + 8, FAR + 9)]], (FAR, FAR + 9)),
        ([[(0, FAR)], [(7, 9)]], (0, FAR)),
        ([[(0, 9), (2, 4)], [(9 + PASSAGE, 12 + PASSAGE)]], (0, 12 + PASSAGE)),
        ([[(0, 5)], [(10, 14)], [(20, 24)]], (0, 24)),
        ([[(0, 5)], [(10, 14)], [(FAR, FAR + 4)]], None),
    ],
)
def test_a_passage_has_one_of_each_kind(kinds, found):
    assert find_joined(kinds) == found


def test_a_passage_stands_whole_in_one_of_the_views_of_a_text():
    first, second = "a child", "a nude"
    for at in range(0, 20_000, 500):
        text = ("." * at + first + "." * PASSAGE + second).ljust(40_000, ".")
        assert any(first in str(view.carrier) and second in str(view.carrier) for view in show_in_parts(text))
