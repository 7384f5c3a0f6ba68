import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.media.text.document import Role
from provenance.media.text.markdown import parse_markdown

TEXT = """---
title: A letter
---
# A heading stays

Some prose with `code`, a [link](https://example.com/a) and [a reference].

```python
print("no marks here")
```

    indented code

<!-- a comment --> and <b>bold</b> words
[a reference]: https://example.com/b
"""


def role_of(document, words):
    return next(part.role for part in document.parts if words in part.text)


def test_each_part_has_its_role():
    document = parse_markdown(TEXT)
    assert "".join(part.text for part in document.parts) == TEXT
    for words in ("title: A letter", "(https://example.com/a)", "a comment", "<b>"):
        assert role_of(document, words) is Role.SYNTAX, words
    for words in ("A heading stays", "`code`", "no marks here", "    indented", "]: https"):
        assert role_of(document, words) is not Role.WORDS, words
    for words in ("Some prose with", "and ", "bold"):
        assert role_of(document, words) is Role.WORDS, words


@given(st.text(alphabet="ab `#~[]()<>!-|=\n\t", max_size=200))
def test_parts_are_the_file(text):
    assert "".join(part.text for part in parse_markdown(text).parts) == text


@pytest.mark.parametrize("text", ["`" * 50_000, "[" * 50_000, "<!--" * 20_000, "```\n" * 20_000, "(a](" * 20_000])
def test_hostile_text_takes_no_time_to_speak_of(text):
    assert "".join(part.text for part in parse_markdown(text).parts) == text


@pytest.mark.parametrize("front", [
    'AIGC:\n  Label: "1"\n  ContentProducer: \'it\'\'s me\'\n  ProduceID: 7\n',
    'AIGC: {"Label":"1","ContentProducer":"it\'s me","ProduceID":"7"}\n',
])  # fmt: skip
def test_an_item_in_front_matter_is_read_however_it_is_spelled(front):
    document = parse_markdown(f"---\ntitle: x\n{front}---\n\nwords")
    assert json.loads(document.aigc) == {"Label": "1", "ContentProducer": "it's me", "ProduceID": "7"}
    assert [part.text for part in document.parts] == ["---\ntitle: x\n---\n\n", "words"]
    assert parse_markdown(document.spell()) == document


def test_a_comment_in_which_another_one_begins_is_none_and_many_take_little():
    roles = [part.role for part in parse_markdown("a <!-- b --> c").parts]
    assert roles == [Role.WORDS, Role.SYNTAX, Role.WORDS]
    text = "a word\n" + "<!--" * 40_000
    assert "".join(part.text for part in parse_markdown(text).parts) == text
