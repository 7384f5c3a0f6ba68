"""What nobody sees is found, named and taken out; what a script needs stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.media.text.hidden import OWN, clean, find_blocks, find_hidden, find_manifest, name_block, spell_block

NOISE = "\u200b\u200c\u200d\u2060\u2063\u202e\u2066\u2069\ufeff\ufe0f\U000e0041\U000e0101"


def test_each_kind_is_counted():
    text = "a\u200bb \u202edrow\u202c \U000e0041\U000e0042 \u0430pple p\u0430y" + spell_block(b"C2PATXT\0\1rest")
    found = find_hidden(text)
    assert (found.invisible, found.directions, found.tags, found.mixed) == (1, 2, 2, 2)
    assert found.blocks == (b"C2PATXT\0\1rest",)
    assert len(found.words) == 5
    assert any("C2PA" in line for line in found.removed)
    assert clean(text) == "ab drow  \u0430pple p\u0430y"


@pytest.mark.parametrize("text", [
    "plain", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u6d77\u8fb9\u7684\u5c0f\u9547", "line\nand\ttab", "caf\u00e9", "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0915\u094d\u200d\u0937", "\u845b\U000e0100",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "1\ufe0f\u20e3",
])  # fmt: skip
def test_what_a_script_needs_stays(text):
    assert clean(text) == text
    assert find_hidden(text).words == ()


def test_normal_forms_become_one():
    mixed = unicodedata.normalize("NFD", "caf\u00e9") + " caf\u00e9"
    assert clean(mixed) == "caf\u00e9 caf\u00e9"
    assert not find_hidden(mixed).is_normal


@given(st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(NOISE)), max_size=60))
def test_what_is_clean_is_clean(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert find_hidden(cleaned).removed == ()


@given(st.binary(min_size=4, max_size=300))
def test_bytes_are_spelled_and_read(data):
    assert tuple(find_blocks("text " + spell_block(data) + " more")) == (data,)


def test_a_manifest_is_told_from_other_bytes():
    store = b"\0\0\0\x10jumb"
    wrapped = b"C2PATXT\0\1" + len(store).to_bytes(4) + store + b"trailing"
    assert find_manifest("words" + spell_block(wrapped)) == store
    assert find_manifest("words" + spell_block(b"C2PATXT\0\1")) is None
    assert find_manifest("words") is None
    assert [name_block(one) for one in (wrapped, OWN + b"{}", b"else")] == [
        "a C2PA text manifest", "an AIGC item", "of unknown meaning",
    ]  # fmt: skip
