"""Words whose time nobody told stand in their order, from the beginning of an utterance to its end."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.hearing.recogniser import spread
from detectors.hearing.utterances import RATE_HZ, Utterance


@given(st.lists(st.text("abcdef'", min_size=1, max_size=9), max_size=12), st.floats(0, 100), st.integers(1, 20))
def test_words_follow_each_other_and_fill_the_utterance(words, start, seconds):
    made = spread(" ".join(words).upper(), Utterance(np.zeros(seconds * RATE_HZ, np.float32), start))
    assert [one.text for one in made] == words
    if made:
        assert made[0].start_s == start
        assert abs(made[-1].end_s - start - seconds) < 1e-6
    assert all(abs(a.end_s - b.start_s) < 1e-9 and a.start_s < a.end_s for a, b in itertools.pairwise(made))
