"""Text as a medium beyond the contract: each kind of file, channels, and what is not ours."""

import random

import pytest
from markdown_it import MarkdownIt

from provenance.errors import UnmarkableError
from provenance.grant import Grant, MarkKind, Obligation
from provenance.media.limits import IntakeLimits
from provenance.media.medium import Claims, Kit, Orders, Provider
from provenance.media.text.medium import build_medium
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from tests.letters import chinese, letter, sentences

MEDIUM = build_medium(Kit((WatermarkKey("own", bytes(range(32))),)))
PAYLOAD = 1 << 56 | 99
HINDI = ["मछुआरे", "सूरज", "निकलने", "से", "पहले", "समुद्र", "की", "ओर", "चले", "गए"]
PERSIAN = [
    "روز",
    "می\u200cروند",
    "بچه\u200cها",
    "شب",
    "برمی\u200cگردند",
    "کوه\u200cها",
    "دریا",
    "ماهی",
    "باد",
    "خانه",
    "درخت",
    "سبز",
    "آرام",
    "سرد",
    "قدیمی",
    "کنار",
    "مادر",
    "پدر",
    "گفت",
    "شهر",
    "بزرگ",
    "باران",
    "ابر",
    "آفتاب",
    "راه",
    "دور",
    "نزدیک",
    "دوست",
    "کتاب",
    "خوب",
]
EMOJI = [
    "sailed \U0001f468\u200d\U0001f469\u200d\U0001f467 out",
    "we",
    "waved \u2764\ufe0f\u200d\U0001f525",
    "at dawn",
    "the pier",
]
FAMILY = EMOJI[0].split()[1]
ODD = {
    name: " ".join(random.Random(4).choices(words, k=120)).encode()
    for name, words in (("hi.txt", HINDI), ("fa.txt", PERSIAN), ("emoji.txt", EMOJI))
}
SAID = "\n\n".join(
    f"{number}\n00:00:{number:02},000 --> 00:00:{number + 1:02},000\n{one}" for number, one in enumerate(sentences(14))
)
FILES = {
    "letter.md": letter(),
    "notes.txt": " ".join(sentences(14)).encode(),
    "zh.txt": "\n".join("".join(chinese(5, seed)) for seed in range(3)).encode(),
    "page.html": f"<html><body><h1>Hi</h1><p>{' '.join(sentences(14))}</p></body></html>".encode(),
    "said.srt": SAID.encode(),
    "said.vtt": f"WEBVTT\n\n{SAID.replace(',000', '.000')}".encode(),
    "said.ass": "".join(
        (
            "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n",
            *(
                f"Dialogue: 0,0:00:{at:02}.00,0:00:{at + 1:02}.00,Default,,0,0,0,,{{\\i1}}{one}{{\\i0}}\n"
                for at, one in enumerate(sentences(14))
            ),
        )
    ).encode(),
    **ODD,
}


def take(data, name=""):
    return MEDIUM.take(Blob.from_bytes(data), Claims(name=name), IntakeLimits())


def mark(data, name="", kinds=tuple(MEDIUM.marks), required=False, **parameters):
    file = Blob.from_bytes(data)
    obligations = tuple(
        Obligation(kind, parameters if kind is MarkKind.EXPLICIT_LABEL else {}, required=required) for kind in kinds
    )
    grant = Grant("a", file.sha256, "d", (), obligations, 99)
    return MEDIUM.mark(take(data, name), Orders("a", grant, PAYLOAD, Provider("somebody"), {}, file))


def read(text):
    return MEDIUM.read_mark(take(text.encode())).reading


@pytest.mark.parametrize("position", ["start", "end"])
@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_carries_every_mark(name, position):
    made = mark(FILES[name], name, text="AI\u751f\u6210", text_position=position)
    found = MEDIUM.show(made.file, made)
    assert found.problem == ""
    assert all(shown.is_made for shown in found.marks.values()), found.marks
    assert made.media_type.extension == "." + name.rpartition(".")[2]
    again = mark(made.file.read(), name, text="AI\u751f\u6210", text_position=position)
    assert len(MEDIUM.read_labels(again.file).aigc) == 1, "an item that came in lives on and is the only one"


@pytest.mark.parametrize("name", FILES)
def test_without_orders_the_words_stay_as_they_are(name):
    made = mark(FILES[name], name, kinds=())
    if not name.endswith(".html"):
        assert made.file.read() == FILES[name]
    assert made.marks.watermark is None


def test_a_short_text_is_said_to_carry_no_mark():
    made = mark(b"Only a few words are in here, and no more of them than that.")
    shown = MEDIUM.show(made.file, made).marks[MarkKind.WATERMARK]
    assert not shown.is_made
    assert "room for" in shown.facts["problem"]
    with pytest.raises(UnmarkableError):
        mark(b"Only a few words are in here.", required=True)


def test_markdown_that_was_made_a_page_is_read_and_renders_as_before():
    marked = mark(FILES["letter.md"], "letter.md", kinds=(MarkKind.WATERMARK,)).file.read().decode()
    page = MarkdownIt().render(marked)
    assert read(page).payload == PAYLOAD
    bare = "".join(char for char in page if char.isprintable() or char == "\n")
    assert bare == MarkdownIt().render(FILES["letter.md"].decode())


def test_what_came_in_unseen_is_named_and_does_not_ship():
    made = mark(FILES["notes.txt"].replace(b" ", "\u200b \u202e".encode(), 3), kinds=())
    assert made.file.read() == FILES["notes.txt"]
    assert made.cleaned == ("3 invisible characters", "3 characters that turn the direction of a line")


def test_a_part_of_a_release_agrees_and_another_text_does_not():
    released = take(FILES["letter.md"])
    recorded = MEDIUM.fingerprint(released)[0].value
    part = take(FILES["letter.md"][3 * len(FILES["letter.md"]) // 4 :])
    assert MEDIUM.compare(part, recorded, lambda: released).agrees is True
    assert MEDIUM.compare(part, recorded, lambda: None).agrees is None
    assert MEDIUM.compare(take("\n".join(chinese(9)).encode()), recorded, lambda: released).agrees is False


def test_a_strangers_file_is_looked_at_and_never_an_error():
    assert MEDIUM.look(Blob.from_bytes(b"\xff" * 100), IntakeLimits()).problem is not None
    seen = MEDIUM.look(Blob.from_bytes("plain wo\u200brds".encode()), IntakeLimits())
    assert seen.remarks == ("hidden in the text: 1 invisible characters",)
    assert MEDIUM.weigh(Blob.from_bytes(b"abc"), IntakeLimits()) == 3


@pytest.mark.parametrize("name", ODD)
def test_what_a_script_writes_without_showing_it_comes_through_beside_the_mark(name):
    """Joiners of Persian, signs of Hindi and families of emoji: each stands where it stood, in order."""
    made = mark(ODD[name], name, kinds=(MarkKind.WATERMARK,), required=True)
    shipped = made.file.read().decode()
    assert read(shipped).payload == PAYLOAD
    before = iter(shipped)
    assert all(sign in before for sign in ODD[name].decode())
    assert shipped.count(FAMILY) == ODD[name].decode().count(FAMILY)


def test_a_short_refrain_has_no_room_and_is_no_failure():
    """Where the mark is wanted and not required, such a text ships without it; it was held for a mark that nobody read."""
    made = mark(b"The boats come home and all the bells begin to ring\n" * 6, kinds=(MarkKind.WATERMARK,))
    assert "words differ" in made.kept.problem
    assert MEDIUM.show(made.file, made).problem == ""


def test_joiners_that_outvote_the_mark_are_told():
    few = " ".join(
        [
            "\u0631\u0648\u0632 \u0645\u06cc\u200c\u0631\u0648\u0646\u062f \u0634\u0628 \u06a9\u0648\u0647\u200c\u0647\u0627"
        ]
        * 30
    )
    joined = (" ".join(PERSIAN) + "\n" + few).encode()
    made = mark(joined, kinds=(MarkKind.WATERMARK,))
    assert MEDIUM.show(made.file, made).problem == ""
    assert made.kept.problem == "" or MEDIUM.read_mark(take(made.file.read())).reading is None
