"""The table of media, and what its entries are built with; `tests/contracts/test_media.py` has what they keep to."""

import pytest

from provenance.errors import UnknownPluginError
from provenance.grant import MarkKind
from provenance.media.medium import MEDIA, Kit, ReadBack, Shown


def test_pictures_are_in_the_table():
    medium = MEDIA.load("picture")(Kit(clean_hidden=False))
    assert (medium.name, medium.clean, medium.mark_algs, medium.code_alg) == ("picture", False, (), "")


def test_an_unknown_medium_is_named_with_the_known_ones():
    with pytest.raises(UnknownPluginError, match="no media plugin is named 'smell'; known: .*picture"):
        MEDIA.load("smell")


def test_a_mark_that_was_not_found_says_no_more():
    found = ReadBack({MarkKind.WATERMARK: Shown(is_made=False, technique="x")})
    assert (found.problem, found.marks[MarkKind.WATERMARK].facts) == ("", {})
