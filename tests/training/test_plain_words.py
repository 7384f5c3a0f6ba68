from training.plain_words import read_nouns

NOUNS = """\
  1 This is a licence.
00015388 05 n 02 animal 0 beast 0 001 @ 00004475 n 0000 | a living organism that moves voluntarily; "animals eat"
00015389 06 n 01 pistol 0 001 @ 00004475 n 0000 | a firearm that is held and fired with one hand
00015390 21 n 01 deposit 0 001 @ 00004475 n 0000 | what somebody leaves at a counter for a while
"""


def test_nouns_of_wordnet_are_those_of_which_no_policy_speaks(tmp_path):
    (tmp_path / "data.noun").write_text(NOUNS)
    found = list(read_nouns(tmp_path))
    assert {text.removeprefix("an ") for kind, text in found if kind == "word"} == {"animal"}
    assert {text for kind, text in found if kind == "gloss"} <= {"a living organism that moves voluntarily"}
