"""HTML is written anew: whatever a page does beside showing words is gone, whoever wrote it however."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.errors import UndecodableAssetError
from provenance.media.text.page import parse_page

HOSTILE = [
    "<script>alert(1)</script>", "<ScRiPt src=//x>a</sCrIpT >", "<img src=x onerror=alert(1)>", "<p onclick=alert(1)>x",
    "<a href=javascript:alert(1)>x</a>", "<a href=' java\nscript:alert(1)'>x</a>", '<a href="data:text/html,x">x</a>',
    "<iframe src=//x></iframe>", "<svg><script>alert(1)</script></svg>", "<style>*{display:none}</style>",
    "<p style='display:none'>x</p>", "<meta http-equiv=refresh content='0;url=//x'>", "<base href=//x>", "<form action=//x>",
    "<math><mtext></p><script>alert(1)</script>", "<!--><script>alert(1)</script>-->", "<template><script>x</script>",
    "<object data=x>", "<link rel=stylesheet href=x>", "<p title=\"'><script>alert(1)</script>\">x</p>",
    "<plaintext><script>alert(1)</script>", "<xmp><script>alert(1)</script></xmp>", "<![CDATA[<script>x</script>]]>",
    "<noscript><p title='</noscript><script>x</script>'></noscript>", "<bdo dir=rtl>abc</bdo>", "<a href=//evil.example>x</a>",
]  # fmt: skip
# What may stand in angle brackets in a page of ours.
_TAG = re.compile(r'</?[a-z][a-z0-9]*(?: [a-z]+="[^"<>]*")*>|<!DOCTYPE html>')
_RISKY = re.compile(
    r"<(?:script|style|iframe|svg|img|form|link|base|object|template|plaintext|xmp|math|bdo)|javascript:|\bon\w+=\"",
    re.IGNORECASE,
)


def check(text):
    spelled = parse_page(text).spell()
    assert not _RISKY.search(re.sub(r">[^<]*<", "><", spelled)), spelled
    assert "<" not in _TAG.sub("", spelled), spelled
    assert parse_page(spelled).spell() == spelled, "what was written anew is read as it is"
    return spelled


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_acts(text):
    spelled = check(f"<p>before</p>{text}<p>after</p>")
    assert "before" in spelled
    assert 'name="refresh"' not in spelled


@given(
    st.lists(
        st.sampled_from([*HOSTILE, "<p>", "</p>", "<b>", "</div>", "&lt;script&gt;", "&#60;", "words ", "\"'<", "<"]),
        max_size=8,
    )
)
def test_nothing_acts_however_it_is_put_together(parts):
    check("".join(parts))


def test_structure_words_and_plain_links_stay_and_what_goes_is_named():
    document = parse_page(
        '<html lang="en"><head><title>A  page</title><style>x</style></head><body><h1 id="a">Head</h1><!-- c -->'
        '<p class="x" onclick="y">See <a href="https://example.com/?a=1&amp;b=2">this</a><br>or <img src=x> that</p>'
        "<ul><li>one<li>two</ul></body></html>"
    )
    assert (document.lang, document.title) == ("en", "A page")
    assert [line for line in document.words.split("\n") if line.strip()] == [
        "Head",
        "See this",
        "or  that",
        "one",
        "two",
    ]
    assert "https://example.com/?a=1&b=2" in document.shown
    assert document.left_out == (
        "styles of the page", "comments of the page", "attributes of the page", "pictures and media of the page",
    )  # fmt: skip


def test_beyond_all_bounds_it_is_refused():
    with pytest.raises(UndecodableAssetError, match="levels"):
        parse_page("<div>" * 300 + "x")


@pytest.mark.parametrize("unit", ["<a b=", '<a b="', "<!--", "<![CDATA[", "<?a", "<!x", "</a"])
def test_tags_without_an_end_are_refused_before_they_take_time_by_the_square(unit):
    assert parse_page(f"<p>a word</p>{unit * 50}").words.strip().startswith("a word")
    with pytest.raises(UndecodableAssetError, match="that do not"):
        parse_page(f"<p>a word</p>{unit * 40_000}")


def test_a_declaration_of_no_kind_is_an_error_of_ours():
    with pytest.raises(UndecodableAssetError, match="of no kind"):
        parse_page("<p>a word</p><![<![ ")


def test_a_long_page_with_whole_tags_is_read():
    assert len(parse_page('<p class="a">a word</p>' * 20_000).words) >= 20_000 * 6
