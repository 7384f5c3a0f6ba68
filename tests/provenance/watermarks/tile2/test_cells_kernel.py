"""The compiled loop against the plain sum that it stands for."""

import numpy as np

from provenance.watermarks.tile2._cells_kernel import sum_origins
from tests.provenance.watermarks.tile2.samples import LAYOUT


def test_energies_are_those_of_every_origin():
    values = np.random.default_rng(0).normal(size=(1024, 3, 2)).astype(np.float32)
    bands = (np.arange(1024) % 3).astype(np.int64)
    energies = np.zeros((3, 16, 16), np.float32)
    sum_origins(values, LAYOUT.signs, bands, energies)
    for down, across in ((0, 0), (3, 15), (15, 7)):
        sums = (values * LAYOUT.signs[:, down : down + 3, across : across + 2]).sum(axis=(1, 2))
        for band in range(3):
            assert np.isclose(energies[band, down, across], (sums[bands == band] ** 2).sum(), rtol=1e-4)
