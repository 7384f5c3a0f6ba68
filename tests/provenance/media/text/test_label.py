"""The label is the first or the last that people read, in each kind of file, and is put there once."""

import pytest

from provenance.media.text.kind import ASS, HTML, MARKDOWN, PLAIN, SRT, VTT
from provenance.media.text.label import END, START, add_label, has_label
from provenance.media.text.text import parse_document

LABEL = "AI\u751f\u6210"
FILES = {
    PLAIN: "Dear reader,\n\nsome words.\n",
    MARKDOWN: "---\ntitle: x\n---\n# Dear reader\n\nsome words.\n",
    HTML: "<body><p>Dear reader</p><p>words</p></body>",
    SRT: "1\n00:00:01,000 --> 00:00:02,000\n<i>Dear</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nreader\n",
    ASS: "[Script Info]\n\n[Events]\nFormat: Start, Text\nDialogue: 1,{\\i1}Dear{\\i0}\nDialogue: 2,{\\b1}reader{\\b0}\n",
    VTT: "WEBVTT\n\n00:01.000 --> 00:02.000\nDear\n\n00:03.000 --> 00:04.000\n<i>reader</i>\n",
}


@pytest.mark.parametrize("position", [START, END])
@pytest.mark.parametrize("media_type", FILES)
def test_it_reads_back_from_the_file_and_is_there_once(media_type, position):
    document = parse_document(FILES[media_type], media_type)
    assert not has_label(document, LABEL, position)
    labelled = parse_document(add_label(document, LABEL, position).spell(), media_type)
    assert has_label(labelled, LABEL, position)
    assert add_label(labelled, LABEL, position).spell() == labelled.spell()
    assert labelled.words.count(LABEL) == 1
    assert labelled.words.replace(LABEL, "").split() == document.words.split()


def test_front_matter_stays_first_and_cues_stay_cues():
    text = add_label(parse_document(FILES[MARKDOWN], MARKDOWN), LABEL).spell()
    assert text.startswith(f"---\ntitle: x\n---\n{LABEL}\n\n# Dear")
    text = add_label(parse_document(FILES[SRT], SRT), LABEL).spell()
    assert f"02,000\n{LABEL}\n<i>Dear</i>" in text
    text = add_label(parse_document(FILES[ASS], ASS), LABEL).spell()
    assert f"Dialogue: 1,{LABEL}\\N{{\\i1}}Dear{{\\i0}}\n" in text
    text = add_label(parse_document(FILES[ASS], ASS), LABEL, END).spell()
    assert text.endswith(f"{{\\b1}}reader{{\\b0}}\\N{LABEL}\n")
    text = add_label(parse_document(FILES[VTT], VTT), LABEL, END).spell()
    assert text.rstrip().endswith(f"<i>reader</i>\n{LABEL}")


OUT_OF_ORDER = {
    SRT: "1\n00:00:09,000 --> 00:00:10,000\nlast\n\n2\n00:00:01,000 --> 00:00:02,000\n<i>first</i>\n\n"
    "3\n00:00:05,000 --> 00:00:06,000\nmiddle\n",
    VTT: "WEBVTT\n\n00:09.000 --> 00:10.000\nlast\n\n00:01.000 --> 00:02.000 line:0\n<i>first</i>\n\n"
    "00:00:05.000 --> 00:00:06.000\nmiddle\n",
    ASS: "[Script Info]\n\n[Events]\nFormat: Layer, Start, End, Text\nDialogue: 0,0:00:09.00,0:00:10.00,last\n"
    "Comment: 0,0:00:00.00,0:00:01.00,a remark\nDialogue: 0,0:00:01.00,0:00:02.00,{\\i1}first{\\i0}\n"
    "Dialogue: 0,0:00:00.50,0:00:00.50,never on the screen\nDialogue: 0,0:00:00.00,0:00:00.20,{\\i1}\n"
    "Dialogue: 0,0:00:05.00,0:00:06.00,middle\n",
}


@pytest.mark.parametrize(("position", "told"), [(START, "first"), (END, "last")])
@pytest.mark.parametrize("media_type", OUT_OF_ORDER)
def test_in_subtitles_it_stands_where_the_clock_says_and_not_the_file(media_type, position, told):
    document = parse_document(OUT_OF_ORDER[media_type], media_type)
    labelled = parse_document(add_label(document, LABEL, position).spell(), media_type)
    assert has_label(labelled, LABEL, position)
    assert not has_label(labelled, LABEL, END if position == START else START)
    lines = [line for line in labelled.words.splitlines() if line.strip()]
    at = lines.index(LABEL)
    assert told == lines[at + 1 if position == START else at - 1]
    assert labelled.words.replace(LABEL, "").split() == document.words.split()
    assert add_label(labelled, LABEL, position).spell() == labelled.spell()


def test_another_label_is_not_this_one():
    labelled = add_label(parse_document(FILES[PLAIN], PLAIN), "AI")
    assert not has_label(labelled, LABEL)
    assert has_label(labelled, "AI")
    assert not has_label(labelled, "AI", END)
