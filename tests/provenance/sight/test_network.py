import hashlib
from importlib.resources import files

import numpy as np
import pytest

from provenance.errors import WeightsError
from provenance.sight import network
from provenance.sight.network import CHANNELS, NAMES, SIDE, WEIGHTS, WEIGHTS_SHA256, load_network
from tests.sites import photograph

# Of the 1,000 names of ImageNet-1k.
TABBY_CATS = {281, 282, 285}
COFFEE = {504, 967, 968}


def looked_at(name, side=SIDE):
    return load_network().look(np.asarray(photograph(name, 300)), side)


@pytest.mark.parametrize(("name", "right"), [("chelsea.png", TABBY_CATS), ("coffee.png", COFFEE)])
def test_a_photograph_is_named(name, right):
    assert int(looked_at(name).logits.argmax()) in right


@pytest.mark.parametrize(("side", "cells"), [(224, 7), (448, 14), (320, 10)])
def test_a_map_has_a_cell_for_each_32_pixels_and_nothing_below_zero(side, cells):
    look = looked_at("coffee.png", side)
    assert look.features.shape == (cells, cells, CHANNELS)
    assert look.logits.shape == (NAMES,)
    assert look.features.min() >= 0


def test_the_answer_repeats_and_the_picture_is_left_alone():
    frame = np.asarray(photograph("coffee.png", 300)).copy()
    before = frame.copy()
    first, second = load_network().look(frame), load_network().look(frame)
    assert np.array_equal(first.features, second.features)
    assert np.array_equal(frame, before)


@pytest.mark.parametrize("side", [0, -32, 100, 225])
def test_a_side_that_is_no_multiple_of_the_stride_is_refused(side):
    with pytest.raises(ValueError, match="multiple of 32"):
        load_network().look(np.zeros((10, 10, 3), np.uint8), side)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (900, 1, 3)])
def test_any_shape_is_looked_at(shape):
    assert np.isfinite(load_network().look(np.full(shape, 7, np.uint8)).features).all()


def test_the_digest_is_that_of_the_file():
    data = files("provenance.sight").joinpath(WEIGHTS).read_bytes()
    assert hashlib.sha256(data).hexdigest() == WEIGHTS_SHA256


def test_other_weights_are_refused(monkeypatch):
    monkeypatch.setattr(network, "WEIGHTS_SHA256", "0" * 64)
    network._load.cache_clear()
    try:
        with pytest.raises(WeightsError, match=r"expected sight\.onnx with SHA-256 000000000000…"):
            load_network()
        monkeypatch.setattr(network, "WEIGHTS", "absent.onnx")
        with pytest.raises(WeightsError, match="install chopmark again"):
            load_network()
    finally:
        network._load.cache_clear()
