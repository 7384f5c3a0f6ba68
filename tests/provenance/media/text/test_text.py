import pytest

from provenance.errors import UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Worded
from provenance.media.text.kind import HTML, PLAIN, SRT
from provenance.media.text.text import VIEW_CHARACTERS, list_gaps, parse_text, weave_in
from provenance.storage.blob import Blob
from tests.letters import letter, sentences


def take(data, **claims):
    return parse_text(
        Blob.from_bytes(data if isinstance(data, bytes) else data.encode()), Claims(**claims), IntakeLimits()
    )


def test_what_nobody_sees_is_not_shown_and_counted():
    text = take("Dear rea\u200bder, the \u202eharbour\u202c is p\u0430le")
    (view,) = text.views()
    assert view.carrier == "Dear reader, the harbour is p\u0430le"
    assert text.facts == {"characters": 32, "words": 6, "mixed_words": 1, "text_bytes": 33}
    assert text.hidden.invisible == 1
    assert text.size_bytes > 0


def test_a_long_text_is_shown_whole_in_parts_that_overlap():
    shown = " ".join(sentences(400))
    views = [view.carrier for view in take(shown).views()]
    assert max(map(len, views)) <= VIEW_CHARACTERS
    assert views[0][-100:] in views[1]
    for word in ("harbour", "carpenters"):
        assert shown.count(word) <= sum(view.count(word) for view in views)


def test_attributes_and_titles_are_shown_to_detectors():
    page = take(
        "<title>Hidden words</title><p title='tooltip words'>See <a href='https://example.com'>this</a> page</p>"
    )
    (view,) = page.views()
    assert all(words in view.carrier for words in ("Hidden words", "tooltip words", "https://example.com", "this"))
    assert page.media_type == HTML


@pytest.mark.parametrize("data", ["\u200b\u200b\u2060" * 9, "<p> </p><script>words</script>", "\n\n"])
def test_what_shows_no_words_is_no_text(data):
    with pytest.raises(UndecodableAssetError):
        take(data)


def test_symbols_go_into_their_places_and_are_read_there():
    text = take(letter())
    gaps = list_gaps(text.document)
    woven = weave_in(text.document, gaps, [(0, "\u200b"), (5, "\u2060\u2063")])
    again = take(woven.spell())
    assert [symbol for _, symbol in again.read_symbols()] == ["\u200b", "\u2060", "\u2063"]
    assert [context for context, _ in again.read_symbols()] == [gaps[0][1].context] + [gaps[5][1].context] * 2
    assert again.document == text.document


def test_a_text_is_found_by_its_words():
    content = take("\n\n".join(" ".join(sentences(4, seed)) for seed in range(3)))
    assert isinstance(content, Worded)
    assert len(content.passages().codes) == 4
    assert content.media_type == PLAIN
    assert take("1\n00:00:01,000 --> 00:00:02,000\nhi there", name="a.srt").media_type == SRT
