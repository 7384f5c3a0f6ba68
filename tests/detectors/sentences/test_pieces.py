from detectors.sentences.pieces import MARK, UNKNOWN, Pieces

NAMES = ["", "", "", "", MARK, "a", "b", "ab", f"{MARK}ab", "c", "abab"]
SCORES = [0.0, 0.0, 0.0, 0.0, -3.0, -2.0, -2.0, -3.0, -3.5, -5.0, -9.0]
PIECES = Pieces({name: place for place, name in enumerate(NAMES) if place > 3}, SCORES, {ord("Ａ"): "a", 0x200B: ""})


def named(text):
    return [NAMES[place] or "?" for place in PIECES.cut(text)]


def test_a_word_is_cut_into_the_likeliest_pieces():
    assert named("ab") == [f"{MARK}ab"]
    assert named("abab") == [f"{MARK}ab", "ab"]
    assert named("bab") == [MARK, "b", "ab"]


def test_blanks_of_any_kind_part_words():
    assert named(" ab\n\tab ") == [f"{MARK}ab", f"{MARK}ab"]
    assert named("  ") == []


def test_what_no_piece_says_is_unknown_sign_by_sign():
    assert PIECES.cut("xab") == [NAMES.index(MARK), UNKNOWN, NAMES.index("ab")]


def test_text_is_folded_first():
    assert named("Ａ\u200bB") == named("ab")


def test_a_long_run_without_a_blank_is_cut_as_a_short_one():
    assert named("ab" * 40) == [f"{MARK}ab", *["ab"] * 39]
