"""Scenes: every combination of known words paints."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.painting.scene import build_scene
from generation.painting.words import parse_words

WORDS = [
    "sea",
    "mountains",
    "hills",
    "dunes",
    "forest",
    "city",
    "flowers",
    "field",
    "boat",
    "birds",
    "balloon",
    "clouds",
    "storm",
    "rain",
    "snow",
    "fog",
    "stars",
    "moon",
    "sun",
    "aurora",
    "autumn",
    "night",
    "sunset",
    "day",
    "red",
    "blue",
]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(WORDS), max_size=6), st.integers(0, 5), st.sampled_from([(64, 64), (64, 100), (90, 64)]))
def test_any_motif_gives_colours_within_bounds(words, seed, size):
    canvas = build_scene(parse_words(" ".join(sorted(words))), *size, np.random.default_rng(seed))
    assert canvas.light.shape == (*size, 3)
    assert np.isfinite(canvas.light).all()
    assert 0 <= canvas.light.min() <= canvas.light.max() <= 1
    assert canvas.light.std() > 0.02


def test_no_words_give_different_scenes_by_chance():
    pictures = [
        build_scene(parse_words(""), 64, 64, np.random.default_rng(seed)).light.mean(axis=(0, 1)) for seed in range(8)
    ]
    assert np.std(pictures, axis=0).max() > 0.03
