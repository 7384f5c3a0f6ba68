"""The scheme behind its seam; what every scheme keeps to is in tests/contracts."""

import numpy as np
import pytest

from provenance.errors import UnmarkableError, WatermarkError
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile2.scheme import Tile2
from tests.provenance.watermarks.photographs import photograph
from tests.provenance.watermarks.tile2.samples import KEY, OTHER, PAYLOAD, TILE, marked


def test_it_embeds_under_the_first_key_and_reads_under_all():
    copy = Tile2((OTHER, KEY)).embed(photograph("chelsea.png"), PAYLOAD)
    assert TILE.extract(copy) is None
    reading = Tile2((KEY, OTHER)).extract(copy)
    assert reading.key_id == OTHER.key_id
    assert reading.alg == "org.chopmark.tile.2"
    assert reading.score > 12


def test_the_two_tiles_do_not_read_each_other():
    assert Tile((KEY,)).extract(marked()) is None


def test_inspection_tells_where_the_tile_lies():
    found = TILE.inspect(marked())
    assert found.stage == "straight"
    assert np.array_equal(found.geometry, np.eye(2))


@pytest.mark.parametrize("keys", [(), (WatermarkKey("short", bytes(31)),)])
def test_keys_are_of_32_bytes_and_at_least_one(keys):
    with pytest.raises(WatermarkError, match="32 bytes|at least one key"):
        Tile2(keys)


def test_a_small_picture_carries_a_ticket_and_nothing_longer():
    ticket = 1 << 56 | 0xC0FFEE42
    assert [TILE.capacity_bits(side, 400) for side in (127, 128, 159, 160)] == [0, 32, 32, 64]
    done = 0
    for name in ("astronaut.png", "coffee.png", "rocket.jpg"):
        picture = photograph(name, 132, 150)
        with pytest.raises(UnmarkableError, match="32 bits for 150x132"):
            TILE.embed(picture, PAYLOAD)
        try:
            copy = TILE.embed(picture, ticket)
        except UnmarkableError:
            continue
        assert TILE.extract(copy).payload == ticket
        done += 1
    assert done >= 2
