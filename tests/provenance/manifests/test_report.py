import json

from hypothesis import given
from hypothesis import strategies as st

from provenance.manifests.report import AI_SOURCE_TYPES, HUMAN_SOURCE_TYPES, clean_json, clean_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(text=st.text(max_size=2000), limit=st.integers(1, 300))
def test_text_is_bounded_and_free_of_controls(text, limit):
    shown = clean_text(text, limit)
    assert len(shown) <= limit
    assert not any(ord(char) < 32 or char in "\x7f\u202e\u2066\u200b\ufeff" for char in shown)


def test_ordinary_text_of_any_script_stays():
    for text in ("Ürümqi <b>", "AI生成", "'; DROP TABLE x; --", "a/b.1"):
        assert clean_text(text) == text


def test_direction_marks_and_controls_are_replaced():
    assert clean_text("a\u202egpj.exe\x00\n") == "a\ufffdgpj.exe\ufffd\ufffd"


def test_what_is_not_text_is_empty():
    assert [clean_text(value) for value in (None, 3, ["a"], {"a": "b"})] == ["", "", "", ""]


@given(value=JSON)
def test_cleaned_json_is_json_and_keeps_its_shape(value):
    shown = clean_json(value)
    json.dumps(shown)
    assert type(shown) is type(value)
    if isinstance(value, list):
        assert len(shown) == len(value)


def test_no_source_type_is_both_ai_and_human():
    assert AI_SOURCE_TYPES.isdisjoint(HUMAN_SOURCE_TYPES)
