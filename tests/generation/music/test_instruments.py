import numpy as np
import pytest

from generation.music.instruments import RATE_HZ, beat, bow_low, frequency, hold, strike

WAVES = {
    "harp": lambda: strike("harp", 67, 0.5),
    "kalimba": lambda: strike("kalimba", 74, 0.5),
    "bells": lambda: strike("bells", 79, 0.5),
    "pad": lambda: hold(60, 1.0, 1),
    "bass": lambda: bow_low(40, 0.7),
    "kick": lambda: beat("kick"),
    "shaker": lambda: beat("shaker"),
}


@pytest.mark.parametrize("name", WAVES)
def test_no_note_clicks_or_clips(name):
    wave = WAVES[name]()
    assert np.abs(wave).max() <= 1.0001
    assert np.abs(wave).max() > 0.3
    assert abs(wave[0]) < 1e-3
    assert np.abs(wave[-20:]).max() < 5e-3


@pytest.mark.parametrize("pitch", [55, 69, 81])
@pytest.mark.parametrize("name", ["harp", "kalimba", "bells"])
def test_what_is_struck_sounds_at_its_pitch(name, pitch):
    wave = strike(name, pitch, 1.0)[:RATE_HZ]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    loudest = np.argmax(spectrum[: 4 * round(frequency(pitch))])
    ratio = loudest / frequency(pitch)
    assert abs(ratio - round(ratio)) < 0.02


def test_the_reference_is_440():
    assert frequency(69) == 440
    assert frequency(81) == pytest.approx(880)
