"""What a key fixes."""

import hashlib

import numpy as np

from provenance.watermarks.chord.layout import BANDS, CODE_BITS, PERIODS, ROWS, SYNC, TURN_ROWS, build_layout, edges_hz
from tests.provenance.watermarks.chord.samples import CHORD, KEY, OTHER

LAYOUT = build_layout(KEY, CHORD.alg)
CODE = (np.arange(CODE_BITS) % 3 == 0).astype(np.uint8)


def test_the_pattern_of_a_key_is_a_vector_for_ever():
    cells = LAYOUT.spell(CODE)
    assert cells.shape == (2 * TURN_ROWS, BANDS)
    assert hashlib.sha256(cells.astype(np.int8).tobytes()).hexdigest()[:16] == "363ef8b4f3262234"


def test_no_moment_and_no_band_grows_louder():
    cells = LAYOUT.spell(CODE)
    assert set(np.unique(cells)) == {-1, 1}
    assert not cells.sum(1).any()
    assert not cells.sum(0).any()


def test_every_period_carries_every_bit_and_sync():
    for period in LAYOUT.bits.reshape(PERIODS, -1):
        assert set(period) == {SYNC, *range(CODE_BITS)}


def test_folding_at_the_period_shows_nothing():
    """What an attacker averages falls like that of independent patterns does."""
    chips = LAYOUT.spell(CODE)[0::2, 0::2].reshape(PERIODS, ROWS, -1)
    assert abs(chips.mean(0).std() - PERIODS**-0.5) < 0.02
    pairs = [np.corrcoef(chips[0].ravel(), chips[i].ravel())[0, 1] for i in range(1, PERIODS)]
    assert np.abs(pairs).max() < 0.12


def test_keys_differ_and_do_not_show():
    other = build_layout(OTHER, CHORD.alg)
    assert abs(np.corrcoef(LAYOUT.signs.ravel(), other.signs.ravel())[0, 1]) < 0.03
    assert repr(LAYOUT) == "Layout('one')"


def test_bands_grow_with_pitch():
    widths = np.diff(edges_hz())
    assert edges_hz()[0] == 300
    assert 6000 < edges_hz()[-1] < 7000
    assert (np.diff(widths) >= -1e-9).all()
