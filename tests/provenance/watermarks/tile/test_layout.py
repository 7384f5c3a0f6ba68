"""What a key fixes, held against known answers and against the laws the search relies on."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.layout import DATA_LINES, SYNC_LINES, _Numbers, build_layout
from provenance.watermarks.tile.scheme import Tile

VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "watermark_tile.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["secret"][:4])
def test_a_layout_is_that_of_the_vectors(vector):
    layout = build_layout(WatermarkKey("k", bytes.fromhex(vector["secret"])), vector["alg"])
    assert layout.check_key.hex() == vector["check_key"]
    assert layout.sync.tolist() == vector["sync"]
    assert np.rint(layout.sync_phases * 128 / np.pi).astype(int).tolist() == vector["sync_phases"]
    assert layout.data[:8].tolist() == vector["first_data"]
    assert np.rint(layout.data_phases[:8] * 128 / np.pi).astype(int).tolist() == vector["first_data_phases"]
    assert layout.code_bits[:8].tolist() == vector["first_code_bits"]


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_every_secret_has_lines_that_can_be_told_apart(secret):
    layout = build_layout(WatermarkKey("k", secret), Tile.alg)
    assert layout.sync.shape == (SYNC_LINES, 2)
    assert layout.data.shape == (DATA_LINES, 2)
    every = {*map(tuple, layout.sync), *map(tuple, layout.data)}
    assert len(every) == SYNC_LINES + DATA_LINES
    assert all(m >= 1 and k != 0 for k, m in every)
    assert sorted(layout.code_bits) == list(range(DATA_LINES))
    # No flip or turn takes one sync line onto another.
    images = [{(abs(k), m), (m, abs(k))} for k, m in layout.sync.tolist()]
    assert sum(map(len, images)) == len(set.union(*images))


def test_another_scheme_or_key_has_another_layout():
    one, two = (build_layout(WatermarkKey("k", bytes([n]) * 32), Tile.alg) for n in (1, 2))
    other = build_layout(WatermarkKey("k", bytes([1]) * 32), "org.example.tile.1")
    assert one.check_key not in {two.check_key, other.check_key}
    assert not np.array_equal(one.sync, two.sync)
    assert not np.array_equal(one.sync, other.sync)


def test_a_layout_does_not_show_its_secrets():
    layout = build_layout(WatermarkKey("shown", bytes(32)), Tile.alg)
    assert repr(layout) == "Layout('shown')"


@given(st.binary(min_size=32, max_size=32), st.integers(1, 65536))
def test_numbers_lie_below_their_bound(seed, count):
    assert 0 <= _Numbers(seed).below(count) < count


def test_numbers_are_unbiased():
    numbers = _Numbers(bytes(32))
    seen = np.bincount([numbers.below(3) for _ in range(6000)])
    assert seen.min() > 1800  # 2000 expected, deviation 37
