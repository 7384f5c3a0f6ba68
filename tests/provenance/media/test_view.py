"""What a view is made of."""

from provenance.media.view import PICTURE, Span, View


def test_a_view_is_the_whole_asset_unless_it_says_when():
    assert View(PICTURE, object()).span is None
    assert View(PICTURE, object(), Span(1.0, 2.5)).span.end_s == 2.5
