import numba
import numpy as np
import pytest

from provenance.works import _kernel
from provenance.works.segment import as_read_only


@pytest.mark.parametrize("bits", [1, 7, 21, 23, 26, 64 - 1])
def test_words_are_cut_across_limbs(bits):
    limbs = np.random.default_rng(0).integers(0, 2**64, 8, np.uint64)
    whole = sum(int(limb) << 64 * place for place, limb in enumerate(limbs[4:]))
    for word in range(256 // bits):
        assert _kernel.word_at(as_read_only(limbs), 4, word, bits) == whole >> word * bits & (1 << bits) - 1


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 64])
def test_a_change_of_any_one_value_changes_the_checksum(size):
    values = np.random.default_rng(size).integers(0, 2**64, size, np.uint64)
    seen = {_kernel.checksum(as_read_only(values)), _kernel.checksum(as_read_only(np.append(values, np.uint64(0))))}
    for at in range(size):
        for bit in (0, 31, 63):
            changed = values.copy()
            changed[at] ^= np.uint64(1 << bit)
            seen.add(_kernel.checksum(as_read_only(changed)))
    assert len(seen) == 2 + 3 * size


def test_radii_satisfy_the_pigeonhole_rule_and_avoid_dear_words():
    steps = np.tile([1.0, 5.0, 25.0, 125.0, 625.0], (11, 1))
    steps[4] = 10_000.0
    radii = np.empty(11, np.int64)
    cost = _kernel.plan_radii(steps, 31, radii)
    assert (radii + 1).sum() == 32
    assert radii[4] == -1
    assert cost == sum(steps[word, : radius + 1].sum() for word, radius in enumerate(radii))


def test_a_radius_beyond_all_words_has_no_plan():
    assert _kernel.plan_radii(np.ones((3, 5)), 15, np.empty(3, np.int64)) == np.inf


def test_where_no_folder_can_be_written_loops_are_compiled_in_memory(monkeypatch):
    compile_loop = numba.njit

    def njit(**options):
        if options.pop("cache", False):
            raise RuntimeError("cannot cache function: no locator available")
        return compile_loop(**options)

    monkeypatch.setattr(numba, "njit", njit)
    assert _kernel.compiled(lambda value: value + 1)(41) == 42
