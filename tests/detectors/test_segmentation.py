"""Chinese words: a term is not the end of one word and the beginning of the next."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from detectors.normalisation import build_tokens, fold
from detectors.segmentation import crosses, cut_han, find_words, is_han


def is_crossed(text, term):
    """Whether `term` is left out wherever it stands in `text`, in either way to read the blanks."""
    tokens = build_tokens(fold(text))
    places = [index for index in range(len(tokens)) if "".join(one.word for one in tokens[index:]).startswith(term)]
    readings = find_words(tokens, text)
    return all(crosses(words, first, first + len(term)) for first in places for words in readings)


def test_a_term_across_two_words_is_none():
    for text, term in (
        ("黄色情侣", "色情"),
        ("十字路口交警", "口交"),
        ("全裸眼3d", "全裸"),
        ("女优雅地喝咖啡", "女优"),
    ):
        assert is_crossed(text, term), text


def test_a_word_is_one_in_whatever_company_and_however_it_is_spaced():
    for text in ("色情图片", "看色情", "很 色 情 的画", "色*情", "一色情"):
        assert not is_crossed(text, "色情"), text
    assert not is_crossed("一把手 枪放在桌上", "手枪")


def test_joined_the_words_are_the_text():
    assert "".join(cut_han("樱花树下的小女孩")) == "樱花树下的小女孩"
    assert is_han("枪")
    assert not is_han("gun")


@given(st.text(alphabet="色情口交路警女优雅全裸眼 *ab", max_size=40))
def test_words_lie_within_the_tokens(text):
    tokens = build_tokens(fold(text))
    for words in find_words(tokens, text):
        assert all(0 <= start < inside < end <= len(tokens) for inside, (start, end) in words.items())


def test_loading_the_dictionary_says_nothing_and_writes_nothing(tmp_path):
    code = "from detectors.segmentation import warm_segmentation; warm_segmentation()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        env={"PATH": "", "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == (b"", b"", [])
