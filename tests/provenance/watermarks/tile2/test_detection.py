"""What is found, and what is not."""

import numpy as np
import pytest

from provenance.watermarks.tile.front import build_residual
from provenance.watermarks.tile.reading import IDENTITY
from provenance.watermarks.tile.scheme import Tile
from provenance.watermarks.tile2 import detection, embedding
from provenance.watermarks.tile2.detection import MOST_TESTS, detect
from provenance.watermarks.tile2.layout import build_cell_layout, choose_origin
from provenance.watermarks.tile2.reading import lay, read
from tests.provenance.watermarks.photographs import photograph, through_jpeg
from tests.provenance.watermarks.tile.samples import cropped, resized, turned
from tests.provenance.watermarks.tile2.samples import KEY, LAYOUT, OTHER, PAYLOAD, TILE, marked

EDITS = {
    "jpeg": lambda frame: through_jpeg(frame, 30),
    "crop": lambda frame: cropped(frame, 0.4),
    "mirror": lambda frame: frame[:, ::-1],
    "quarter": np.rot90,
    "scale": lambda frame: resized(frame, 0.6),
    "larger": lambda frame: resized(frame, 2.2),
    "turn": lambda frame: turned(frame, 8),
    "stretch": lambda frame: resized(frame, 0.9, 1.1),
    "negative": lambda frame: 255 - frame,
    "negative, crop": lambda frame: 255 - cropped(frame, 0.5),
    "channels exchanged": lambda frame: frame[..., [1, 2, 0]],
    "channels exchanged the other way": lambda frame: frame[..., [2, 0, 1]],
}


# Three that lie inside one cell, and one where four meet.
TWENTIETHS = [("chelsea.png", 140, 270), ("chelsea.png", 10, 20), ("chelsea.png", 150, 150), ("astronaut.png", 96, 85)]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_mark_is_found_after(edit):
    found = detect(np.ascontiguousarray(edit(marked())), (LAYOUT,))
    assert found.match.payload == PAYLOAD


def test_a_frame_that_was_kept_reads_without_sync(monkeypatch):
    monkeypatch.setattr(embedding, "_SYNC_POWER", 0.0)
    found = detect(embedding.embed_tile(photograph("coffee.png", 384, 576), PAYLOAD, LAYOUT), (LAYOUT,))
    assert found.match.payload == PAYLOAD
    assert found.sync == 0


@pytest.mark.parametrize("longest", [300, 512])
def test_a_thumbnail_of_a_large_picture_reads_without_sync(monkeypatch, longest):
    monkeypatch.setattr(embedding, "_SYNC_POWER", 0.0)
    large = embedding.embed_tile(photograph("motorcycle_left.png", 683, 1024), PAYLOAD, LAYOUT)
    found = detect(through_jpeg(resized(large, longest / 1024), 90), (LAYOUT,))
    assert found.match.payload == PAYLOAD
    assert found.stage == "shrunk"
    assert found.geometry[0, 0] == found.geometry[1, 1] == 1024 / longest


def test_nothing_is_found_where_nothing_is():
    assert detect(photograph("coffee.png", 384, 576), (LAYOUT,)) is None
    assert detect(np.zeros((20, 300, 3), np.uint8), (LAYOUT,)) is None
    assert detect(np.full((300, 300, 3), 128, np.uint8), (LAYOUT,)) is None


def test_what_was_compressed_reads_by_its_brightness():
    """JPEG leaves noise of the blue difference: added to the brightness it hid what is there."""
    seen = through_jpeg(marked("astronaut.png", 256, 320), 15)
    whole = lay(build_residual(seen), LAYOUT.lines, IDENTITY, np.zeros(2))
    origin = choose_origin(LAYOUT, photograph("astronaut.png", 256, 320), PAYLOAD)
    assert read(whole, LAYOUT, origin, paths=32) is None
    assert detect(seen, (LAYOUT,)).match.payload == PAYLOAD


def test_what_was_not_reads_by_its_colour_too():
    seen = resized(marked("astronaut.png", 256, 320), 0.25)
    assert detect(seen, (LAYOUT,)).match.payload == PAYLOAD
    assert detect(np.repeat(seen[..., 1:2], 3, axis=2), (LAYOUT,)) is None


def test_where_the_first_tile_lies_nothing_is_searched(monkeypatch):
    first = Tile((KEY,)).embed(photograph("coffee.png", 384, 576), PAYLOAD)
    monkeypatch.setattr(detection, "_search", lambda *_: pytest.fail("searched"))
    assert detect(first, (LAYOUT,)) is None
    assert Tile((KEY,)).extract(first).payload == PAYLOAD


def test_a_picture_that_bears_both_tiles_is_read_by_both():
    both = TILE.embed(Tile((KEY,)).embed(photograph("coffee.png", 384, 576), PAYLOAD), PAYLOAD + 1)
    assert detect(both, (LAYOUT,)).match.payload == PAYLOAD + 1
    assert Tile((KEY,)).extract(both).payload == PAYLOAD


def test_the_bound_counts_what_is_tried():
    assert MOST_TESTS * 2.0**-40 < 1e-8


@pytest.mark.parametrize(("name", "top", "left"), TWENTIETHS)
def test_a_twentieth_is_read_wherever_it_was_cut_out(monkeypatch, name, top, left):
    """Of 135 of tuning pictures 41 were read before, most of them parts of four cells: 256 origins looked alike."""
    part = marked(name, 256, 384)[top : top + 64, left : left + 86].copy()
    assert detect(part, (LAYOUT,)).match.payload == PAYLOAD
    assert detect(part, (build_cell_layout(OTHER),)) is None
    monkeypatch.setattr(detection, "read_anywhere", lambda *_, **__: None)
    assert (detect(part, (LAYOUT,)) is None) == (top // 128 == (top + 63) // 128 and left // 128 == (left + 85) // 128)


def test_a_part_that_was_scaled_is_read_under_any_origin(monkeypatch):
    part = resized(marked("coffee.png", 256, 384)[130:220, 260:382], 1.5)
    assert detect(part, (LAYOUT,)).match.payload == PAYLOAD
    monkeypatch.setattr(detection, "read_anywhere", lambda *_, **__: None)
    assert detect(part, (LAYOUT,)) is None


def test_a_small_picture_is_looked_at_again_where_sync_shows(monkeypatch):
    seen = through_jpeg(marked("astronaut.png", 256, 384), 11)
    assert detect(seen, (LAYOUT,)).match.payload == PAYLOAD
    monkeypatch.setattr(detection, "_read_again", lambda *_: None)
    assert detect(seen, (LAYOUT,)) is None


def test_a_thumbnail_is_looked_at_again_where_its_origin_shows(monkeypatch):
    large = TILE.embed(photograph("motorcycle_left.png", 683, 1024), PAYLOAD)
    seen = through_jpeg(resized(large, 320 / 1024), 70)
    assert detect(seen, (LAYOUT,)).match.payload == PAYLOAD
    monkeypatch.setattr(detection, "_LEAST_ORIGIN_AGAIN", np.inf)
    assert detect(seen, (LAYOUT,)) is None
