from provenance.media.text.document import Role
from provenance.media.text.hidden import OWN, spell_block
from provenance.media.text.kind import SRT, VTT
from provenance.media.text.subtitle import parse_subtitles, read_own_block

CUES = "1\n00:00:01,000 --> 00:00:02,500\n<i>Good morning</i>\nto all\n\n2\n00:00:03,000 --> 00:00:04,000\n{\\an8}Bye\n"
NOTES = (
    "WEBVTT - a title\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\n"
    "intro\n00:01.000 --> 00:02.000 line:0\n<c.red>Hi</c>\n"
)


def words_of(document):
    return [part.text for part in document.parts if part.role is Role.WORDS]


def test_what_is_said_is_words_and_the_rest_is_syntax():
    document = parse_subtitles(CUES, SRT)
    assert words_of(document) == ["Good morning", "\nto all", "Bye\n"]
    assert "".join(part.text for part in document.parts) == CUES
    document = parse_subtitles(NOTES, VTT)
    assert words_of(document) == ["Hi", "\n"]
    assert "".join(part.text for part in document.parts) == NOTES


def test_stray_words_are_words():
    assert words_of(parse_subtitles("1\n00:00:01,000 --> 00:00:02,500\nHi\n\nno time at all", SRT)) == [
        "Hi",
        "no time at all",
    ]


def test_an_own_block_is_read_and_anothers_is_not():
    assert read_own_block("x" + spell_block(OWN + b'{"a":1}')) == ['{"a":1}']
    assert read_own_block("x" + spell_block(b"else" * 3)) == []
