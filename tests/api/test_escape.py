import json
import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.escape import build_json, escape_json, quote_file, quote_word, spell_command
from provenance.text import is_safe

FILE_NAMES = st.binary(min_size=1, max_size=40).filter(lambda data: b"\0" not in data).map(os.fsdecode)


@given(st.dictionaries(st.text(), st.text()), st.booleans())
def test_json_is_safe_on_a_terminal_and_the_same_value(document, ascii_only):
    text = build_json(document, ascii_only=ascii_only)
    assert all(map(is_safe, text.split("\n")))
    assert json.loads(text) == document


def test_json_escapes_are_those_of_json():
    assert escape_json('{"a": "\x9b\u202e\U000e0041\x7f"}') == '{"a": "\\u009b\\u202e\\udb40\\udc41\\u007f"}'
    assert escape_json('{"a": "生成"}') == '{"a": "生成"}'


@given(FILE_NAMES)
def test_words_are_safe_to_show(name):
    assert is_safe(quote_word(name))


@pytest.mark.parametrize("shell", ["bash"])
@given(names=st.lists(FILE_NAMES, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_shell_reads_back_the_words(shell, names):
    script = f"printf '%s\\0' {spell_command(*names)}"
    done = subprocess.run([shell, "-c", script], capture_output=True, check=True, timeout=10)
    assert done.stdout.split(b"\0")[:-1] == [os.fsencode(name) for name in names]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a.png", "a.png"),
        ("a;rm -rf ~.png", "'a;rm -rf ~.png'"),
        ("$(reboot)", "'$(reboot)'"),
        ("it's", """'it'"'"'s'"""),
        ("-rf", "./-rf"),
        ("-", "-"),
        ("a\nb", r"$'a\012b'"),
        ("a\\\nb'c", r"$'a\\\012b\'c'"),
        ("\udcff.png", r"$'\377.png'"),
        ("\u202egpj", r"$'\342\200\256gpj'"),
        ("", "''"),
    ],
)
def test_file_names_are_one_word_each(name, word):
    assert quote_file(name) == word
