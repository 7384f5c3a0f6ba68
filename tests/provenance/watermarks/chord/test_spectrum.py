"""From samples to what stands out."""

import numpy as np

from provenance.watermarks.chord.spectrum import HOP_S, Analyser, Window, invert, transform, weigh_bands
from tests.provenance.watermarks.chord.samples import marked
from tests.sounds import RATE_HZ, melody


def test_blocks_make_no_difference():
    samples = melody(2.0)
    whole = Analyser(RATE_HZ).push(samples)
    parts = Analyser(RATE_HZ)
    pieces = [parts.push(samples[:, i : i + 1111]) for i in range(0, samples.shape[1], 1111)]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert len(whole) == int((2.0 - 0.032) / HOP_S) + 1


def test_too_little_sound_has_no_spectrum():
    assert len(Analyser(RATE_HZ).push(np.zeros((1, 10), np.float32))) == 0


def test_the_mark_stands_out_and_no_cell_shouts():
    cells = []
    for samples in (melody(), marked()):
        analyser = Analyser(RATE_HZ)
        cells.append(Window(analyser.push(samples), analyser.bin_hz).stand_out(1.0, 1.0, 0.0))
    assert cells[0].shape == (199, 46)
    assert np.abs(cells[0]).max() <= 1.7
    assert np.abs(cells[1] - cells[0]).mean() > 0.05


def test_silence_says_nothing():
    analyser = Analyser(RATE_HZ)
    cells = Window(analyser.push(np.zeros((1, RATE_HZ), np.float32)), analyser.bin_hz).stand_out(1.0, 1.0, 0.01)
    assert np.isfinite(cells).all()
    assert np.abs(cells).max() < 1e-3


def test_transforms_are_those_of_numpy_and_come_back():
    frames = np.random.default_rng(1).normal(0, 1, (2, 5, 48)).astype(np.float32)
    spectra = transform(frames)
    assert spectra.dtype == np.complex64
    assert np.allclose(spectra, np.fft.rfft(frames), atol=1e-4)
    assert np.allclose(invert(spectra, 48), frames, atol=1e-5)


def test_bands_share_out_what_lies_between_their_edges():
    bands = weigh_bands(np.array([1.0, 2.5, 4.0, 9.0]), 6)
    assert np.allclose(bands.sum(0), [1.5, 1.5, 1.5])  # lines end at 5.5: the last band holds no more
    assert np.allclose(bands[:, 0], [0, 0.5, 1, 0, 0, 0])
