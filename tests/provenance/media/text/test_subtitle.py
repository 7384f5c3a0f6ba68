from dataclasses import replace

import pytest

from provenance.media.text.document import Role
from provenance.media.text.hidden import OWN, spell_block
from provenance.media.text.kind import ASS, SRT, VTT
from provenance.media.text.subtitle import parse_subtitles, read_own_block

CUES = "1\n00:00:01,000 --> 00:00:02,500\n<i>Good morning</i>\nto all\n\n2\n00:00:03,000 --> 00:00:04,000\n{\\an8}Bye\n"
NOTES = (
    "WEBVTT - a title\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\n"
    "intro\n00:01.000 --> 00:02.000 line:0\n<c.red>Hi</c>\n"
)
SCRIPT = (
    "; made by hand\n[Script Info]\nTitle: A day by the sea\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\n"
    "Style: Default,Noto Sans\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,a remark\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann,0,0,0,,{\\i1}Good morning,{\\i0}\\Nto all\n"
    "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,Bye\\hnow\n"
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


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ('1\n00:00:01,000 --> 00:00:02,500\nh<i>o</i>w t<font color="#f00">o</font> {\\b1}b{\\b0}ake\n', SRT),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nh<c.red>o</c>w t<00:00:01.500>o b<ruby>a<rt>x</rt></ruby>ke\n", VTT),
        (SCRIPT + "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,h{\\i1}o{\\i0}w t{a {note}o {\\k20}b{}ake\n", ASS),
        (SCRIPT + f"Dialogue: 0,0:00:05.00,0:00:06.00,D,,0,0,0,,h{{{'x' * 5000}}}ow to bake\n", ASS),
    ],
)
def test_a_tag_within_a_word_hides_it_from_nobody(text, media_type):
    document = parse_subtitles(text, media_type)
    assert "".join(part.text for part in document.parts) == text
    read = document.words.replace("axke", "ake")
    assert "how to bake" in read
    assert document.words in document.shown
    tags = [part.text for part in document.parts if part.role is Role.SYNTAX and part.text[0] != "\\"]
    assert all(tag.strip() in document.shown for tag in tags)


def test_braces_without_end_cost_no_time():
    line = "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,," + "{" * 400_000 + "\n"
    assert "{" * 400_000 in parse_subtitles(SCRIPT + line, ASS).words


def test_stray_words_are_words():
    assert words_of(parse_subtitles("1\n00:00:01,000 --> 00:00:02,500\nHi\n\nno time at all", SRT)) == [
        "Hi",
        "no time at all",
    ]


def test_an_own_block_is_read_and_anothers_is_not():
    assert read_own_block("x" + spell_block(OWN + b'{"a":1}')) == ['{"a":1}']
    assert read_own_block("x" + spell_block(b"else" * 3)) == []


def test_a_script_ships_what_is_said_as_it_stood():
    document = parse_subtitles(SCRIPT, ASS)
    assert words_of(document) == ["Good morning,", "to all", "Bye", "now"]
    assert "".join(part.text for part in document.parts) == document.spell() == SCRIPT
    assert document.words.split() == ["Good", "morning,", "to", "all", "Bye", "now"]
    assert "a remark" in document.shown
    assert "{\\i1}" in document.shown


def test_an_item_of_a_script_stands_in_its_first_section():
    item = '{"Label":"1"}'
    spelled = replace(parse_subtitles(SCRIPT, ASS), aigc=item, aigc_items=1).spell()
    assert spelled == SCRIPT.replace("[Script Info]\n", "[Script Info]\n; AIGC " + item + "\n")
    again = parse_subtitles(spelled, ASS)
    assert (again.aigc, again.aigc_items) == (item, 1)
    assert "".join(part.text for part in again.parts) == SCRIPT


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("[Fonts]\nfontname: a.ttf\n!!!!\n", "fonts inside the subtitles"),
        ("[Graphics]\nfilename: a.png\n!!!!\n", "graphics inside the subtitles"),
        (
            "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\an7\\p1}m 0 0 l 9 0 9 9{\\p0}\n",
            "drawings and pictures",
        ),
        (
            "Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{" + "x" * 3000 + "\\p(01)}m 0 0 l 9 0 9 9\n",
            "drawings and pictures",
        ),
        ("Picture: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,a.png\n", "drawings and pictures"),
    ],
)
def test_what_would_show_what_nobody_looked_at_is_left_out(added, told):
    document = parse_subtitles(SCRIPT + added, ASS)
    assert document.spell() == SCRIPT
    assert [one for one in document.left_out if told in one]


@pytest.mark.parametrize(
    "text",
    [
        "[Script Info]",
        "[Script Info]\n[Events]\nDialogue: short\nDialogue: a,b,c\n",
        "[Script Info]\n[Events]\nFormat: Text\nDialogue: all, of it\n",
    ],
)
def test_a_damaged_script_is_taken_apart_all_the_same(text):
    assert "".join(part.text for part in parse_subtitles(text, ASS).parts) == text
