"""Loops compile at their first call."""

import numpy as np

from provenance.compiler import compiled, compiled_for_speed


def test_a_compiled_function_computes_the_same():
    assert compiled(lambda value: value + 1)(41) == 42


def test_speed_does_not_check_divisions():
    assert compiled_for_speed(lambda a, b: a / b)(np.float32(1), np.float32(0)) == np.inf
