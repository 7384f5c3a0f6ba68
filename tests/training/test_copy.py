"""What the fingerprint `copy` learns from, and that it learns."""

import numpy as np
import pytest
from PIL import Image

from tests.sites import photograph
from training import copy
from training.copy import BITS, VIEWS, build_views, learn, load_pictures, whiten


def test_large_pictures_are_cut_and_each_is_taken_once(tmp_path):
    large = photograph("coffee.png").resize((1200, 800))
    large.save(tmp_path / "large.png")
    large.save(tmp_path / "same.webp", lossless=True)
    photograph("chelsea.png").save(tmp_path / "small.jpg")
    Image.new("RGB", (400, 400), "white").save(tmp_path / "even.png")
    made = list(load_pictures([tmp_path], np.random.default_rng(1)))
    assert len(made) == 5
    assert all(max(picture.size) <= 600 for picture in made)


def test_views_are_the_pictures_and_near_one_another():
    noise = np.random.default_rng(1)
    views = build_views(photograph("coffee.png"), photograph("chelsea.png"), noise)
    other = build_views(photograph("chelsea.png"), photograph("coffee.png"), noise)
    assert views.shape == (VIEWS, 1280)
    assert np.isfinite(views).all()
    assert np.linalg.norm(views[0] - views[1]) < np.linalg.norm(views[0] - other[0])


def test_learning_draws_the_views_of_a_picture_together(monkeypatch):
    pytest.importorskip("torch", reason="training needs the group `training`")
    monkeypatch.setattr(copy, "STEPS", 30)
    noise = np.random.default_rng(1)
    pictures = noise.normal(size=(60, 1, 300)) + 0.8 * noise.normal(size=(60, VIEWS, 300))
    pictures[..., :16] += 4 * noise.normal(size=(60, VIEWS, 16))  # what edits change says nothing
    views = pictures.astype(np.float32)
    mean, start = whiten(views.reshape(-1, 300))
    learned = learn(views, mean, start)
    assert start.shape == learned.shape == (300, BITS)

    def separation(matrix):
        signs = (views - mean) @ matrix > 0
        same, other = (signs[:, 0] != signs[:, 1]).mean(), (signs[1:, 0] != signs[:-1, 1]).mean()
        return other - same

    assert separation(learned) > separation(start)
