"""What a prompt says no to; and what it only seems to."""

import pytest

from detectors.negation import find_unwanted
from detectors.normalisation import build_tokens, fold

TERMS = {"gun", "guns", "nudity", "gore", "blood", "naked", "裸体", "武器"}


def unwanted(text):
    tokens = build_tokens(fold(text))
    words = [token.word for token in tokens]
    places = [(index, index + 1) for index, word in enumerate(words) if word in TERMS]
    places += [
        (index, index + 2) for index in range(len(words) - 1) if "".join(words[index : index + 2]) in {"裸体", "武器"}
    ]
    found = find_unwanted(tokens, places, text)
    return {"".join(words[first:last]) for first, last in found}, len(places)


@pytest.mark.parametrize(
    "text",
    [
        "a beach without nudity", "no guns", "a gun-free zone", "free of gore", "do not show any blood", "don't draw a gun",
        "no kind of nudity", "avoid gore, please", "no blood or gore", "never nudity", "没有武器的房间", "无裸体", "海边, 不要出现裸体",
        "sans nudity ni gore", "sans armes ni gore", "ohne gore", "sin gore",
    ],
)  # fmt: skip
def test_what_is_not_wanted(text):
    found, count = unwanted(text)
    assert len(found) == count > 0


@pytest.mark.parametrize(
    "text",
    [
        "nudity", "not without nudity", "not only nudity", "no nudity filter", "no gore warning", "no clothes, naked",
        "no underwear naked woman", "nothing but nudity", "a gun, free of charge", "a gun free for all", "no shirt. naked",
        "never without a gun", "without covering her naked body", "no bra and naked", "isn't a gun nice", "no one naked guy",
        "不是没有裸体", "没有裸体限制", "没有穿衣服的裸体", "非常裸体", "裸体, 没有衣服",
    ],
)  # fmt: skip
def test_what_is_wanted_whatever_no_stands_near(text):
    assert unwanted(text)[0] == set()


def test_an_inner_term_goes_with_the_outer_one():
    tokens = build_tokens(fold("no toy gun"))
    assert find_unwanted(tokens, [(1, 3), (2, 3)], "no toy gun") == {(1, 3), (2, 3)}
    assert find_unwanted(tokens, [(2, 3)], "no toy gun") == frozenset()
