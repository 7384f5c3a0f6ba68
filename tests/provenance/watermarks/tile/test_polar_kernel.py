"""The polar code's loops, against their definitions."""

from functools import reduce

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.watermarks.tile._polar_kernel import decode_list, measure_costs, transform
from provenance.watermarks.tile.code import is_frozen

F = np.array([[1, 0], [1, 1]])


def test_the_transform_is_the_kronecker_power():
    power = reduce(np.kron, [F] * 5)
    bits = np.random.default_rng(0).integers(0, 2, (32, 7), dtype=np.uint8)
    expected = (bits.T.astype(int) @ power % 2).T
    transform(bits)
    assert np.array_equal(bits, expected)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_transform_undoes_itself(seed):
    bits = np.random.default_rng(seed).integers(0, 2, (64, 3), dtype=np.uint8)
    again = bits.copy()
    transform(again)
    transform(again)
    assert np.array_equal(again, bits)


def test_a_full_list_holds_the_likeliest_message():
    """With room for every message of a short code the first is that of maximum likelihood (min-sum of the metric)."""
    frozen = np.array([True, True, True, False, True, False, False, False])
    rng = np.random.default_rng(1)
    every = np.array([[value >> bit & 1 for bit in range(4)] for value in range(16)], np.uint8)
    words = np.zeros((8, 16), np.uint8)
    words[~frozen] = every.T
    transform(words)
    signs = 1 - 2.0 * words.T
    for _ in range(20):
        ratios = rng.normal(1, 1, 8).astype(np.float32)
        messages = np.zeros((16, 4), np.uint8)
        assert decode_list(ratios, frozen, messages) == 16
        assert {tuple(row) for row in messages} == {tuple(row) for row in every}
        assert np.array_equal(messages[0], every[int((signs @ ratios).argmax())])


def test_columns_side_by_side_cost_what_one_path_by_itself_finds():
    """The cost of a message is what its code contradicts: the sum of those ratios (arXiv:1401.3753, of min-sum)."""
    frozen, rng = is_frozen(), np.random.default_rng(3)
    received = rng.normal(0.4, 1, (1024, 9)).astype(np.float32)
    costs = np.empty(9, np.float32)
    measure_costs(received, frozen, costs)
    for column, cost in zip(received.T, costs, strict=True):
        message = np.zeros((1, np.count_nonzero(~frozen)), np.uint8)
        decode_list(np.ascontiguousarray(column), frozen, message)
        word = np.zeros((1024, 1), np.uint8)
        word[~frozen, 0] = message[0]
        transform(word)
        against = np.where(word[:, 0] == 0, column < 0, column > 0)
        assert np.isclose(cost, np.abs(column[against]).sum(), rtol=1e-4)
