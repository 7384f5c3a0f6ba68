"""Chop-clip's tables: what is fitted comes out as it should, on small things of our own."""

import numpy as np
from PIL import Image

from detectors.chop.model import KINDS, unit
from detectors.chop.tables import parse_tables
from training.chop_tables import cut_photographs, fit_classes, fit_kinds, fit_projection, lay_down, pack_tables


def test_classes_are_the_centred_means_of_their_texts():
    random = np.random.default_rng(0)
    centres = random.normal(size=(5, 8)).astype(np.float32)
    owners = np.repeat(np.arange(5), 6)
    sentences = unit(3 + centres[owners] + 0.05 * random.normal(size=(30, 8)))
    tables = fit_classes(sentences, owners)
    rows = unit((sentences - tables["usual_sentence"]) @ tables["whitening"])
    assert tables["classes"].shape == (5, 8)
    assert (np.argmax(rows @ tables["classes"].T, axis=1) == owners).all()


def test_features_like_a_classs_weights_lean_to_where_it_lies():
    random = np.random.default_rng(0)
    classes = unit(random.normal(size=(200, 8)).astype(np.float32))
    weights = (classes @ random.normal(size=(8, 40))).astype(np.float32)
    projection = fit_projection(classes, weights)
    assert projection.shape == (40, 8)
    near = unit(weights @ projection) @ classes.T
    assert np.mean(np.argmax(near, axis=1) == np.arange(200)) > 0.5


def test_kinds_that_differ_are_told_apart():
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), [60, 20, 40])
    features = (random.normal(size=(120, 10)) + 2 * np.eye(3, 10)[labels]).astype(np.float32)
    weights, bias = fit_kinds(features, [KINDS[label] for label in labels])
    assert np.mean(np.argmax(features @ weights + bias, axis=1) == labels) > 0.85


def test_photographs_are_cut_and_cut_outs_laid_down():
    random = np.random.default_rng(0)
    parts = cut_photographs(random, parts=1)
    assert len(parts) > 10
    assert all(part.dtype == np.uint8 and part.shape[2] == 3 for part in parts)
    frame = lay_down(np.asarray(Image.new("RGBA", (64, 64), (255, 0, 0, 255))), random)
    assert frame.shape == (256, 256, 3)
    assert (np.abs(frame.astype(int) - (255, 0, 0)).sum(axis=2) < 40).mean() > 0.2


def test_tables_come_back_as_they_were_packed(tmp_path):
    tables = {"classes": np.eye(4, dtype=np.float32), "kinds_bias": np.array([0.5, 1, 2], np.float32)}
    np.savez(tmp_path / "t.npz", **pack_tables(tables))
    back = parse_tables((tmp_path / "t.npz").read_bytes())
    assert np.allclose(back["classes"], tables["classes"], atol=1e-2)
    assert np.allclose(back["kinds_bias"], tables["kinds_bias"])
