"""A programme says what it means, or which piece and field does not; a piece is known by what it says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation.gala.programme import MOST_PIECES, ProgrammeError, load_programme, parse_programme

WHOLE = """
title: A small gala
seed: 3
packs: [baseline]
pieces:
  - {title: Poppies, prompt: a field of red poppies}
  - {title: A boat, preset: story-picture, words: a red boat on a lake}
  - title: The cat walks
    picture: cat.jpg
    animate: {seconds: 2, side: 256, rate: 12, move: push, music: true}
  - {title: Finale, music: {seconds: 8, words: calm sea}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cat.jpg").write_bytes(b"a cat")
    return tmp_path


def test_pieces_of_every_kind(folder):
    read = parse_programme(WHOLE, folder)
    assert (read.title, read.packs) == ("A small gala", ("baseline",))
    assert [one.kind for one in read.pieces] == ["picture", "picture", "clip", "music"]
    assert [one.number for one in read.pieces] == [1, 2, 3, 4]
    assert [one.seed for one in read.pieces] == [3, 4, 5, 6]
    assert "storybook" in read.pieces[1].prompt
    clip, music = read.pieces[2:]
    assert (clip.wish.seconds, clip.wish.side, clip.wish.has_music, clip.wish.motion.move) == (2, 256, True, "push")
    assert clip.picture == folder / "cat.jpg"
    assert (music.seconds, music.words) == (8, "calm sea")


def test_a_piece_is_known_by_what_it_says_and_by_its_pictures_bytes(folder):
    before = [one.key for one in parse_programme(WHOLE, folder).pieces]
    assert before == [one.key for one in parse_programme(WHOLE, folder).pieces]
    assert len(set(before)) == 4
    changed = [one.key for one in parse_programme(WHOLE.replace("red poppies", "blue poppies"), folder).pieces]
    assert [a == b for a, b in zip(before, changed, strict=True)] == [False, True, True, True]
    (folder / "cat.jpg").write_bytes(b"another cat")
    changed = [one.key for one in parse_programme(WHOLE, folder).pieces]
    assert [a == b for a, b in zip(before, changed, strict=True)] == [True, True, False, True]


def test_the_same_piece_twice_is_two(folder):
    twice = "title: T\npieces:\n" + "  - {title: A, prompt: a cat, seed: 1}\n" * 2
    first, second = parse_programme(twice, folder).pieces
    assert first.key != second.key
    assert second.key.startswith(first.key)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: T\npieces: [", "YAML: look at line 2"),
        ("title: T\npieces: [{title: \x07, prompt: a}]", "line 2 holds a control character"),
        ("title: 2026-13-45", "YAML"),
        ("title: T\npieces: [{title: No, prompt: a}]", "title is read as no text by YAML: put it in quotes"),
        ("title: 1984\npieces: [{title: A, prompt: a}]", "put it in quotes"),
        ("title: 2001-09-11\npieces: [{title: A, prompt: a}]", "put it in quotes"),
        ("[]", "expected the fields"),
        ("title: T\npieces: []", "1 to"),
        ("title: T\npieces: [{title: A}]", "piece 1: expected one of prompt"),
        ("title: T\npieces: [{title: A, prompt: a, picture: b}]", "piece 1: expected one of prompt"),
        ("title: T\npieces: [{title: A, prompt: a, music: {}}]", "piece 1: expected one of prompt"),
        ("title: T\npieces: [{prompt: a}]", "piece 1: title"),
        ("title: T\npieces: [{title: A, prompt: a, colour: red}]", "no field is called colour"),
        ("title: T\npieces: [{title: A, prompt: a, animate: {seconds: 900}}]", "piece 1: animate"),
        ("title: T\npieces: [{title: A, prompt: a, animate: {seconds: soon}}]", "seconds has to be a number"),
        ("title: T\npieces: [{title: A, prompt: a, animate: {move: fly}}]", "a move out of"),
        ("title: T\npieces: [{title: A, music: {seconds: 0}}]", "1 to 600 seconds"),
        ("title: T\npieces: [{title: A, preset: none-such, words: a}]", "no preset"),
        ("title: T\npieces: [{title: A, picture: nowhere.jpg}]", "nowhere.jpg cannot be read"),
        ("title: T\npieces: [{title: A, prompt: a, seed: -1}]", "seed has to be"),
        ("title: T\npacks: baseline\npieces: [{title: A, prompt: a}]", "packs has to be"),
    ],
)
def test_what_cannot_be_meant_names_the_piece(folder, text, told):
    with pytest.raises(ProgrammeError, match=told):
        parse_programme(text, folder)


def test_files_that_are_none(tmp_path):
    with pytest.raises(ProgrammeError, match="cannot be read"):
        load_programme(tmp_path / "none.yaml")
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ProgrammeError, match="UTF-8"):
        load_programme(tmp_path / "a.yaml")
    with pytest.raises(ProgrammeError, match="1 to 100"):
        parse_programme("title: T\npieces:\n" + "  - {title: A, prompt: a}\n" * (MOST_PIECES + 1), tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["title", "prompt", "animate", "music", "preset", "words", "seed", "seconds", "side", "x"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=3), max_size=5))
def test_whatever_a_piece_says_it_is_read_or_refused(tmp_path_factory, piece):
    import json

    text = json.dumps({"title": "T", "pieces": [piece]})
    try:
        (read,) = parse_programme(text, tmp_path_factory.getbasetemp()).pieces
    except ProgrammeError:
        return
    assert read.kind in {"picture", "clip", "music"}
