"""Wrappers in texts: spelled as the reference implementation spells them, found again, and bound to their text."""

import hashlib
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.manifests.text_wrapper import (
    MAGIC,
    MARK,
    Binding,
    build_binding,
    build_wrapper,
    find_wrappers,
    judge_text,
    measure_wrapper,
    read_bytes,
    remove_wrappers,
    spell_bytes,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "text_wrapper.json").read_text(encoding="utf-8"))
"""Made with c2pa-text 3.0.0 (MIT), the reference implementation: `encode_wrapper_padded` at its own worst case."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: f"{len(one['store']) // 2} bytes")
def test_a_wrapper_is_the_one_of_the_reference_implementation(vector):
    store = bytes.fromhex(vector["store"])
    spelled = build_wrapper(store)
    assert measure_wrapper(len(store)) == vector["bytes"] == len(spelled.encode())
    assert hashlib.sha256(spelled.encode()).hexdigest() == vector["wrapper_sha256"]


@given(st.binary(min_size=1, max_size=400), st.text(max_size=40), st.text(max_size=10))
def test_what_was_wrapped_is_found_where_it_stands_and_nothing_else_is_taken_out(store, before, after):
    before, after = (unicodedata.normalize("NFC", one).replace(MARK, "") for one in (before, after))
    if after and unicodedata.category(after[0])[0] == "M":
        after = "x" + after  # a variation selector behind the run would be part of it
    text = before + build_wrapper(store) + after
    (found,) = find_wrappers(text)
    assert found.store == store
    assert (found.start, found.length) == (len(before.encode()), measure_wrapper(len(store)))
    assert remove_wrappers(text) == before + after


@given(st.binary(max_size=600))
def test_bytes_are_spelled_and_read(data):
    assert read_bytes(spell_bytes(data)) == data


@pytest.mark.parametrize(
    "rest", [b"", b"\1", b"\1\0\0\0\5abc", b"\2\0\0\0\1a", b"\1\xff\xff\xff\xffabc", b"\1\0\0\0\0"]
)
def test_a_damaged_wrapper_is_told_as_one(rest):
    text = "words" + MARK + spell_bytes(MAGIC + rest)
    assert [one.store for one in find_wrappers(text)] == [b""]
    assert judge_text(text) == (None, Binding.CORRUPTED)
    assert remove_wrappers(text) == "words"


def test_other_blocks_are_none():
    text = "words" + MARK + spell_bytes(b"AIGC\0{}")
    assert list(find_wrappers(text)) == []
    assert judge_text(text) == (None, Binding.MISSING)
    assert remove_wrappers(text) == text


def test_thousands_of_them_are_each_found_at_its_place():
    one = build_wrapper(b"x")
    found = list(find_wrappers(("\u00e9" + one) * 2_000))
    assert [wrapper.start for wrapper in found] == [2 + number * (2 + measure_wrapper(1)) for number in range(2_000)]


def test_two_of_them_and_one_that_binds_nothing_are_told():
    one = build_wrapper(b"no store")
    assert judge_text("a" + one)[1] is Binding.MISSING
    assert judge_text("a" + one + "b" + one) == (b"no store", Binding.MULTIPLE)


def test_a_binding_leaves_out_the_wrapper_alone():
    made = build_binding("sch\u00f6n", 1000)
    assert made["exclusions"] == [{"start": 6, "length": measure_wrapper(1000)}]
    assert bytes(made["hash"]) == hashlib.sha256("sch\u00f6n".encode()).digest()
