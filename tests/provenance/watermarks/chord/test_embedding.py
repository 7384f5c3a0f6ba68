"""Laying the mark into a stream."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provenance.watermarks.chord.samples import CHORD, PAYLOAD, marked
from tests.sounds import RATE_HZ, melody


def push_in_blocks(samples, sizes, rate_hz=RATE_HZ):
    marker = CHORD.build_marker(rate_hz, len(samples), PAYLOAD)
    cuts = np.minimum(np.cumsum([0, *sizes]), samples.shape[1])
    made = [marker.push(samples[:, a:b]) for a, b in zip(cuts, [*cuts[1:], samples.shape[1]], strict=True)]
    return np.concatenate([*made, marker.finish()], axis=1)


@given(st.lists(st.integers(0, 40_000), max_size=6))
@settings(max_examples=6, deadline=None)
def test_blocks_make_no_difference(sizes):
    whole = marked(3.0)
    assert np.allclose(push_in_blocks(melody(3.0), sizes), whole, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_as_much_comes_out_as_goes_in(rate_hz):
    for count in (0, 1, 777, rate_hz + 13):
        samples = np.random.default_rng(3).normal(0, 0.1, (2, count)).astype(np.float32)
        made = push_in_blocks(samples, [count // 3], rate_hz)
        assert made.shape == samples.shape
        assert made.dtype == np.float32


def test_the_mark_lies_under_the_sound():
    before, after = melody(), marked()
    difference = after - before
    assert 10 * np.log10((before**2).sum() / (difference**2).sum()) > 14
    loud = np.abs(before).reshape(-1, 800).max(1)
    changed = np.abs(difference).reshape(-1, 800).max(1)
    assert np.corrcoef(loud, changed)[0, 1] > 0.5, "it rises and falls with the sound"


def test_silence_stays_silent():
    silent = np.zeros((1, 2 * RATE_HZ), np.float32)
    assert not CHORD.embed(silent, RATE_HZ, PAYLOAD).any()


def test_channels_change_alike():
    left = melody(3.0)[0]
    made = CHORD.embed(np.stack([left, left * np.float32(0.25)]), RATE_HZ, PAYLOAD)
    assert np.allclose(made[0] * 0.25, made[1], atol=1e-5)
