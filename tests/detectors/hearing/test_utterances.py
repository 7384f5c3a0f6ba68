"""Utterances: pauses part them, nothing loud is lost, and time is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.hearing.utterances import LONGEST_S, RATE_HZ, cut, to_speech


def tone(seconds, rate=RATE_HZ, pitch=220.0, level=0.3):
    return (level * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def blocks(samples, sizes):
    at = 0
    while at < len(samples):
        size = sizes[at % len(sizes)]
        yield samples[at : at + size]
        at += size


def test_pauses_part_utterances_and_silence_is_none():
    whole = np.concatenate([silence(1), tone(2), silence(1), tone(1.5), silence(3)])
    found = list(cut(blocks(whole, [4000])))
    assert [round(one.start_s, 1) for one in found] == pytest.approx([0.85, 3.85], abs=0.1)
    assert [one.seconds for one in found] == pytest.approx([2.3, 1.8], abs=0.1)
    assert list(cut([silence(30)])) == []
    assert list(cut([])) == []


def test_what_has_no_pause_is_cut_before_it_is_too_long_and_nothing_is_lost():
    whole = tone(50)
    found = list(cut(blocks(whole, [16_000])))
    assert all(one.seconds <= LONGEST_S + 0.1 for one in found)
    assert sum(one.seconds for one in found) == pytest.approx(50, abs=0.5)
    for one in found:
        start = round(one.start_s * RATE_HZ)
        assert np.array_equal(one.samples, whole[start : start + len(one.samples)])


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(st.tuples(st.floats(0.2, 2), st.floats(0.6, 1.5)), min_size=1, max_size=4),
    sizes=st.lists(st.integers(100, 9000), min_size=1, max_size=3),
)
def test_every_loud_sample_stands_in_one_utterance_at_its_time(parts, sizes):
    whole = np.concatenate([np.concatenate([tone(loud), silence(rest)]) for loud, rest in parts])
    found = list(cut(blocks(whole, sizes)))
    heard = np.zeros_like(whole)
    for one in found:
        start = round(one.start_s * RATE_HZ)
        heard[start : start + len(one.samples)] += one.samples
    assert np.array_equal(heard, whole)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_resampling_has_no_seams(rate):
    samples = tone(2, rate, 440.0)
    pair = np.stack([samples, samples])
    made = np.concatenate(list(to_speech((pair[:, at : at + 5000] for at in range(0, pair.shape[1], 5000)), rate)))
    assert len(made) == pytest.approx(2 * RATE_HZ, abs=2)
    inner = slice(800, len(made) - 800)
    assert np.abs(made - tone(2, RATE_HZ, 440.0)[: len(made)])[inner].max() < 0.005
