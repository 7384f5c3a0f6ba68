"""The scheme behind its seam; what every scheme keeps to is in tests/contracts."""

import numpy as np
import pytest

from provenance.errors import WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.scheme import Tile
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import KEY, OTHER, PAYLOAD, TILE, marked


def test_a_reading_says_how_sure_it_is():
    reading = TILE.extract(through_jpeg(marked(), 60))
    assert reading.payload == PAYLOAD
    assert reading.score > 12
    assert 0 < reading.false_positive_bound < 1e-8
    assert reading.corrected_bits > 0


def test_it_embeds_under_the_first_key_and_reads_under_all():
    copy = Tile((OTHER, KEY)).embed(photograph("chelsea.png"), PAYLOAD)
    assert TILE.extract(copy) is None
    assert Tile((KEY, OTHER)).extract(copy).key_id == OTHER.key_id


def test_inspection_tells_where_the_tile_lies():
    found = TILE.inspect(marked())
    assert found.stage == "straight"
    assert np.array_equal(found.geometry, np.eye(2))
    assert found.sync > 10


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(WatermarkError, match="32 bytes"):
        Tile((WatermarkKey("short", bytes(size)),))


def test_at_least_one_key_is_needed():
    with pytest.raises(WatermarkError, match="at least one key"):
        Tile(())


def test_marking_is_deterministic_across_instances():
    frame = photograph("rocket.jpg", 256, 384)
    assert np.array_equal(TILE.embed(frame, PAYLOAD), Tile((KEY,)).embed(frame.copy(), PAYLOAD))
